"""/api/changes, and an event's history."""

from teamcal.domain.fields import folded_id
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.call import Call, Reply, bytes_reply, compressible, json_reply
from teamcal.rest.events import event_reply
from teamcal.rest.parsing import flag_from, whole_number_from
from teamcal.rest.routes import Routes
from teamcal.sync.changes_since import public_change

DEFAULT_LIMIT, MAX_LIMIT = 500, 1000

routes = Routes("changes")


@routes.get("/api/changes/<department_id>")
def list_changes(call: Call) -> Reply:
    query = call.query
    if "newest" in query:
        most = whole_number_from("newest", query["newest"], 1, MAX_LIMIT)
        newest = call.calendar.catch_up.newest(call.caller, call.arguments["department_id"], most)
        return bytes_reply(newest.full_json)
    limit = whole_number_from("limit", query["limit"], 1, MAX_LIMIT) if "limit" in query else DEFAULT_LIMIT
    changes = call.calendar.catch_up.changes(
        call.caller,
        call.arguments["department_id"],
        query.get("cursor"),
        limit,
        flag_from("series", query),
    )
    content = changes.compact_json if query.get("compact") == "1" else changes.full_json
    return compressible(bytes_reply(content))


@routes.get("/api/events/<event_id>/history")
def event_history(call: Call) -> Reply:
    steps = call.calendar.history.of_event(call.caller, call.arguments["event_id"])
    history = [{"department_id": log_id, **public_change(change)} for log_id, change in steps]
    return compressible(json_reply(history=history))


@routes.post("/api/events/<event_id>/restore")
def restore_event(call: Call) -> Reply:
    body = call.json_object()
    revision, department_id = body.get("revision"), body.get("department_id")
    if isinstance(revision, bool) or not isinstance(revision, int):
        raise InvalidInput([FieldProblem("revision", "unknown_revision")])
    if department_id is not None and not isinstance(department_id, str):
        raise InvalidInput([FieldProblem("department_id", "not_a_string")])
    folded = None if department_id is None else folded_id(department_id)
    event_id = call.arguments["event_id"]
    operation_id = call.operation_id("restore", event_id, revision, folded)
    outcome = call.calendar.history.restore(call.caller, event_id, revision, folded, operation_id)
    return event_reply(outcome.record)
