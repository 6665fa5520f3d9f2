"""/api/departments/{id}/access: who may what there, for its managers. Only with AUTH_MODE=token."""

from typing import Any

from teamcal.domain.people import GROUP, Policy
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.parsing import fields_of
from teamcal.rest.routes import Routes
from teamcal.rest.users import hashed
from teamcal.signin.secret_rules import PASSCODE

routes = Routes("policies", with_tokens=True)


@routes.get("/api/departments/<department_id>/access")
def get_access(call: Call) -> Reply:
    department_id = call.arguments["department_id"]
    return _reply(call, department_id, call.calendar.policies.get(call.caller, department_id))


@routes.put("/api/departments/<department_id>/access")
def set_access(call: Call) -> Reply:
    """{access?, roles?, passcode?}; what isn't sent stays, and a passcode of null is removed."""
    department_id, policies = call.arguments["department_id"], call.calendar.policies
    body = call.json_object()
    fields = fields_of(body, "access", "roles", "passcode")
    if isinstance(fields.get("roles"), dict):
        fields["roles"] = {_stored_key(call, key): role for key, role in fields["roles"].items()}
    if fields.get("passcode") is not None:
        policies.get(call.caller, department_id)  # before a passcode takes its time
        fields["passcode"] = hashed(call, body, "passcode", PASSCODE)
    return _reply(call, department_id, policies.set(call.caller, department_id, fields))


def _stored_key(call: Call, key: str) -> str:
    return key if key.startswith(GROUP) else call.calendar.stored_id(key)


def _reply(call: Call, department_id: str, policy: Policy) -> Reply:
    """`users`: all who could have a role, so that a manager can choose."""
    names = call.calendar.people.names(call.caller, department_id)
    users: list[dict[str, Any]] = [
        {"id": user_id, "login": login, "name": name} for user_id, (login, name) in names.items()
    ]
    users.sort(key=lambda user: (user["login"], user["id"]))
    return json_reply(
        access=policy.access.value,
        roles={key: role.name.lower() for key, role in policy.roles.items()},
        has_passcode=bool(policy.passcode_id),
        users=users,
    )
