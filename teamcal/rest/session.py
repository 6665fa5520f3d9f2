"""/api/session, /api/devices, /auth/oidc: signing in and out, and who one is. Only with AUTH_MODE=token."""

import logging
from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import NotFound

from teamcal.calendar.devices import POLL_SECONDS, VALID_SECONDS
from teamcal.calendar.tokens import DAY, SESSION_DAYS
from teamcal.domain.caller import Caller, Kind
from teamcal.domain.people import User
from teamcal.errors import CalendarError, FieldProblem, InvalidInput, SignInRefused, TokenInvalid
from teamcal.http.callers import DEAD, cookie_name, set_cookie, value_of
from teamcal.http.sign_ins import OIDC_CALLBACK, SignedIn, SignIns, sign_ins_of
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.routes import Routes

logger = logging.getLogger(__name__)

routes = Routes("session")

_PENDING = "teamcal-signin"
"""The cookie of a sign-in that is under way at the identity provider."""
_PENDING_SECONDS = 600
"""As signin.pending.VALID_SECONDS, whose library open mode, which has these routes too, doesn't load."""


@routes.get("/api/session")
def get_session(call: Call) -> Reply:
    """Who asks, and how one signs in here; with AUTH_MODE=open too. Raises TokenInvalid."""
    sign_ins = sign_ins_of(call.environ)
    if sign_ins is None:
        return json_reply(mode="open", kind="open", user=None)
    caller = call.caller
    if caller is DEAD:
        raise TokenInvalid
    ways = {"password": True, "oidc": sign_ins.oidc is not None}
    return json_reply(mode="token", sign_in=ways, **_shown(sign_ins, caller))


@routes.post("/api/session")
def sign_in(call: Call) -> Reply:
    """{login, password}, {department_id, passcode}, {device_code} or {setup, login, name?, password}.

    With `"token": true` the token is in the answer, for programs; otherwise in the page's cookie.
    """
    sign_ins, body = _required(call), call.json_object()
    way = next((way for field, way in _WAYS.items() if field in body), None)
    if way is None:
        raise InvalidInput([FieldProblem("login", "required")])
    signed_in = way(sign_ins, call, body)
    if signed_in is None:
        return json_reply(202, pending=True, interval=POLL_SECONDS)
    issued, user = signed_in
    shown: dict[str, Any] = {"user": _public(user), "departments": issued.token.departments}
    if body.get("token") is True or "device_code" in body:
        return json_reply(201, token=issued.secret, **shown)
    cookie = _cookie(sign_ins, call, signed_in)
    return json_reply(201, **shown)._replace(headers={"Set-Cookie": cookie})


@routes.delete("/api/session")
def sign_out(call: Call) -> Reply:
    """Ends the token that the request came with, and takes back the page's cookie."""
    sign_ins = _required(call)
    if call.caller.token:
        sign_ins.calendar.tokens.sign_out(call.caller)
    gone = set_cookie(sign_ins.scheme(call.environ), "", 0)
    return json_reply()._replace(headers={"Set-Cookie": gone})


@routes.post("/api/devices")
def begin_device(call: Call) -> Reply:
    """{name} of a program → the codes with which its user lets it in (RFC 8628)."""
    sign_ins = _required(call)
    codes = sign_ins.begin_device(call.environ, call.json_object().get("name"))
    address = f"{sign_ins.address(call.environ)}/#device={codes.user_code}"
    return json_reply(
        201, **codes._asdict(), verification_uri=address, expires_in=VALID_SECONDS, interval=POLL_SECONDS
    )


@routes.get("/api/devices/<user_code>")
def get_device(call: Call) -> Reply:
    """What the program is called that shows this code, for its user to look at before he confirms."""
    sign_ins = _required(call)
    return json_reply(name=sign_ins.calendar.devices.name_of(call.caller, call.given["user_code"]))


@routes.post("/api/devices/<user_code>")
def confirm_device(call: Call) -> Reply:
    sign_ins = _required(call)
    return json_reply(name=sign_ins.calendar.devices.confirm(call.caller, call.given["user_code"]))


