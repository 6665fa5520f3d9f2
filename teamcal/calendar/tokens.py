"""Tokens: who comes with one, and how they are made and ended."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from teamcal.access import Rights, is_alive
from teamcal.calendar.gateway import Gateway
from teamcal.calendar.permits import Permit
from teamcal.calendar.token_cache import Known, TokenCache, ends_at
from teamcal.domain.access_operations import IssueToken, RevokeToken
from teamcal.domain.caller import Caller, Right, Role
from teamcal.domain.changes import ACCESS
from teamcal.domain.fields import usable_id
from teamcal.domain.items import ItemWrite
from teamcal.domain.people import (
    SECRET,
    SECRET_BYTES,
    TOKEN,
    USER,
    Token,
    TokenKind,
    User,
    name_from,
    new_secret,
)
from teamcal.domain.values import Record, timestamp
from teamcal.errors import (
    FieldProblem,
    InvalidInput,
    StorageError,
    TokenInvalid,
    TokenNotFound,
    UserNotFound,
)

HOUR, DAY = 3600, 24 * 3600
SESSION_IDLE, SESSION_DAYS = 12 * HOUR, 30
PROVIDER_SESSION = 12 * HOUR
DEVICE_IDLE = 90 * DAY
PASSCODE_DAYS = 30
MAX_DAYS, MAX_DEPARTMENTS, MAX_TOKENS = 3650, 200, 200
"""Of an app's or feed's token; and tokens of one user, sessions included."""
TOUCH_AGAIN = 60
"""Seconds after which a use that couldn't be stored is stored."""
SECRET_CHARACTERS = len(SECRET) + 2 * SECRET_BYTES


