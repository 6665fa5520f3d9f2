"""/api/events. The segment after it is a department's id for GET and POST, an event's for PUT and DELETE."""

from flask import Blueprint, Response

from ..calendar import Calendar
from ..changes import cursor_of
from ..events import Record, client_id_from, event_edit_from, event_from, public_event
from ..language import language
from ..messages import message
from .answers import answer, dumps, tagged
from .parsing import expected_version, json_object


def _version_tag(event: Record) -> str:
    return str(event.get("version", 1))


def events_blueprint(calendar: Calendar) -> Blueprint:
    routes = Blueprint("events", __name__)

    @routes.get("/api/events/<department_id>")
    def list_events(department_id: str) -> Response:
        replica = calendar.list_events(department_id)
        with replica.held():
            head = replica.must_exist()
            if "json" not in replica.ready:
                shown = [public_event(event) for event in replica.in_order()]
                body = {
                    "success": True,
                    "events": shown,
                    "revision": head.revision,
                    "cursor": cursor_of(head),
                }
                replica.ready["json"] = dumps(body).encode()
            content = replica.ready["json"]
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

    return routes
