"""/api/departments"""

from teamcal.domain.cursor import cursor_of
from teamcal.domain.events import public_department
from teamcal.domain.fields import department_edit_from, department_from
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.routes import Routes
from teamcal.texts.messages import message

routes = Routes("departments")


@routes.get("/api/departments")
def list_departments(call: Call) -> Reply:
    head, departments = call.calendar.list_departments()
    public = [public_department(department) for department in departments]
    cursor = cursor_of(head)
    return json_reply(departments=public, revision=head.revision, cursor=cursor, etag=cursor)


@routes.post("/api/departments")
def create_department(call: Call) -> Reply:
    department = call.calendar.create_department(department_from(call.json_object()))
    return json_reply(201, department=public_department(department))


@routes.get("/api/departments/<department_id>")
def get_department(call: Call) -> Reply:
    department = call.calendar.get_department(call.arguments["department_id"])
    return json_reply(department=public_department(department))


@routes.put("/api/departments/<department_id>")
def edit_department(call: Call) -> Reply:
    fields = department_edit_from(call.json_object())
    department = call.calendar.edit_department(call.arguments["department_id"], fields)
    return json_reply(department=public_department(department))


@routes.delete("/api/departments/<department_id>")
def delete_department(call: Call) -> Reply:
    call.calendar.delete_department(call.arguments["department_id"])
    return json_reply(message=message("department_removed", call.language))
