"""/api/changes, and an event's history."""

from flask import Blueprint, Response, request

from teamcal.calendar import Calendar
from teamcal.domain.caller import UNNAMED
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.events import written
from teamcal.rest.parsing import json_object, whole_number
from teamcal.rest.replies import answer, as_it_is, respond
from teamcal.sync.changes_since import ChangesSince, public_change

DEFAULT_LIMIT = 500


def changes_content(page: ChangesSince, compact: bool) -> bytes:
    return page.compact_json if compact else page.full_json


def changes_blueprint(calendar: Calendar) -> Blueprint:
    routes = Blueprint("changes", __name__)

    @routes.get("/api/changes/<department_id>")
    def list_changes(department_id: str) -> Response:
        limit = whole_number("limit", DEFAULT_LIMIT, 1, 1000) or DEFAULT_LIMIT
        page = calendar.catch_up.changes(UNNAMED, department_id, request.args.get("cursor"), limit)
        return as_it_is(changes_content(page, request.args.get("compact") == "1"))

    @routes.get("/api/events/<event_id>/history")
    def event_history(event_id: str) -> Response:
        steps = calendar.history.of_event(UNNAMED, event_id)
        return answer(
            history=[{"department_id": log_id, **public_change(change)} for log_id, change in steps]
        )

    @routes.post("/api/events/<event_id>/restore")
    def restore(event_id: str) -> Response:
        revision = json_object().get("revision")
        if isinstance(revision, bool) or not isinstance(revision, int):
            raise InvalidInput([FieldProblem("revision", "unknown_revision")])
        return respond(written(calendar.history.restore(UNNAMED, event_id, revision).record))

    return routes
