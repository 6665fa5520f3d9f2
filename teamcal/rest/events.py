"""/api/events. The segment after it is a department's id for GET and POST, an event's for PUT and DELETE."""

from typing import Any

from teamcal.calendar.catch_up import window_from
from teamcal.calendar.series import Scope
from teamcal.domain.events import public_event
from teamcal.domain.fields import client_id_from, event_edit_from, event_from
from teamcal.domain.fold import Outcome
from teamcal.domain.operation_ids import asked_to_create, asked_to_delete, asked_to_update
from teamcal.domain.values import Record, to_json
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.call import Call, Reply, bytes_reply, compressible, json_reply
from teamcal.rest.parsing import date_from, flag_from, whole_number_from
from teamcal.rest.routes import Routes
from teamcal.sync.sorted_events import EventFilter
from teamcal.texts.messages import message

MAX_LIMIT = 100_000

routes = Routes("events")


@routes.get("/api/events/<department_id>")
def list_events(call: Call) -> Reply:
    department_id, query = call.arguments["department_id"], call.query
    if "expand" in query or "d_day" in query:
        return _list_occurrences(call)
    filter, series = _filter_of(query), flag_from("series", query)
    listing = call.calendar.events.listing(call.caller, department_id, filter, series)
    return bytes_reply(listing.content, etag=listing.cursor, gzip=listing.gzip)


def _list_occurrences(call: Call) -> Reply:
    query, department_id = call.query, call.arguments["department_id"]
    filter = _filter_of(query) or EventFilter()
    expand, series, d_day = (flag_from(name, query) for name in ("expand", "series", "d_day"))
    listing = call.calendar.expanded.list(call.caller, department_id, filter, expand, series, d_day)
    etag, revision = f"{listing.cursor}.{listing.day}", listing.revision
    return compressible(
        json_reply(etag=etag, events=listing.events, revision=revision, cursor=listing.cursor)
    )


@routes.get("/api/events/<department_id>/<event_id>")
def get_event(call: Call) -> Reply:
    department_id, event_id = call.arguments["department_id"], call.arguments["event_id"]
    series = flag_from("series", call.query)
    event = call.calendar.events.get(call.caller, department_id, event_id, series)
    public = public_event(event)
    return json_reply(event=public, etag=str(public["version"]))


@routes.post("/api/events/<department_id>")
def create_event(call: Call) -> Reply:
    body = call.json_object()
    fields, client_id, department_id = event_from(body), client_id_from(body), call.arguments["department_id"]
    operation_id = call.operation_id(*asked_to_create(department_id, body))
    outcome = call.calendar.events.create(call.caller, department_id, fields, client_id, operation_id)
    return written_reply(call, outcome, 201 if outcome.change else 200)


@routes.put("/api/events/<event_id>")
def update_event(call: Call) -> Reply:
    event_id, body, query = call.arguments["event_id"], call.json_object(), call.query
    fields, scope, series = event_edit_from(body), _scope_from(query), flag_from("series", query)
    operation_id = call.operation_id(*asked_to_update(event_id, body, scope, series))
    outcome = call.calendar.events.update(
        call.caller, event_id, fields, call.expected_version(), scope, series, operation_id
    )
    dropped: list[str] = []
    if "exceptions" not in fields and fields.keys() & {"recurrence", "event_date"}:
        dropped = call.calendar.events.dropped_exceptions(call.caller, event_id, outcome)
    return written_reply(call, outcome, dropped_exceptions=dropped)


@routes.delete("/api/events/<event_id>")
def delete_event(call: Call) -> Reply:
    event_id, version, query = call.arguments["event_id"], call.expected_version(), call.query
    scope, series = _scope_from(query), flag_from("series", query)
    operation_id = call.operation_id(*asked_to_delete(event_id, scope, series))
    call.calendar.events.delete(call.caller, event_id, version, scope, series, operation_id)
    return json_reply(message=message("event_removed", call.language))


@routes.post("/api/events/<event_id>/move")
def move_event(call: Call) -> Reply:
    target = call.json_object().get("department_id")
    if not isinstance(target, str):
        reason = "required" if target is None else "not_a_string"
        raise InvalidInput([FieldProblem("department_id", reason)])
    event_id, version = call.arguments["event_id"], call.expected_version()
    target, series = call.calendar.stored_id(target), flag_from("series", call.query)
    operation_id = call.operation_id("move", event_id, target, series)
    event = call.calendar.events.move(call.caller, event_id, target, version, series, operation_id)
    return event_reply(event)


def _scope_from(query: dict[str, str]) -> Scope:
    scope = query.get("scope", Scope.THIS)
    if scope not in set(Scope):
        raise InvalidInput([FieldProblem("scope", "not_one_of", {"allowed": ", ".join(Scope)})])
    return Scope(scope)


def written_reply(call: Call, outcome: Outcome, status: int = 200, **more: list[str]) -> Reply:
    """As `event_reply`, with what the one who writes should know: events at the same place and time, and
    whatever is in `more`.
    """
    event = outcome.record
    if "location" in event:
        more["overlaps"] = call.calendar.overlaps.of(call.caller, event)
    return event_reply(event, status, **{name: ids for name, ids in more.items() if ids})


def event_reply(event: Record, status: int = 200, **more: Any) -> Reply:
    """The reply to a write: the event as it is now, its version as the ETag."""
    public = public_event(event)
    headers = {"ETag": f'"{public["version"]}"'}
    return Reply(status, headers, to_json({"success": True, "event": public, **more}))


def _filter_of(query: dict[str, str]) -> EventFilter | None:
    """Returns the filter in the query string, None for the whole list. Raises InvalidInput."""
    if not query:
        return None
    limit = whole_number_from("limit", query["limit"], 1, MAX_LIMIT) if "limit" in query else None
    first, last = date_from("from", query.get("from")), date_from("to", query.get("to"))
    filter = EventFilter(first, last, query.get("q") or None, limit, flag_from("touching", query))
    if filter.touching and window_from(first, last) is None:
        raise InvalidInput([FieldProblem("from", "required")])
    return filter if any(filter) else None
