"""/api/changes, and an event's history."""

from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.call import Call, Reply, bytes_reply, json_reply
from teamcal.rest.events import event_reply
from teamcal.rest.parsing import whole_number_from
from teamcal.rest.routes import Routes
from teamcal.sync.changes_since import public_change

DEFAULT_LIMIT, MAX_LIMIT = 500, 1000

routes = Routes("changes")


@routes.get("/api/changes/<department_id>")
def list_changes(call: Call) -> Reply:
    query = call.query
    limit = whole_number_from("limit", query["limit"], 1, MAX_LIMIT) if "limit" in query else DEFAULT_LIMIT
    changes = call.calendar.catch_up.changes(
        call.caller, call.arguments["department_id"], query.get("cursor"), limit
    )
    return bytes_reply(changes.compact_json if query.get("compact") == "1" else changes.full_json)


@routes.get("/api/events/<event_id>/history")
def event_history(call: Call) -> Reply:
    steps = call.calendar.history.of_event(call.caller, call.arguments["event_id"])
    return json_reply(
        history=[{"department_id": log_id, **public_change(change)} for log_id, change in steps]
    )


@routes.post("/api/events/<event_id>/restore")
def restore_event(call: Call) -> Reply:
    revision = call.json_object().get("revision")
    if isinstance(revision, bool) or not isinstance(revision, int):
        raise InvalidInput([FieldProblem("revision", "unknown_revision")])
    outcome = call.calendar.history.restore(call.caller, call.arguments["event_id"], revision)
    return event_reply(outcome.record)
