"""What every route needs, and how it is asked: the rows of the matrix of who may do what.

A route of the table without rows fails tests/access/test_matrix.py. `{names}` in paths and bodies are those
of `Values` (tests/access/matrix_values.py).
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, NamedTuple

from tests import sample_page
from tests.access.matrix_scene import (
    EDITOR,
    KINDS,
    MANAGER,
    NOTHING,
    VIEWER,
    Who,
)
from tests.access.matrix_values import Values

Expected = tuple[int, str]
"""Status, and the error's code; "" of a success."""


class Need(Enum):
    NOTHING = auto()
    SOMEBODY = auto()
    SEE = auto()
    EDIT = auto()
    MANAGE = auto()
    ADMINISTER = auto()
    WHOLE = auto()
    """A user with a token that isn't limited."""


_LEVELS = {Need.SEE: VIEWER, Need.EDIT: EDITOR, Need.MANAGE: MANAGER}


class Row(NamedTuple):
    """`unseen`: the code where the department isn't seen. `special`: instead of `need`. `changes`: what an
    allowed request uses up, so that it is made for it: "event", "department", "token" (the caller's own), …
    `of_department`: it is asked in every kind of department.
    """

    method: str
    path: str
    need: Need = Need.NOTHING
    ok: int = 200
    body: Any = None
    unseen: str = "department_not_found"
    special: Callable[[Who, str], Expected] | None = None
    changes: str = ""
    ok_code: str = ""
    check: Callable[[Values, Who, Any], bool] | None = None

    @property
    def of_department(self) -> bool:
        return any(f"{{{name}" in f"{self.path}{self.body}" for name in ("department", "event", "tombstone"))

    def expected(self, who: Who, kind: str) -> Expected:
        if who.foreign and self.method not in ("GET", "HEAD"):
            return 403, "origin_refused"
        return self.special(who, kind) if self.special else self._by_need(who, who.level(kind))

    def _by_need(self, who: Who, level: int | str) -> Expected:
        if self.need is Need.NOTHING:
            return self.ok, self.ok_code
        if isinstance(level, str):
            return 401, level
        if self.need in _LEVELS:
            if level == NOTHING:
                return 404, self.unseen
            is_allowed = level >= _LEVELS[self.need]
        else:
            is_allowed = {
                Need.SOMEBODY: True, Need.WHOLE: who.whole, Need.ADMINISTER: who.is_admin,
            }[self.need]  # fmt: skip
        return (self.ok, self.ok_code) if is_allowed else (403, "forbidden")


# What isn't by need alone


def _session(who: Who, kind: str) -> Expected:
    return (401, "token_invalid") if who.level(kind) == "token_invalid" else (200, "")


def _session_is_right(values: Values, who: Who, answer: Any) -> bool:
    return bool(answer["kind"] == who.kind) and (answer["user"] or {}).get("id", "") == (
        values.came.user if who.kind == "user" else ""
    )


def _feed(who: Who, kind: str) -> Expected:
    level = who.level(kind)
    if isinstance(level, str):
        return 401, level
    if not who.whole:
        return 403, "forbidden"
    return (404, "department_not_found") if level == NOTHING else (201, "")


def _import(who: Who, kind: str) -> Expected:
    level = who.level(kind)
    if isinstance(level, str):
        return 401, level
    return (200, "") if level >= EDITOR else (404, "import_not_found")


def _revoke(is_allowed: Callable[[Who], bool]) -> Callable[[Who, str], Expected]:
    def expected(who: Who, kind: str) -> Expected:
        level = who.level(kind)
        if isinstance(level, str):
            return 401, level
        return (200, "") if is_allowed(who) else (404, "token_not_found")

    return expected


def _lists_what_is_seen(values: Values, who: Who, answer: Any) -> bool:
    listed = {one["id"] for one in answer["departments"]}
    seen = {kind for kind in KINDS if values.scene.departments[kind] in listed}
    # Who is limited to the department that he asks about sees that one only; the others by his level.
    level = who.level(values.kind)
    is_right = (values.kind in seen) == (isinstance(level, int) and level > NOTHING)
    return is_right and ("cursor" in answer) == who.is_admin and ("revision" in answer) == who.is_admin


