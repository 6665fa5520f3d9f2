"""Who asks, found once for each request in front of every dispatcher. Only with AUTH_MODE=token."""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from teamcal.deadline import REQUEST_SECONDS, within
from teamcal.domain.caller import GUEST, NOBODY, Caller, Kind
from teamcal.errors import CalendarError, TooManyRequests
from teamcal.http.clients import ADDRESSES_KEPT, Address
from teamcal.http.refusals import Refusals
from teamcal.http.rules import BrowserRules
from teamcal.http.sign_ins import SignIns, put_sign_ins

if TYPE_CHECKING:  # as in sign_ins
    from teamcal.signin.attempts import RequestLimit

Find = Callable[[str, Callable[[], None]], Caller | None]
Networks = Sequence[IPv4Network | IPv6Network]

_CALLER = "teamcal.caller"
DEAD = Caller(kind=Kind.USER)
"""Whoever came with a token that has ended or never was. No user has the id "", so none of his is alive, and
whatever he asks for that nobody may have is answered `token_invalid` (calendar/permits.py)."""
LOOKUPS_A_MINUTE = 1000
"""Tokens from one address that aren't known yet: a whole office, after a restart."""
_FEED = re.compile(r"/api/departments/[^/]+/calendar\.(?:ics|csv)")
"""The paths of a department's feeds: what calendar programs fetch, which can send no header of their own."""
_UNCOUNTED = ("/socket.io/", "/healthz")
"""Socket.IO has limits of its own (realtime/message_rate.py)."""


def caller_of(environ: WSGIEnvironment) -> Caller | None:
    """Returns who asks; None with AUTH_MODE=open. Raises StorageError if that couldn't be looked up."""
    found: Caller | CalendarError | None = environ.get(_CALLER)
    if isinstance(found, CalendarError):
        raise found
    return found


class FindCaller:
    """Finds who asks: by Authorization, else by the page's cookie, else by the client's network.

    Before all of them by `?token=` in the address of a department's feed, which has to be a feed's.

    `find`: the caller of a token, None if it is none (calendar.tokens.find). `lookups`: how many tokens that
    aren't known yet one address may bring; each is a read of the storage. All methods raise StorageError.
    """

    def __init__(self, find: Find, guests: Networks, rules: BrowserRules, lookups: "RequestLimit") -> None:
        self._find, self._rules, self._lookups = find, rules, lookups

        @lru_cache(ADDRESSES_KEPT)
        def is_guest(ip: Address) -> bool:
            return any(ip in network for network in guests)

        self._is_guest = is_guest if guests else None

    def __call__(self, environ: WSGIEnvironment) -> Caller:
        if (secret := feed_token_in(environ)) is not None:
            caller = self.of_token(secret, environ)
            return caller if caller.is_feed else DEAD
        authorization = environ.get("HTTP_AUTHORIZATION")
        if authorization is not None:
            return self.of_token(secret_in(authorization), environ)
        if "HTTP_COOKIE" in environ and (secret := self.cookie_in(environ)):
            # A session that has ended is as none: the browser sends its cookie all the same.
            caller = self.of_token(secret, environ)
            if caller is not DEAD:
                return caller
        return GUEST if self._is_guest is not None and self._comes_from_inside(environ) else NOBODY

    def of_token(self, secret: str, environ: WSGIEnvironment) -> Caller:
        """Returns who comes with a token, or DEAD. Raises TooManyRequests."""
        return self._find(secret, partial(self._count_lookup, environ)) or DEAD

    def _count_lookup(self, environ: WSGIEnvironment) -> None:
        self._lookups.count(self._rules.proxies.client_of(environ).household)

    def cookie_in(self, environ: WSGIEnvironment) -> str:
        """Returns the token in the page's cookie, if it may count for this request; else ""."""
        name = cookie_name(self._rules.proxies.scheme_of(environ))
        secret = value_of(environ.get("HTTP_COOKIE", ""), name)
        return secret if secret and self._rules.origins.cookie_allowed(environ) else ""

    def _comes_from_inside(self, environ: WSGIEnvironment) -> bool:
        client = self._rules.proxies.client_of(environ)
        if not client.is_certain or client.ip is None or self._is_guest is None:
            return False
        return self._is_guest(client.ip) and self._rules.origins.guest_allowed(environ)


class Callers:
    """A WSGI layer: puts the caller where `caller_of` finds him, and counts requests.

    `limit`: by the caller's token; of those without one, or with one that isn't any more, by their address.
    """

    def __init__(
        self,
        application: WSGIApplication,
        find: FindCaller,
        sign_ins: SignIns,
        limit: "RequestLimit",
        refusals: Refusals,
    ) -> None:
        self._application, self._find, self._sign_ins = application, find, sign_ins
        self._proxies, self._limit, self._refusals = sign_ins.rules.proxies, limit, refusals

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        put_sign_ins(environ, self._sign_ins)
        try:
            with within(REQUEST_SECONDS):  # connections of Socket.IO have no deadline of their own
                caller = environ[_CALLER] = self._find(environ)
            if not environ.get("PATH_INFO", "").startswith(_UNCOUNTED):
                self._limit.count(caller.token or self._proxies.client_of(environ).household)
        except TooManyRequests as error:
            headers = [("Retry-After", str(error.retry_after))]
            return self._refusals.answer(environ, start_response, error.code, headers, **error.details())
        except CalendarError as error:  # what asks for nobody is answered all the same: the page, its files
            environ[_CALLER] = error
        return self._application(environ, start_response)


def feed_token_in(environ: WSGIEnvironment) -> str | None:
    """Returns the `token` in the query of a read of a department's feed; None if there is none.

    Everywhere else it isn't looked at: addresses get around, in histories, logs and messages.
    """
    query = environ.get("QUERY_STRING", "")
    if "token=" not in query or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    if not _FEED.fullmatch(environ.get("PATH_INFO", "")):
        return None
    return next((value for name, value in parse_qsl(query) if name == "token"), None)


def secret_in(authorization: str) -> str:
    """Returns the token of an Authorization header: a bearer's, or the password of Basic (RFC 7617)."""
    scheme, _, rest = authorization.partition(" ")
    scheme = scheme.lower()
    if scheme == "bearer":
        return rest.strip()
    if scheme == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""


def value_of(cookies: str, name: str) -> str:
    """Returns the value of a cookie, "" if there is none. Ours need no quotes; werkzeug takes 20 µs."""
    for pair in cookies.split(";"):
        given, _, value = pair.strip().partition("=")
        if given == name:
            return value
    return ""


def cookie_name(scheme: str, name: str = "teamcal") -> str:
    """Over TLS `__Host-`: no other host of the domain, and nobody on the way without TLS, can set it."""
    return f"__Host-{name}" if scheme == "https" else name


def set_cookie(scheme: str, value: str, seconds: int, name: str = "teamcal") -> str:
    """Returns a Set-Cookie header, for our own page's requests; with 0 seconds it removes the cookie."""
    secure = "; Secure" if scheme == "https" else ""
    return f"{cookie_name(scheme, name)}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