@routes.get("/auth/oidc")
def leave_for_provider(call: Call) -> Reply:
    """Sends a browser to the identity provider. `return_to`: where in the page to go on then."""
    sign_ins = _required(call, with_provider=True)
    try:
        url, cookie = sign_ins.begin_at_provider(call.environ, call.query.get("return_to", "/"))
    except CalendarError as error:
        return _back(error, call)
    scheme = sign_ins.scheme(call.environ)
    return _redirect(url, set_cookie(scheme, cookie, _PENDING_SECONDS, _PENDING))


@routes.get(OIDC_CALLBACK)
def back_from_provider(call: Call) -> Reply:
    """Where the identity provider sends a browser to. In the page's fragment stands what went wrong."""
    sign_ins = _required(call, with_provider=True)
    name = cookie_name(sign_ins.scheme(call.environ), _PENDING)
    pending = value_of(call.environ.get("HTTP_COOKIE", ""), name)
    try:
        signed_in, return_to = sign_ins.by_provider(call.environ, pending, call.query)
    except CalendarError as error:
        return _back(error, call)
    return _redirect(return_to, _cookie(sign_ins, call, signed_in))


def _required(call: Call, with_provider: bool = False) -> SignIns:
    """Raises NotFound where nobody signs in like this: everything here is as if it weren't."""
    sign_ins = sign_ins_of(call.environ)
    if sign_ins is None or (with_provider and sign_ins.oidc is None):
        raise NotFound
    return sign_ins


def _with_device(sign_ins: SignIns, call: Call, body: dict[str, Any]) -> SignedIn | None:
    return sign_ins.by_device_code(body["device_code"])


def _with_setup(sign_ins: SignIns, call: Call, body: dict[str, Any]) -> SignedIn | None:
    return sign_ins.by_setup_code(call.environ, body["setup"], body)


def _with_passcode(sign_ins: SignIns, call: Call, body: dict[str, Any]) -> SignedIn | None:
    department_id = call.calendar.stored_id(_text(body, "department_id"))
    return sign_ins.by_passcode(call.environ, department_id, body["passcode"])


def _with_password(sign_ins: SignIns, call: Call, body: dict[str, Any]) -> SignedIn | None:
    return sign_ins.by_password(call.environ, _text(body, "login"), body.get("password"))


_WAYS: dict[str, Callable[[SignIns, Call, dict[str, Any]], SignedIn | None]] = {
    "device_code": _with_device,
    "setup": _with_setup,
    "passcode": _with_passcode,
    "login": _with_password,
}
"""By the field that only this way has; a later one may be among an earlier one's."""


def _text(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str):
        raise InvalidInput([FieldProblem(field, "required" if value is None else "not_a_string")])
    return value[:1000]  # nothing that is longer exists


def _shown(sign_ins: SignIns, caller: Caller) -> dict[str, Any]:
    user = None
    if caller.kind is Kind.USER:
        user = _public(sign_ins.calendar.people.get(caller, caller.id))
    departments = caller.scope.departments
    return {
        "kind": caller.kind.value,
        "user": user,
        "departments": None if departments is None else sorted(departments),
        "ends_at": caller.ends or None,
    }


def _public(user: User | None) -> dict[str, Any] | None:
    if user is None:
        return None
    return {"id": user.id, "login": user.login, "name": user.name, "admin": user.admin}


def _cookie(sign_ins: SignIns, call: Call, signed_in: SignedIn) -> str:
    return set_cookie(sign_ins.scheme(call.environ), signed_in.issued.secret, SESSION_DAYS * DAY)


def _redirect(url: str, cookie: str | None = None) -> Reply:
    headers = {"Location": url} | ({} if cookie is None else {"Set-Cookie": cookie})
    return Reply(302, headers, b"", "text/plain; charset=utf-8")


def _back(error: CalendarError, call: Call) -> Reply:
    """Back to the page, which says what went wrong in its user's language."""
    reason = error.reason if isinstance(error, SignInRefused) else str(error)
    logger.warning("a sign-in at the identity provider failed: %s: %s", error.code, reason)
    sign_ins = _required(call)
    return _redirect(f"{sign_ins.path}/#sign-in={error.code}")
