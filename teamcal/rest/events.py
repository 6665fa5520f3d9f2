"""/api/events. The segment after it is a department's id for GET and POST, an event's for PUT and DELETE."""

from collections.abc import Sequence

from flask import Blueprint, Response, request

from ..calendar import Calendar
from ..changes import Head, cursor_of
from ..errors import FieldProblem, InvalidInput
from ..events import Record, client_id_from, event_edit_from, event_from, matches, public_event
from ..language import language
from ..messages import message
from .answers import answer, dumps, tagged
from .parsing import date_or_none, expected_version, json_object, whole_number


def _version_tag(event: Record) -> str:
    return str(event.get("version", 1))


def _list_body(events: Sequence[Record], head: Head) -> bytes:
    shown = [public_event(event) for event in events]
    body = {"success": True, "events": shown, "revision": head.revision, "cursor": cursor_of(head)}
    return dumps(body).encode()


def events_blueprint(calendar: Calendar) -> Blueprint:
    routes = Blueprint("events", __name__)

    @routes.get("/api/events/<department_id>")
    def list_events(department_id: str) -> Response:
        first, last = date_or_none("from"), date_or_none("to")
        words, limit = request.args.get("q"), whole_number("limit", None, 1, 100_000)
        replica = calendar.list_events(department_id)
        with replica.held():
            head = replica.must_exist()
            if first or last or words or limit:
                found = [event for event in replica.in_order() if matches(event, first, last, words)]
                content = _list_body(found[:limit], head)
            else:
                content = replica.ready.get("json") or _list_body(replica.in_order(), head)
                replica.ready["json"] = content
        return tagged(Response(content, mimetype="application/json"), cursor_of(head))

    @routes.get("/api/events/<department_id>/<event_id>")
    def get_event(department_id: str, event_id: str) -> Response:
        event = calendar.get_event(department_id, event_id)
        return answer(event=public_event(event), etag=_version_tag(event))

    @routes.post("/api/events/<department_id>")
    def create_event(department_id: str) -> Response:
        body = json_object()
        outcome = calendar.create_event(department_id, event_from(body), client_id_from(body))
        response = answer(201 if outcome.change else 200, event=public_event(outcome.record))
        response.set_etag(_version_tag(outcome.record))
        return response

    @routes.put("/api/events/<event_id>")
    def update_event(event_id: str) -> Response:
        outcome = calendar.update_event(event_id, event_edit_from(json_object()), expected_version())
        response = answer(event=public_event(outcome.record))
        response.set_etag(_version_tag(outcome.record))
        return response

    @routes.delete("/api/events/<event_id>")
    def delete_event(event_id: str) -> Response:
        calendar.delete_event(event_id, expected_version())
        return answer(message=message("event_removed", language()))

    @routes.post("/api/events/<event_id>/move")
    def move_event(event_id: str) -> Response:
        target = json_object().get("department_id")
        if not isinstance(target, str):
            raise InvalidInput(
                [FieldProblem("department_id", "required" if target is None else "not_a_string")]
            )
        event = calendar.move_event(event_id, target, expected_version())
        response = answer(event=public_event(event))
        response.set_etag(_version_tag(event))
        return response

    return routes
