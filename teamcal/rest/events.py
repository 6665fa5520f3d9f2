"""/api/events. The segment after it is a department's id for GET and POST, an event's for PUT and DELETE."""

from collections.abc import Sequence
from typing import NamedTuple

from teamcal.domain.events import contains, public_event
from teamcal.domain.fields import client_id_from, event_edit_from, event_from
from teamcal.domain.values import Record, to_json
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.call import Call, Reply, bytes_reply, json_reply
from teamcal.rest.parsing import date_from, whole_number_from
from teamcal.rest.routes import Routes
from teamcal.sync.replica import Ready, Replica
from teamcal.sync.sorted_events import Listing
from teamcal.texts.messages import message

MAX_LIMIT = 100_000

routes = Routes("events")


class Filter(NamedTuple):
    """Filter of an event list: inclusive date range, search text, maximum number."""

    first: str | None
    last: str | None
    words: str | None
    limit: int | None


@routes.get("/api/events/<department_id>")
def list_events(call: Call) -> Reply:
    filter = _filter_of(call)
    replica = call.calendar.list_events(call.arguments["department_id"])
    content, cursor = _list_json(replica, filter)
    return bytes_reply(content, etag=cursor)


@routes.get("/api/events/<department_id>/<event_id>")
def get_event(call: Call) -> Reply:
    event = call.calendar.get_event(call.arguments["department_id"], call.arguments["event_id"])
    return json_reply(event=public_event(event), etag=_version_of(event))


@routes.post("/api/events/<department_id>")
def create_event(call: Call) -> Reply:
    body = call.json_object()
    fields, client_id = event_from(body), client_id_from(body)
    outcome = call.calendar.create_event(call.arguments["department_id"], fields, client_id)
    return event_reply(outcome.record, 201 if outcome.change else 200)


@routes.put("/api/events/<event_id>")
def update_event(call: Call) -> Reply:
    fields, version = event_edit_from(call.json_object()), call.expected_version()
    return event_reply(call.calendar.update_event(call.arguments["event_id"], fields, version).record)


@routes.delete("/api/events/<event_id>")
def delete_event(call: Call) -> Reply:
    call.calendar.delete_event(call.arguments["event_id"], call.expected_version())
    return json_reply(message=message("event_removed", call.language))


@routes.post("/api/events/<event_id>/move")
def move_event(call: Call) -> Reply:
    target = call.json_object().get("department_id")
    if not isinstance(target, str):
        reason = "required" if target is None else "not_a_string"
        raise InvalidInput([FieldProblem("department_id", reason)])
    return event_reply(call.calendar.move_event(call.arguments["event_id"], target, call.expected_version()))


def event_reply(event: Record, status: int = 200) -> Reply:
    """The reply to a write: the event as it is now, its version as the ETag."""
    body = to_json({"success": True, "event": public_event(event)})
    return Reply(status, {"ETag": f'"{_version_of(event)}"'}, body)


def _version_of(event: Record) -> str:
    return str(event.get("version", 1))


def _filter_of(call: Call) -> Filter | None:
    """Returns the filter in the query string, None for the whole list. Raises InvalidInput."""
    query = call.query
    if not query:
        return None
    limit = whole_number_from("limit", query["limit"], 1, MAX_LIMIT) if "limit" in query else None
    first, last = date_from("from", query.get("from")), date_from("to", query.get("to"))
    filter = Filter(first, last, query.get("q"), limit)
    return filter if any(filter) else None


def _list_json(replica: Replica, filter: Filter | None) -> tuple[bytes, str]:
    """Returns the list as JSON, and the cursor of the state that it shows. Raises DepartmentNotFound."""
    ready = replica.at_hand()
    content = ready.answers.get("list") if filter is None else None
    if content is None:
        with replica.held():
            replica.must_exist()
            ready = replica.ready
            content = _list_body(replica.listing(), filter, ready)
        if filter is None:
            ready.keep("list", content)
    return content, ready.cursor


def _list_body(listing: Listing, filter: Filter | None, ready: Ready) -> bytes:
    if filter is None:
        pieces = listing.json
    else:
        places: Sequence[int] = listing.between(filter.first, filter.last)
        if filter.words:
            places = [place for place in places if contains(listing.events[place], filter.words)]
        pieces = [listing.json[place] for place in places[: filter.limit]]
    tail = f'],"revision":{ready.head.revision},"cursor":"{ready.cursor}"}}'
    return b"".join((b'{"success":true,"events":[', b",".join(pieces), tail.encode()))
