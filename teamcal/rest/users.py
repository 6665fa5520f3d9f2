"""/api/users. Only with AUTH_MODE=token; for administrators, but for one's own password."""

from typing import Any

from teamcal.domain.caller import Right
from teamcal.domain.people import User
from teamcal.http.sign_ins import SignIns, sign_ins_of
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.parsing import fields_of
from teamcal.rest.routes import Routes
from teamcal.signin.secret_rules import PASSWORD, Length, checked

routes = Routes("users", with_tokens=True)


@routes.get("/api/users")
def list_users(call: Call) -> Reply:
    return json_reply(users=[public_user(user) for user in call.calendar.people.list_all(call.caller)])


@routes.post("/api/users")
def create_user(call: Call) -> Reply:
    """{login, name?, admin?, password?}. Without a password nobody signs in as him: he has tokens only."""
    people, caller, body = call.calendar.people, call.caller, call.json_object()
    call.calendar.permits.require(caller, Right.ADMINISTER, "")  # before a password takes its time
    password = hashed(call, body, "password") if body.get("password") is not None else None
    user = people.create(caller, fields_of(body, "login", "name", "admin"), password)
    return json_reply(201, user=public_user(user))


@routes.patch("/api/users/<user_id>")
def edit_user(call: Call) -> Reply:
    """{login?, name?, admin?, disabled?, password?}; what isn't sent stays. A new password ends sessions.

    For one's own password also {current_password}, if there is one.
    """
    people, caller, body = call.calendar.people, call.caller, call.json_object()
    user_id, fields = call.arguments["user_id"], fields_of(body, "login", "name", "admin", "disabled")
    if "password" not in body:
        return json_reply(user=public_user(people.edit(caller, user_id, fields)))
    call.calendar.permits.require(caller, Right.ADMINISTER if fields else Right.OWN, user_id)
    user = people.get(caller, user_id)
    if caller.id == user_id and user.has_password:
        _sign_ins(call).confirm(call.environ, user, body.get("current_password"))
    password = hashed(call, body, "password")
    if fields:
        return json_reply(user=public_user(people.edit(caller, user_id, fields, password)))
    return json_reply(user=public_user(people.set_password(caller, user_id, password)))


def hashed(call: Call, body: dict[str, Any], field: str, length: Length = PASSWORD) -> str:
    """Returns the hash of a new secret in the body. Raises InvalidInput, TooManyAttempts, TooBusy."""
    return _sign_ins(call).new_hash(call.caller, checked(field, body[field], length))


def _sign_ins(call: Call) -> SignIns:
    sign_ins = sign_ins_of(call.environ)
    assert sign_ins is not None
    return sign_ins


def public_user(user: User) -> dict[str, Any]:
    """Returns a user as administrators see him, and he himself. `subject`: "issuer|sub" of his provider."""
    return {
        "id": user.id,
        "login": user.login,
        "name": user.name,
        "admin": user.admin,
        "disabled": user.disabled,
        "has_password": user.has_password,
        "subject": user.subject,
        "groups": list(user.groups),
        "created_at": user.created_at,
        "signed_in_at": user.signed_in_at or None,
    }
