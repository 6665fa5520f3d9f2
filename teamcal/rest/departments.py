"""/api/departments"""

import hashlib

from teamcal.access import role_name
from teamcal.domain.events import public_department
from teamcal.domain.fields import department_edit_from, department_from
from teamcal.domain.values import Record, to_json
from teamcal.rest.call import Call, Reply, bytes_reply, compressible, json_reply
from teamcal.rest.routes import Routes
from teamcal.texts.messages import message

routes = Routes("departments")


@routes.get("/api/departments")
def list_departments(call: Call) -> Reply:
    head, departments = call.calendar.departments.list_all(call.caller)
    public = [_public(call, department) for department in departments]
    if head is None:  # a revision would tell of departments that the caller doesn't see
        content = to_json({"success": True, "departments": public})
        return compressible(bytes_reply(content, etag=hashlib.blake2b(content, digest_size=16).hexdigest()))
    cursor = head.cursor.text
    return compressible(json_reply(departments=public, revision=head.revision, cursor=cursor, etag=cursor))


@routes.post("/api/departments")
def create_department(call: Call) -> Reply:
    body = call.json_object()
    fields, operation_id = department_from(body), call.operation_id("create_department", body)
    department = call.calendar.departments.create(call.caller, fields, operation_id)
    return json_reply(201, department=_public(call, department))


@routes.get("/api/departments/<department_id>")
def get_department(call: Call) -> Reply:
    department = call.calendar.departments.get(call.caller, call.arguments["department_id"])
    return json_reply(department=_public(call, department))


@routes.put("/api/departments/<department_id>")
def edit_department(call: Call) -> Reply:
    body, department_id = call.json_object(), call.arguments["department_id"]
    fields, operation_id = (
        department_edit_from(body),
        call.operation_id("edit_department", department_id, body),
    )
    department = call.calendar.departments.edit(call.caller, department_id, fields, operation_id)
    return json_reply(department=_public(call, department))


@routes.delete("/api/departments/<department_id>")
def delete_department(call: Call) -> Reply:
    department_id = call.arguments["department_id"]
    operation_id = call.operation_id("delete_department", department_id)
    call.calendar.departments.delete(call.caller, department_id, operation_id)
    return json_reply(message=message("department_removed", call.language))


def _public(call: Call, department: Record) -> Record:
    """Returns a department as answers show it; in token mode with what the caller is in it, as `role`."""
    public = public_department(department)
    if call.calendar.permits.is_open:
        return public
    return public | {"role": role_name(call.calendar.permits.level(call.caller, department["id"]))}
