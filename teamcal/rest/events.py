"""/api/events. The segment after it is a department's id for GET and POST, an event's for PUT and DELETE."""

from flask import Blueprint, Response, request

from teamcal.calendar import Calendar
from teamcal.domain.caller import UNNAMED
from teamcal.domain.events import public_event
from teamcal.domain.fields import client_id_from, event_edit_from, event_from
from teamcal.domain.operations import Outcome
from teamcal.domain.values import Record, to_json
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.parsing import date_or_none, expected_version, json_object, whole_number
from teamcal.rest.replies import Told, answer, as_it_is, respond
from teamcal.sync.sorted_events import EventFilter
from teamcal.texts.language import language
from teamcal.texts.messages import message


def _version_tag(event: Record) -> str:
    return str(event.get("version", 1))


def written(event: Record, status: int = 200) -> Told:
    """The answer to a write, with the event as it is now."""
    tag = {"ETag": f'"{_version_tag(event)}"'}
    return status, tag, to_json({"success": True, "event": public_event(event)})


def created(outcome: Outcome) -> Told:
    return written(outcome.record, 201 if outcome.change else 200)


def _wanted() -> EventFilter | None:
    """What the query string asks for; None for all. Raises InvalidInput."""
    if not request.query_string:
        return None
    wanted = EventFilter(
        date_or_none("from"), date_or_none("to"), request.args.get("q"),
        whole_number("limit", None, 1, 100_000),
    )  # fmt: skip
    return wanted if any(wanted) else None


def events_blueprint(calendar: Calendar) -> Blueprint:
    routes = Blueprint("events", __name__)

    @routes.get("/api/events/<department_id>")
    def list_events(department_id: str) -> Response:
        wanted = _wanted()
        return as_it_is(*calendar.events.list_json(UNNAMED, department_id, wanted))

    @routes.get("/api/events/<department_id>/<event_id>")
    def get_event(department_id: str, event_id: str) -> Response:
        event = calendar.events.get(UNNAMED, department_id, event_id)
        return answer(event=public_event(event), etag=_version_tag(event))

    @routes.post("/api/events/<department_id>")
    def create_event(department_id: str) -> Response:
        body = json_object()
        return respond(
            created(calendar.events.create(UNNAMED, department_id, event_from(body), client_id_from(body)))
        )

    @routes.put("/api/events/<event_id>")
    def update_event(event_id: str) -> Response:
        outcome = calendar.events.update(
            UNNAMED, event_id, event_edit_from(json_object()), expected_version()
        )
        return respond(written(outcome.record))

    @routes.delete("/api/events/<event_id>")
    def delete_event(event_id: str) -> Response:
        calendar.events.delete(UNNAMED, event_id, expected_version())
        return answer(message=message("event_removed", language()))

    @routes.post("/api/events/<event_id>/move")
    def move_event(event_id: str) -> Response:
        target = json_object().get("department_id")
        if not isinstance(target, str):
            raise InvalidInput(
                [FieldProblem("department_id", "required" if target is None else "not_a_string")]
            )
        return respond(written(calendar.events.move(UNNAMED, event_id, target, expected_version())))

    return routes
