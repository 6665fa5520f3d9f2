"""Signing in, in every way that there is: limits first, then the check, then a token."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from wsgiref.types import WSGIEnvironment

from teamcal.calendar import Calendar
from teamcal.calendar.devices import DeviceCodes
from teamcal.calendar.tokens import Issued
from teamcal.domain.caller import SYSTEM, Caller
from teamcal.domain.people import User, login_key
from teamcal.errors import (
    FieldProblem,
    InvalidInput,
    LoginTaken,
    SignInRefused,
    TokenInvalid,
    WrongCredentials,
)
from teamcal.http.rules import BrowserRules
from teamcal.signin.secret_rules import checked

if TYPE_CHECKING:  # the libraries behind them take 13 MB, which open mode doesn't need
    from teamcal.signin.attempts import Attempts
    from teamcal.signin.oidc import Identity, OpenIdConnect
    from teamcal.signin.passwords import Passwords

logger = logging.getLogger(__name__)

_SIGN_INS = "teamcal.sign_ins"
OIDC_CALLBACK = "/auth/oidc/callback"
_SAME_LOGINS = 20


class SignedIn(NamedTuple):
    """A new token, and whose it is; None of a passcode's."""

    issued: Issued
    user: User | None


@dataclass(frozen=True)
class SignIns:
    """All methods take the request's environ for the client's address. They raise CalendarError.

    `oidc` is None without OIDC_ISSUER.
    """

    calendar: Calendar
    passwords: "Passwords"
    attempts: "Attempts"
    rules: BrowserRules
    public_url: str | None = None
    oidc: "OpenIdConnect | None" = None

    def by_password(self, environ: WSGIEnvironment, login: str, password: object) -> SignedIn:
        """Raises WrongCredentials, TooManyAttempts, TooBusy."""
        place, account = self._place(environ), login_key(login)
        self.attempts.begin(place, account)
        user, stored, at = self.calendar.people.sign_in(login)
        right, rehashed = self.passwords.verify(stored, password)
        if not right or user is None or user.disabled:
            raise WrongCredentials
        self.attempts.succeeded(place, account)
        if rehashed is not None and stored is not None:
            self.calendar.people.rehash(user, stored, rehashed)
        return SignedIn(self.calendar.tokens.sign_in(user, at=at), user)

    def confirm(self, environ: WSGIEnvironment, user: User, password: object) -> None:
        """Raises InvalidInput if this isn't the user's password; TooManyAttempts, TooBusy."""
        place = self._place(environ)
        self.attempts.begin(place, user.login_key)
        if not self.passwords.verify(self.calendar.people.sign_in(user.login).password, password).right:
            raise InvalidInput([FieldProblem("current_password", "wrong_password")])
        self.attempts.succeeded(place, user.login_key)

    def new_hash(self, caller: Caller, secret: str) -> str:
        """Returns the hash of a new secret that the caller sets. Raises TooManyAttempts, TooBusy.

        It takes as long as a check, and whoever signs in waits in the same queue: only administrators may
        set as many as they like.
        """
        if not self.calendar.people.is_administrator(caller):
            self.attempts.begin(f"secrets of {caller.id}")
        return self.passwords.hash(secret)

    def by_passcode(self, environ: WSGIEnvironment, department_id: str, passcode: object) -> SignedIn:
        """Raises WrongCredentials, also for a department that doesn't exist; TooManyAttempts, TooBusy."""
        place, account = self._place(environ), f"passcode of {department_id}"
        self.attempts.begin(place, account)
        passcode_id, stored = self.calendar.policies.passcode_of(department_id)
        if not self.passwords.verify(stored, passcode).right or passcode_id is None:
            raise WrongCredentials
        self.attempts.succeeded(place, account)
        return SignedIn(self.calendar.tokens.with_passcode(department_id, passcode_id), None)

    def by_setup_code(self, environ: WSGIEnvironment, code: object, fields: dict[str, Any]) -> SignedIn:
        """Makes the first administrator of `fields` {login, name?, password}, and signs him in.

        Raises TokenInvalid if the code isn't the one, InvalidInput, TooManyAttempts.
        """
        self.attempts.begin(self._place(environ), "setup")
        first = self.calendar.first_administrator
        if not first.is_right(code):
            raise TokenInvalid
        password = self.passwords.hash(checked("password", fields.get("password")))
        user = first.create(code, {name: fields.get(name) for name in ("login", "name")}, password)
        return SignedIn(self.calendar.tokens.sign_in(user), user)

    # Devices

    def begin_device(self, environ: WSGIEnvironment, name: object) -> DeviceCodes:
        self.attempts.begin(f"devices of {self._place(environ)}")
        return self.calendar.devices.begin(name)

    def by_device_code(self, device_code: object) -> SignedIn | None:
        """Returns None as long as nobody has confirmed it. Raises TokenInvalid. 160 bits aren't guessed."""
        collected = self.calendar.devices.collect(device_code)
        return None if collected is None else SignedIn(collected[1], collected[0])

    # The identity provider

    def begin_at_provider(self, environ: WSGIEnvironment, return_to: str) -> tuple[str, str]:
        """Returns the address to go to, and the cookie for the way back. Raises ProviderUnavailable."""
        assert self.oidc is not None
        return self.oidc.begin(self.address(environ) + OIDC_CALLBACK, return_to)

    def by_provider(
        self, environ: WSGIEnvironment, cookie: str, query: Mapping[str, str]
    ) -> tuple[SignedIn, str]:
        """Returns who came back from the provider, and where he wants to go on.

        Raises SignInRefused, ProviderUnavailable, TooManyAttempts.
        """
        assert self.oidc is not None
        # Counted apart: there is nothing to guess here, and who guesses passwords is no colleague's fault.
        place = f"provider for {self._place(environ)}"
        self.attempts.begin(place)
        identity, return_to = self.oidc.finish(cookie, query)
        user = self._user_of(identity)
        if user.disabled:
            raise SignInRefused("the user is disabled")
        self.attempts.succeeded(place, identity.subject)
        return SignedIn(self.calendar.tokens.sign_in(user, by_provider=True), user), return_to

    def _user_of(self, identity: "Identity") -> User:
        people, groups = self.calendar.people, list(identity.groups)
        user = people.of_subject(identity.subject)
        if user is None:
            user = self._new_user(identity)
        if user.disabled:
            return user
        return people.signed_in_by_provider(user, identity.name, groups, identity.admin)

    def _new_user(self, identity: "Identity") -> User:
        """Never takes over a user who has that login: the provider's word is for its subjects only."""
        fields = {"name": identity.name, "admin": bool(identity.admin), "groups": list(identity.groups)}
        for number in range(1, _SAME_LOGINS + 1):
            login = identity.login if number == 1 else f"{identity.login[:90]} ({number})"
            try:
                return self.calendar.people.create(
                    SYSTEM, {**fields, "login": login}, subject=identity.subject
                )
            except LoginTaken:
                if (user := self.calendar.people.of_subject(identity.subject)) is not None:
                    return user  # in another tab, at the same moment
        raise SignInRefused("too many users of the same login")

    # The request

    def address(self, environ: WSGIEnvironment) -> str:
        """Returns the page's address, without a slash at its end."""
        proxies = self.rules.proxies
        return self.public_url or f"{proxies.scheme_of(environ)}://{proxies.host_of(environ)}"

    @property
    def path(self) -> str:
        """The path of the page's address, without a slash at its end: behind a proxy it may have one."""
        return urlsplit(self.public_url or "").path

    def scheme(self, environ: WSGIEnvironment) -> str:
        return self.rules.proxies.scheme_of(environ)

    def _place(self, environ: WSGIEnvironment) -> str:
        return self.rules.proxies.client_of(environ).household


def put_sign_ins(environ: WSGIEnvironment, sign_ins: SignIns) -> None:
    environ[_SIGN_INS] = sign_ins


def sign_ins_of(environ: WSGIEnvironment) -> SignIns | None:
    """Returns how one signs in here; None with AUTH_MODE=open."""
    found: SignIns | None = environ.get(_SIGN_INS)
    return found
