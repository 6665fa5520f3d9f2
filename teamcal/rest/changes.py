"""/api/changes, and an event's history."""

from typing import Any

from flask import Blueprint, Response, request

from teamcal.calendar.history import History, Page, compacted
from teamcal.domain.changes import Change
from teamcal.domain.cursor import cursor_of
from teamcal.domain.events import public_event
from teamcal.domain.values import to_json
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.events import written
from teamcal.rest.parsing import json_object, whole_number
from teamcal.rest.replies import answer, as_it_is, respond

DEFAULT_LIMIT = 500


def _shown(change: Change) -> dict[str, Any]:
    event = public_event(change.record) if "id" in change.record else None
    return {
        "revision": change.revision,
        "kind": change.kind,
        "event": event,
        "at": change.at,
        "by": change.by,
    }


def _body(page: Page, **what: Any) -> bytes:
    at = {"revision": page.head.revision, "cursor": cursor_of(page.head), "more": page.more}
    return to_json({"success": True, **at, **what})


def _changes_body(page: Page) -> bytes:
    return _body(page, changes=[_shown(change) for change in page.changes])


def _compact_body(page: Page) -> bytes:
    events, deleted = compacted(page)
    return _body(page, events=[public_event(event) for event in events], deleted=deleted)


def changes_content(page: Page, compact: bool) -> bytes:
    """A page as JSON, made once for all who ask for the same."""
    made = _compact_body if compact else _changes_body
    content = page.answers[made] = page.answers.get(made) or made(page)
    return content


def changes_blueprint(history: History) -> Blueprint:
    routes = Blueprint("changes", __name__)

    @routes.get("/api/changes/<department_id>")
    def list_changes(department_id: str) -> Response:
        limit = whole_number("limit", DEFAULT_LIMIT, 1, 1000) or DEFAULT_LIMIT
        page = history.changes(department_id, request.args.get("cursor"), limit)
        return as_it_is(changes_content(page, request.args.get("compact") == "1"))

    @routes.get("/api/events/<event_id>/history")
    def event_history(event_id: str) -> Response:
        steps = history.of_event(event_id)
        return answer(history=[{"department_id": log_id, **_shown(change)} for log_id, change in steps])

    @routes.post("/api/events/<event_id>/restore")
    def restore(event_id: str) -> Response:
        revision = json_object().get("revision")
        if isinstance(revision, bool) or not isinstance(revision, int):
            raise InvalidInput([FieldProblem("revision", "unknown_revision")])
        return respond(written(history.restore(event_id, revision).record))

    return routes
