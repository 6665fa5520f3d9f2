"""/api/events. The segment after it is a department's id for GET and POST, an event's for PUT and DELETE."""

from teamcal.domain.events import public_event
from teamcal.domain.fields import client_id_from, event_edit_from, event_from
from teamcal.domain.values import Record, to_json
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.call import Call, Reply, bytes_reply, json_reply
from teamcal.rest.parsing import date_from, whole_number_from
from teamcal.rest.routes import Routes
from teamcal.sync.sorted_events import EventFilter
from teamcal.texts.messages import message

MAX_LIMIT = 100_000

routes = Routes("events")


@routes.get("/api/events/<department_id>")
def list_events(call: Call) -> Reply:
    department_id, filter = call.arguments["department_id"], _filter_of(call)
    content, cursor = call.calendar.events.list_json(call.caller, department_id, filter)
    return bytes_reply(content, etag=cursor)


@routes.get("/api/events/<department_id>/<event_id>")
def get_event(call: Call) -> Reply:
    event = call.calendar.events.get(call.caller, call.arguments["department_id"], call.arguments["event_id"])
    public = public_event(event)
    return json_reply(event=public, etag=str(public["version"]))


@routes.post("/api/events/<department_id>")
def create_event(call: Call) -> Reply:
    body = call.json_object()
    fields, client_id = event_from(body), client_id_from(body)
    outcome = call.calendar.events.create(call.caller, call.arguments["department_id"], fields, client_id)
    return event_reply(outcome.record, 201 if outcome.change else 200)


@routes.put("/api/events/<event_id>")
def update_event(call: Call) -> Reply:
    event_id, fields = call.arguments["event_id"], event_edit_from(call.json_object())
    outcome = call.calendar.events.update(call.caller, event_id, fields, call.expected_version())
    return event_reply(outcome.record)


@routes.delete("/api/events/<event_id>")
def delete_event(call: Call) -> Reply:
    call.calendar.events.delete(call.caller, call.arguments["event_id"], call.expected_version())
    return json_reply(message=message("event_removed", call.language))


@routes.post("/api/events/<event_id>/move")
def move_event(call: Call) -> Reply:
    target = call.json_object().get("department_id")
    if not isinstance(target, str):
        reason = "required" if target is None else "not_a_string"
        raise InvalidInput([FieldProblem("department_id", reason)])
    event_id, version = call.arguments["event_id"], call.expected_version()
    return event_reply(call.calendar.events.move(call.caller, event_id, target, version))


def event_reply(event: Record, status: int = 200) -> Reply:
    """The reply to a write: the event as it is now, its version as the ETag."""
    public = public_event(event)
    headers = {"ETag": f'"{public["version"]}"'}
    return Reply(status, headers, to_json({"success": True, "event": public}))


def _filter_of(call: Call) -> EventFilter | None:
    """Returns the filter in the query string, None for the whole list. Raises InvalidInput."""
    query = call.query
    if not query:
        return None
    limit = whole_number_from("limit", query["limit"], 1, MAX_LIMIT) if "limit" in query else None
    first, last = date_from("from", query.get("from")), date_from("to", query.get("to"))
    filter = EventFilter(first, last, query.get("q"), limit)
    return filter if any(filter) else None
