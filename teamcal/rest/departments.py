"""/api/departments"""

from flask import Blueprint, Response

from ..calendar import Calendar
from ..changes import cursor_of
from ..events import department_edit_from, department_from, public_department
from ..language import language
from ..messages import message
from .answers import answer
from .parsing import json_object


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