def _moves(target: str) -> Callable[[Who, str], Expected]:
    def expected(who: Who, kind: str) -> Expected:
        here, there = who.level(kind), who.level(target)
        if isinstance(here, str):
            return 401, here
        if here == NOTHING:
            return 404, "event_not_found"
        if isinstance(there, str) or there == NOTHING or (who.only_here and target != kind):
            return 404, "department_not_found"
        return (200, "") if min(here, there) >= EDITOR else (403, "forbidden")

    return expected


_OPERATIONS = [{"op": "create", "event": {"event_date": "2024-01-20", "title": "x"}}]
_EVENT = {"event_date": "2024-01-20", "title": "팀 회의"}
_ACCESS = "/api/departments/{department}/access"

ROWS: dict[str, list[Row]] = {
    "page.index": [Row("GET", "/")],
    "page.page_file": [Row("GET", sample_page.SCRIPT)],
    "page.service_worker": [Row("GET", "/sw.js")],
    "descriptions.get_places": [Row("GET", "/api")],
    "descriptions.get_openapi": [Row("GET", "/api/openapi.json")],
    "descriptions.get_asyncapi": [Row("GET", "/api/asyncapi.json")],
    "descriptions.get_docs": [Row("GET", "/docs"), Row("GET", "/docs?lang=en")],
    "descriptions.get_docs_style": [Row("GET", "/docs/style.css")],
    "session.get_session": [
        Row("GET", "/api/session", special=_session, check=_session_is_right),
    ],
    "session.sign_in": [
        Row("POST", "/api/session", ok=202, body={"device_code": "{device_code}"}),
        Row("POST", "/api/session", ok=400, ok_code="validation_error", body={}),
        Row("POST", "/api/session", ok=401, ok_code="wrong_credentials", body={"login": "{unique}"}),
    ],
    "session.sign_out": [Row("DELETE", "/api/session", changes="token")],
    "session.begin_device": [Row("POST", "/api/devices", ok=201, body={"name": "x"})],
    "session.get_device": [Row("GET", "/api/devices/{user_code}", Need.WHOLE)],
    "session.confirm_device": [Row("POST", "/api/devices/{user_code}", Need.WHOLE, changes="device")],
    "session.leave_for_provider": [Row("GET", "/auth/oidc", ok=302)],
    "session.back_from_provider": [Row("GET", "/auth/oidc/callback?state=x&code=y", ok=302)],
    "users.list_users": [Row("GET", "/api/users", Need.ADMINISTER)],
    "users.create_user": [Row("POST", "/api/users", Need.ADMINISTER, 201, {"login": "{unique}"})],
    "users.edit_user": [
        Row("PATCH", "/api/users/{other_user}", Need.ADMINISTER, body={"name": "{unique}"}),
        Row("PATCH", "/api/users/{own}", Need.ADMINISTER, body={"name": "{unique}"}),
        Row("PATCH", "/api/users/{other_user}", Need.ADMINISTER, 400, {"password": "short"},
            ok_code="validation_error"),
        Row("PATCH", "/api/users/{own}", Need.WHOLE, 400, {"password": "short"}, ok_code="validation_error"),
    ],
    "tokens.list_tokens": [
        Row("GET", "/api/tokens", Need.WHOLE),
        Row("GET", "/api/tokens?user={other_user}", Need.ADMINISTER),
    ],
    "tokens.issue_token": [
        Row("POST", "/api/tokens", Need.WHOLE, 201, {"kind": "app", "name": "x"}),
        Row("POST", "/api/tokens", Need.WHOLE, 201, {"kind": "device", "name": "x", "cap": "viewer"}),
        Row("POST", "/api/tokens", Need.ADMINISTER, 201,
            {"kind": "app", "name": "x", "user": "{other_user}"}),
        Row("POST", "/api/tokens", body={"kind": "feed", "name": "x", "departments": ["{department}"]},
            special=_feed),
    ],
    "tokens.revoke_token": [
        Row("DELETE", "/api/tokens/{others_token}", special=_revoke(lambda who: who.is_admin),
            changes="others"),
        Row("DELETE", "/api/tokens/{own_token}", special=_revoke(lambda who: who.whole)),
        Row("DELETE", "/api/tokens/{token_in_use}",
            special=_revoke(lambda who: who.kind != "guest"), changes="token"),
    ],
    "policies.get_access": [Row("GET", _ACCESS, Need.MANAGE)],
    "policies.set_access": [
        Row("PUT", _ACCESS, Need.MANAGE, body={"access": "{access}"}),
        Row("PUT", _ACCESS, Need.MANAGE, 400, {"passcode": "1"}, ok_code="validation_error"),
    ],
    "audit.list_audit": [Row("GET", "/api/audit", Need.ADMINISTER)],
    "departments.list_departments": [
        Row("GET", "/api/departments", Need.SOMEBODY),
        # About each of the departments: whether it is listed.
        Row("GET", "/api/departments?{department}", Need.SOMEBODY, check=_lists_what_is_seen),
    ],
    "departments.create_department": [
        Row("POST", "/api/departments", Need.ADMINISTER, 201, {"name": "{unique}"}),
    ],
    "departments.get_department": [Row("GET", "/api/departments/{department}", Need.SEE)],
    "departments.edit_department": [
        Row("PUT", "/api/departments/{department}", Need.MANAGE, body={"description": "{unique}"}),
        Row("PUT", "/api/departments/{department}", Need.MANAGE, body={"color": "teal", "position": 1}),
    ],
    "departments.delete_department": [
        Row("DELETE", "/api/departments/{department}", Need.MANAGE, changes="department"),
    ],
    "events.list_events": [
        Row("GET", "/api/events/{department}", Need.SEE),
        Row("GET", "/api/events/{department}?q=x&limit=1", Need.SEE),
        Row("GET", "/api/events/{department}?from=2024-01-01&to=2024-01-31&touching=true", Need.SEE),
    ],
    "events.get_event": [Row("GET", "/api/events/{department}/{event}", Need.SEE)],
    "events.create_event": [Row("POST", "/api/events/{department}", Need.EDIT, 201, _EVENT)],
    "events.update_event": [
        Row("PUT", "/api/events/{event}", Need.EDIT, body={"title": "{unique}"}, unseen="event_not_found"),
        Row("PUT", "/api/events/{event}", Need.EDIT, body={}, unseen="event_not_found"),
    ],
    "events.delete_event": [
        Row("DELETE", "/api/events/{event}", Need.EDIT, unseen="event_not_found", changes="event"),
    ],
    "events.move_event": [
        Row("POST", "/api/events/{event}/move", body={"department_id": f"{{to_{target}}}"},
            special=_moves(target), unseen="event_not_found", changes="event")
        for target in KINDS
    ],
    "batch.run_batch": [
        Row("POST", "/api/events/{department}/batch", Need.EDIT, body={"operations": _OPERATIONS}),
        Row("POST", "/api/events/{department}/batch", Need.EDIT,
            body={"operations": _OPERATIONS, "atomic": True}),
    ],
    "feeds.get_calendar": [Row("GET", "/api/departments/{department}/calendar.ics", Need.SEE)],
    "feeds.get_calendars": [Row("GET", "/api/calendar.ics?departments={department}", Need.SEE)],
    "feeds.get_table": [Row("GET", "/api/departments/{department}/calendar.csv", Need.SEE)],
    "feeds.get_event": [Row("GET", "/api/events/{department}/{event}/calendar.ics", Need.SEE)],
    "feeds.get_statistics": [
        Row("GET", "/api/departments/{department}/stats?from=2024-01-01&to=2024-01-02", Need.SEE),
    ],
    "imports.import_file": [
        # Without a file: it is looked at last.
        Row("POST", "/api/departments/{department}/import", Need.EDIT, 400, ok_code="validation_error"),
    ],
    "imports.get_import": [
        Row("GET", "/api/imports/{job}?{department}", special=_import, unseen="import_not_found"),
    ],
    "changes.list_changes": [
        Row("GET", "/api/changes/{department}", Need.SEE),
        Row("GET", "/api/changes/{department}?compact=1&limit=1", Need.SEE),
    ],
    "holidays.list_holidays": [Row("GET", "/api/holidays", Need.SOMEBODY)],
    "holidays.set_holiday": [
        Row("PUT", "/api/holidays/2026-10-08", Need.ADMINISTER, body={"name": "{unique}"}),
    ],
    "holidays.remove_holiday": [Row("DELETE", "/api/holidays/2026-10-08", Need.ADMINISTER)],
    "changes.event_history": [
        Row("GET", "/api/events/{event}/history", Need.SEE, unseen="event_not_found"),
        Row("GET", "/api/events/{tombstone[id]}/history", Need.SEE, unseen="event_not_found"),
    ],
    "changes.restore_event": [
        Row("POST", "/api/events/{tombstone[id]}/restore", Need.EDIT,
            body={"revision": "{tombstone_revision}"}, unseen="event_not_found", changes="event"),
    ],
}  # fmt: skip
