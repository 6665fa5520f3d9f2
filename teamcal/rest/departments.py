"""/api/departments"""

from flask import Blueprint, Response

from teamcal.calendar import Calendar
from teamcal.domain.caller import UNNAMED
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
        head, departments = calendar.departments.list_all(UNNAMED)
        shown = [public_department(department) for department in departments]
        return answer(
            departments=shown, revision=head.revision, cursor=head.cursor.text, etag=head.cursor.text
        )

    @routes.post("/api/departments")
    def create_department() -> Response:
        department = calendar.departments.create(UNNAMED, department_from(json_object()))
        return answer(201, department=public_department(department))

    @routes.get("/api/departments/<department_id>")
    def get_department(department_id: str) -> Response:
        return answer(department=public_department(calendar.departments.get(UNNAMED, department_id)))

    @routes.put("/api/departments/<department_id>")
    def edit_department(department_id: str) -> Response:
        department = calendar.departments.edit(UNNAMED, department_id, department_edit_from(json_object()))
        return answer(department=public_department(department))

    @routes.delete("/api/departments/<department_id>")
    def delete_department(department_id: str) -> Response:
        calendar.departments.delete(UNNAMED, department_id)
        return answer(message=message("department_removed", language()))

    return routes