class Issued(NamedTuple):
    """A new token. `secret` is shown once and stored nowhere."""

    secret: str
    token: Token


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Tokens:
    """Only with AUTH_MODE=token. Raises CalendarError."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._permits, self._items = gateway, gateway.permits, gateway.database.items
        self._current = gateway.replicas.rights
        self._cache = TokenCache()
        if self._current is not None:
            self._current.listen(self._cache.rights_changed)

    # Who comes with a token

    def find(self, secret: str, before_reading: Callable[[], None] | None = None) -> Caller | None:
        """Returns who comes with the token `secret`; None if it is none, or not any more. Counts as a use.

        It costs 10 µs but at the first use; `before_reading` is called before that asks the storage, and
        may refuse. Raises StorageError.
        """
        if len(secret) != SECRET_CHARACTERS or not secret.startswith(SECRET):
            return None
        return self._find(hash_of(secret), before_reading) if secret.isascii() else None

    def renewed(self, caller: Caller) -> Caller | None:
        """Returns the caller of `find` anew, for connections that last; None when his token has ended."""
        return self._find(caller.token) if caller.token else caller

    def _find(self, token: str, before_reading: Callable[[], None] | None = None) -> Caller | None:
        rights, now = self._permits.rights, self._gateway.now()
        if rights is None or self._current is None:
            return None
        seconds = now.timestamp()
        known = self._cache.get(token)
        if known is None:
            known = self._read(token, rights, seconds, before_reading)
            rights = self._permits.rights or rights
        if known is None:
            return None
        if known.user is not rights.users.get(known.token.user):
            known = self._keep(known.token, rights)  # he was renamed, or signed in again
        if known is None or known.ends_at <= seconds or not is_alive(rights, known.caller):
            self._cache.drop(token)
            return None
        if known.touch_at <= seconds and not self._touch(known, now):
            return None
        return known.caller

    def _read(
        self, token_id: str, rights: Rights, now: float, before: Callable[[], None] | None
    ) -> Known | None:
        assert self._current is not None
        if self._cache.is_miss(token_id, now) or self._current.is_revoked(token_id):
            return None
        if before is not None:
            before()
        generation = self._current.generation
        item = self._items.get(TOKEN + token_id)
        if self._current.is_revoked(token_id):  # while it was read
            return None
        is_certain = self._current.generation == generation
        token = None if item is None else _token_of(item)
        if token is None:
            if is_certain:
                self._cache.miss(token_id, now)
            return None
        known = Known.of(token, rights)
        if known is None or not is_alive(rights, known.caller):
            return self._read_rights(token, now)
        if is_certain:
            self._cache.put(token_id, known)
        return known

    def _read_rights(self, token: Token, now: float) -> Known | None:
        """Looks again: another process may have just made the token's owner, or its passcode."""
        rights = self._permits.newest
        known = None if rights is None else Known.of(token, rights)
        if rights is None or known is None or not is_alive(rights, known.caller):
            self._cache.miss(token.hash, now)
            return None
        return known

    def _keep(self, token: Token, rights: Rights) -> Known | None:
        known = Known.of(token, rights)
        if known is not None and not (self._current is None or self._current.is_revoked(token.hash)):
            self._cache.put(token.hash, known)
        return known

    def _touch(self, known: Known, now: datetime) -> bool:
        """Stores that the token was used, by the day, and when a session ends that isn't used again.

        Returns False if it isn't there any more. A failing storage isn't the request's problem.
        """
        seconds, today = int(now.timestamp()), timestamp(now)[:10]
        token = replace(known.token, used_on=today, expires_at=_expiry(known.token, seconds))
        known.touch_at = seconds + TOUCH_AGAIN
        try:
            if token != known.token and not self._items.write(
                ItemWrite(TOKEN + token.hash, token.item(), expects={})
            ):
                self._cache.drop(token.hash)
                return False
        except StorageError:
            return True
        known.token, known.ends_at = token, ends_at(token, known.user)
        tomorrow = (seconds // DAY + 1) * DAY
        known.touch_at = min(tomorrow, seconds + HOUR) if token.idle else tomorrow
        return True

    # Making them

    def sign_in(self, user: User, by_provider: bool = False, at: str = "") -> Issued:
        """Makes a session for a user whose password, or whose provider's answer, was checked.

        `at`: when what it was checked with was read; by default now. Raises TokenInvalid if he was disabled
        since, or got another password: in a process that hasn't heard of that yet, the session is dead.
        """
        idle, ends = (0, PROVIDER_SESSION) if by_provider else (SESSION_IDLE, SESSION_DAYS * DAY)
        secret, token = self._new(TokenKind.SESSION, user=user.id, idle=idle, ends_in=ends)
        token = replace(token, created_at=at or token.created_at)
        rights = self._permits.rights
        known = None if rights is None else Known.of(token, rights)
        if rights is None or known is None or not is_alive(rights, known.caller):
            raise TokenInvalid
        return self._put(Issued(secret, token))

    def with_passcode(self, department_id: str, passcode_id: str) -> Issued:
        """Makes a token for whoever knew the department's passcode."""
        secret, token = self._new(TokenKind.PASSCODE, ends_in=PASSCODE_DAYS * DAY)
        token = replace(token, departments=(department_id,), passcode_id=passcode_id)
        return self._put(Issued(secret, token))

    def issue(
        self,
        caller: Caller,
        kind: TokenKind,
        name: str,
        *,
        owner: str | None = None,
        departments: Iterable[str] | None = None,
        cap: Role | None = None,
        days: int | None = None,
        consumes: tuple[ItemWrite, ...] = (),
    ) -> Issued:
        """Makes an app's, a feed's or a device's token, of the caller or, by an administrator, of `owner`.

        `departments`, `cap`: what it may at most; a feed's has one department. `days`: it ends after so many.
        `consumes`: items that are used up by it, a device's code say; raises TokenInvalid if they are gone.
        Raises InvalidInput, Forbidden, DepartmentNotFound, UserNotFound.
        """
        owner = self._owner(caller, owner)
        scope = None if departments is None else _departments_from(departments)
        if kind is TokenKind.FEED:
            if scope is None or len(scope) != 1:
                raise InvalidInput([FieldProblem("departments", "required")])
            self._gateway.require_seen(caller, scope[0])
            cap = Role.VIEWER
        self._require_room(owner)
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise InvalidInput([FieldProblem("days", "not_a_number", {"low": 1, "high": MAX_DAYS})])
        idle = DEVICE_IDLE if kind is TokenKind.DEVICE else 0
        secret, token = self._new(kind, user=owner, idle=idle, ends_in=(days or 0) * DAY)
        token = replace(
            token, name=name_from(name), departments=scope, cap=cap.name.lower() if cap is not None else ""
        )
        self._gateway.write_one(caller, ACCESS, IssueToken(token, consumes, caller.id))
        return Issued(secret, token)

    def _new(self, kind: TokenKind, user: str = "", idle: int = 0, ends_in: int = 0) -> Issued:
        now = self._gateway.now()
        secret, seconds, at = new_secret(), int(now.timestamp()), timestamp(now)
        token = Token(
            hash_of(secret), kind, user, created_at=at, used_on=at[:10], idle=idle,
            ends_at=seconds + ends_in if ends_in else 0,
        )  # fmt: skip
        return Issued(secret, replace(token, expires_at=_expiry(token, seconds)))

    def _put(self, issued: Issued) -> Issued:
        item = issued.token.item()
        self._items.write(ItemWrite(item["id"], item, new=True))
        return issued

    def _require_user(self, user_id: str) -> None:
        rights = self._permits.newest
        if rights is None or user_id not in rights.users:
            raise UserNotFound(user_id)

    def _require_room(self, owner: str) -> None:
        if len(self._living(owner)) >= MAX_TOKENS:
            raise InvalidInput([FieldProblem("tokens", "too_many", {"limit": MAX_TOKENS})])

    # Listing and ending them

    def list_of(self, caller: Caller, owner: str | None = None) -> list[Token]:
        """Returns the tokens of the caller or, for an administrator, of `owner`; the newest first.

        Raises Forbidden, UserNotFound.
        """
        tokens = self._living(self._owner(caller, owner))
        return sorted(tokens, key=lambda token: (token.created_at, token.hash), reverse=True)

    def _living(self, owner: str) -> list[Token]:
        """Returns a user's tokens; TTL may leave those that have ended for days."""
        now = self._gateway.now().timestamp()
        items = [item for item in self._items.of(USER + owner) if item["id"].startswith(TOKEN)]
        return [token for token in map(_token_of, items) if token and not 0 < token.expires_at <= now]

    def _owner(self, caller: Caller, owner: str | None) -> str:
        owner = caller.id if owner is None else owner
        self._permits.require(caller, Right.OWN, owner)
        self._require_user(owner)
        return owner

    def revoke(self, caller: Caller, token_id: str) -> Token:
        """Ends a token of the caller's or, by an administrator, of anybody. `token_id`: its hash.

        From now on it is refused by this process, and by the others as soon as they hear of it. Raises
        TokenNotFound.
        """
        if caller.token and token_id == caller.token:
            return self.sign_out(caller)
        self._permits.require_somebody(caller)
        token = self._stored(token_id)
        if not self._permits.may(caller, Right.OWN, token.user):
            raise TokenNotFound(token_id)
        return self._revoke(caller, token)

    def sign_out(self, caller: Caller) -> Token:
        """Ends the token that the caller came with, of whichever kind it is. Raises TokenNotFound."""
        self._permits.require_somebody(caller)
        return self._revoke(caller, self._stored(caller.token), self._permits.permit_somebody(caller))

    def _stored(self, token_id: str) -> Token:
        item = self._items.get(TOKEN + token_id) if usable_id(token_id) else None
        token = None if item is None else _token_of(item)
        if token is None:
            raise TokenNotFound(token_id)
        return token

    def _revoke(self, caller: Caller, token: Token, permit: Permit | None = None) -> Token:
        self._gateway.write_one(caller, ACCESS, RevokeToken(token, caller.id), permit)
        return token


def _token_of(item: Record) -> Token | None:
    """Returns None for what a newer server stored."""
    try:
        return Token.of(item)
    except (ValueError, LookupError):
        return None


def _departments_from(given: Iterable[str]) -> tuple[str, ...]:
    departments = tuple(dict.fromkeys(given))
    if not all(map(usable_id, departments)):
        raise InvalidInput([FieldProblem("departments", "not_a_string")])
    if len(departments) > MAX_DEPARTMENTS:
        raise InvalidInput([FieldProblem("departments", "too_many", {"limit": MAX_DEPARTMENTS})])
    return departments


def _expiry(token: Token, now: int) -> int:
    """Returns when the token ends if it isn't used again, in seconds since 1970; 0 if it doesn't."""
    if not token.idle:
        return token.ends_at
    idle_until = now // HOUR * HOUR + HOUR + token.idle  # by the hour, so that it is stored once an hour
    return min(idle_until, token.ends_at) if token.ends_at else idle_until
