"""/api/departments"""

from teamcal.domain.events import public_department
from teamcal.domain.fields import department_edit_from, department_from
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.routes import Routes
from teamcal.texts.messages import message

routes = Routes("departments")


@routes.get("/api/departments")
def list_departments(call: Call) -> Reply:
    head, departments = call.calendar.departments.list_all(call.caller)
    public = [public_department(department) for department in departments]
    cursor = head.cursor.text
    return json_reply(departments=public, revision=head.revision, cursor=cursor, etag=cursor)


@routes.post("/api/departments")
def create_department(call: Call) -> Reply:
    department = call.calendar.departments.create(call.caller, department_from(call.json_object()))
    return json_reply(201, department=public_department(department))


@routes.get("/api/departments/<department_id>")
def get_department(call: Call) -> Reply:
    department = call.calendar.departments.get(call.caller, call.arguments["department_id"])
    return json_reply(department=public_department(department))


@routes.put("/api/departments/<department_id>")
def edit_department(call: Call) -> Reply:
    fields = department_edit_from(call.json_object())
    department = call.calendar.departments.edit(call.caller, call.arguments["department_id"], fields)
    return json_reply(department=public_department(department))


@routes.delete("/api/departments/<department_id>")
def delete_department(call: Call) -> Reply:
    call.calendar.departments.delete(call.caller, call.arguments["department_id"])
    return json_reply(message=message("department_removed", call.language))
