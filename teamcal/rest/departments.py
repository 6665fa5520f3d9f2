"""/api/departments"""

from flask import Blueprint, Response

from teamcal.calendar.events import Calendar
from teamcal.domain.cursor import cursor_of
from teamcal.domain.events import public_department
from teamcal.domain.fields import department_edit_from, department_from
from teamcal.rest.parsing import json_object
from teamcal.rest.replies import answer
from teamcal.texts.language import language
from teamcal.texts.messages import message


def departments_blueprint(calendar: Calendar) -> Blueprint:
    routes = Blueprint("departments", __name__)

    @routes.get("/api/departments")
    def list_departments() -> Response:
        head, departments = calendar.list_departments()
        shown = [public_department(department) for department in departments]
        return answer(departments=shown, revision=head.revision, cursor=cursor_of(head), etag=cursor_of(head))

    @routes.post("/api/departments")
    def create_department() -> Response:
        department = calendar.create_department(department_from(json_object()))
        return answer(201, department=public_department(department))

    @routes.get("/api/departments/<department_id>")
    def get_department(department_id: str) -> Response:
        return answer(department=public_department(calendar.get_department(department_id)))

    @routes.put("/api/departments/<department_id>")
    def edit_department(department_id: str) -> Response:
        department = calendar.edit_department(department_id, department_edit_from(json_object()))
        return answer(department=public_department(department))

    @routes.delete("/api/departments/<department_id>")
    def delete_department(department_id: str) -> Response:
        calendar.delete_department(department_id)
        return answer(message=message("department_removed", language()))

    return routes
