"""/api/changes, and an event's history."""

from typing import Any

from teamcal.calendar.history import Page, compacted
from teamcal.domain.changes import Change
from teamcal.domain.cursor import cursor_of
from teamcal.domain.events import public_event
from teamcal.domain.values import to_json
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.call import Call, Reply, bytes_reply, json_reply
from teamcal.rest.events import event_reply
from teamcal.rest.parsing import whole_number_from
from teamcal.rest.routes import Routes

DEFAULT_LIMIT, MAX_LIMIT = 500, 1000

routes = Routes("changes")


@routes.get("/api/changes/<department_id>")
def list_changes(call: Call) -> Reply:
    query = call.query
    limit = whole_number_from("limit", query["limit"], 1, MAX_LIMIT) if "limit" in query else DEFAULT_LIMIT
    page = call.history.changes(call.arguments["department_id"], query.get("cursor"), limit)
    return bytes_reply(_page_json(page, compact=query.get("compact") == "1"))


@routes.get("/api/events/<event_id>/history")
def event_history(call: Call) -> Reply:
    steps = call.history.of_event(call.arguments["event_id"])
    return json_reply(
        history=[{"department_id": log_id, **public_change(change)} for log_id, change in steps]
    )


@routes.post("/api/events/<event_id>/restore")
def restore_event(call: Call) -> Reply:
    revision = call.json_object().get("revision")
    if isinstance(revision, bool) or not isinstance(revision, int):
        raise InvalidInput([FieldProblem("revision", "unknown_revision")])
    return event_reply(call.history.restore(call.arguments["event_id"], revision).record)


def public_change(change: Change) -> dict[str, Any]:
    """A change as clients see it; `event` is None for a change that is about no event."""
    event = public_event(change.record) if "id" in change.record else None
    return {
        "revision": change.revision,
        "kind": change.kind,
        "event": event,
        "at": change.at,
        "by": change.by,
    }


def _page_json(page: Page, compact: bool) -> bytes:
    """Returns the page as JSON, encoded once for all who ask for the same."""
    name = "compact" if compact else "changes"
    content: bytes | None = page.answers.get(name)
    if content is None:
        content = page.answers[name] = _page_body(page, compact)
    return content


def _page_body(page: Page, compact: bool) -> bytes:
    body = {
        "success": True,
        "revision": page.head.revision,
        "cursor": cursor_of(page.head),
        "more": page.more,
    }
    if not compact:
        return to_json({**body, "changes": [public_change(change) for change in page.changes]})
    events, deleted = compacted(page)
    return to_json({**body, "events": [public_event(event) for event in events], "deleted": deleted})
