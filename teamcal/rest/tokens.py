"""/api/tokens: one's own, or another's by an administrator. Only with AUTH_MODE=token."""

from typing import Any

from teamcal.domain.caller import Role
from teamcal.domain.people import Token, TokenKind, role_from
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.routes import Routes

_KINDS = {kind.value: kind for kind in (TokenKind.APP, TokenKind.FEED, TokenKind.DEVICE)}
"""Those that are made here; sessions and passcodes' come from /api/session."""

routes = Routes("tokens", with_tokens=True)


@routes.get("/api/tokens")
def list_tokens(call: Call) -> Reply:
    """The caller's or, with ?user=<id>, another's; newest first, sessions too."""
    owner = call.query.get("user")
    tokens = call.calendar.tokens.list_of(
        call.caller, None if owner is None else call.calendar.stored_id(owner)
    )
    return json_reply(tokens=[public_token(token, call.caller.token) for token in tokens])


@routes.post("/api/tokens")
def issue_token(call: Call) -> Reply:
    """{kind, name, departments?, cap?, days?, user?}; `secret` in the answer is shown this once."""
    body = call.json_object()
    call.calendar.permits.require_somebody(call.caller)
    name: Any = body.get("name")
    departments, owner = _departments(call, body.get("departments")), body.get("user")
    issued = call.calendar.tokens.issue(
        call.caller,
        _kind(body.get("kind")),
        name,
        owner=None if owner is None else call.calendar.stored_id(_text("user", owner)),
        departments=departments,
        cap=_cap(body.get("cap")),
        days=_days(body.get("days")),
    )
    return json_reply(201, token=public_token(issued.token), secret=issued.secret)


@routes.delete("/api/tokens/<token_id>")
def revoke_token(call: Call) -> Reply:
    call.calendar.tokens.revoke(call.caller, call.given["token_id"])
    return json_reply()


def public_token(token: Token, current: str = "") -> dict[str, Any]:
    """`id` is the hash of the secret. `current`: whether the request came with it."""
    return {
        "id": token.hash,
        "kind": token.kind.value,
        "user": token.user,
        "name": token.name,
        "departments": None if token.departments is None else list(token.departments),
        "cap": token.cap or None,
        "created_at": token.created_at,
        "used_on": token.used_on,
        "expires_at": token.expires_at or None,
        "current": token.hash == current,
    }


def _kind(value: Any) -> TokenKind:
    if not isinstance(value, str) or value not in _KINDS:
        raise InvalidInput([FieldProblem("kind", "not_one_of", {"allowed": ", ".join(_KINDS)})])
    return _KINDS[value]


def _departments(call: Call, value: Any) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise InvalidInput([FieldProblem("departments", "not_a_list")])
    return [call.calendar.stored_id(_text("departments", one)) for one in value]


def _cap(value: Any) -> Role | None:
    return None if value is None else role_from("cap", value)


def _days(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidInput([FieldProblem("days", "not_an_integer")])
    return value


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidInput([FieldProblem(field, "not_a_string")])
    return value
