"""Examples of requests for every route, and how one of two equal servers answers them.

A route of the table without examples fails tests/rest/test_fast_path.py.
"""

import itertools
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from teamcal.calendar import imports
from teamcal.domain import values
from teamcal.rest.routes import Route
from tests import sample_page
from tests.house import House, Server

JSON = "application/json"
UNKNOWN = "99999999-9999-4999-8999-999999999999"
FIXED_TIME = datetime(2099, 1, 15, 10, 30, tzinfo=UTC)
"""In the future: the engine's TTL task deletes rows that were written long ago while a slow test runs."""
NAMED = ("https://a.example.com", "https://b.example.com")
EVENT = {"event_date": "2024-01-20", "title": " 팀 회의 ", "time": None, "url": "https://example.com"}
OPERATIONS = [
    {"op": "create", "event": EVENT},
    {"op": "update", "id": "{event}", "event": {"title": "둘"}, "version": 1},
    {"op": "delete", "id": UNKNOWN},
    {"op": "what"},
]


class Request(NamedTuple):
    """`path` may hold {department}, {other}, {event}, {deleted}, {cursor} and {job}; TAG is the ETag."""

    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = {}
    environ: dict[str, Any] = {}


def first_status(route: Route) -> str:
    """What the status of a route's first example begins with."""
    rooms = ("session.", "users.", "tokens.", "policies.", "audit.")
    is_missing = route.name.startswith(rooms) and route.name != "session.get_session"
    return "404" if is_missing else "20"


class Examples(NamedTuple):
    """The first path with the first body succeeds. A body is JSON, or bytes that are sent as they are."""

    paths: list[str]
    bodies: list[Any] = [None]


_EVENT_BODIES = [
    EVENT,
    {**EVENT, "unknown": [1], "revision": 7},
    {**EVENT, "title": ""},
    {**EVENT, "id": "no uuid"},
    {**EVENT, "id": "0D3B6E63-2B3C-4C0B-9D55-6A3F3F0F6C11"},
    {**EVENT, "id": "0D3B6E63-2B3C-4C0B-9D55-6A3F3F0F6C11"},  # a retry
    {**EVENT, "id": "0D3B6E63-2B3C-4C0B-9D55-6A3F3F0F6C11", "title": "다른 것"},
    {**EVENT, "description": "x" * 10_000},
    {**EVENT, "description": "가" * 10_001},
    {**EVENT, "description": "x" * 70_000},
    {**EVENT, "description": "x" * 1_100_000},
]
_STRANGE_IDS = [UNKNOWN, "*", "a b", "가", "a\n", "a%", "'", "..", "a" * 300, "null", "history", "batch"]

EXAMPLES: dict[str, Examples] = {
    "page.index": Examples(["/", "/?q=1"]),
    "descriptions.get_places": Examples(["/api", "/api?x=1"]),
    "descriptions.get_openapi": Examples(["/api/openapi.json"]),
    "descriptions.get_asyncapi": Examples(["/api/asyncapi.json"]),
    "descriptions.get_docs": Examples(["/docs", "/docs?lang=en", "/docs?lang=x", "/docs?lang="]),
    "descriptions.get_docs_style": Examples(["/docs/style.css"]),
    # In open mode; in token mode tests/rest/test_session.py and test_people.py ask both dispatchers.
    "session.get_session": Examples(["/api/session", "/api/session?x=1"]),
    "session.sign_in": Examples(["/api/session"], [{"login": "x", "password": "y"}, {}, b"{", b""]),
    "session.sign_out": Examples(["/api/session"]),
    "session.begin_device": Examples(["/api/devices"], [{"name": "x"}, {}]),
    "session.get_device": Examples(["/api/devices/WDJB-MJHT", "/api/devices/{event}"]),
    "session.confirm_device": Examples(["/api/devices/WDJB-MJHT"]),
    "session.leave_for_provider": Examples(["/auth/oidc", "/auth/oidc?return_to=/"]),
    "session.back_from_provider": Examples(["/auth/oidc/callback", "/auth/oidc/callback?state=x&code=y"]),
    "users.list_users": Examples(["/api/users"]),
    "users.create_user": Examples(["/api/users"], [{"login": "x"}, b"{"]),
    "users.edit_user": Examples(["/api/users/{event}", "/api/users/x"], [{"name": "x"}, {}]),
    "tokens.list_tokens": Examples(["/api/tokens", "/api/tokens?user=x"]),
    "tokens.issue_token": Examples(["/api/tokens"], [{"kind": "app", "name": "x"}, {}]),
    "tokens.revoke_token": Examples(["/api/tokens/x"]),
    "policies.get_access": Examples(["/api/departments/{department}/access"]),
    "policies.set_access": Examples(["/api/departments/{department}/access"], [{"access": "open"}, {}]),
    "audit.list_audit": Examples(["/api/audit", "/api/audit?limit=0"]),
    "page.service_worker": Examples(["/sw.js", "/sw.js?x=1"]),
    "page.page_file": Examples(
        [
            sample_page.SCRIPT, sample_page.STYLE, sample_page.ICON, "/web/licences-1.txt",
            "/web/absent.js", "/web/../app.py", "/web//index.js", "/web/vendor/../index.js",
            "/web/package.json", "/web/e2e/two-pages.mjs", "/web/vendor", "/web/",
            sample_page.SCRIPT + "?v=1",
        ]
    ),
    "departments.list_departments": Examples(["/api/departments"]),
    "departments.create_department": Examples(
        ["/api/departments"],
        [{"name": "영업팀"}, {"name": "영업팀"}, {"name": "개발팀"}, {"name": ""}, {"name": "a\x00"}, {}],
    ),
    "departments.get_department": Examples(["/api/departments/{department}"]),
    "departments.edit_department": Examples(
        ["/api/departments/{department}"], [{"name": "새 이름"}, {"name": "마케팅팀"}, {}, {"name": None}]
    ),
    "departments.delete_department": Examples(["/api/departments/{department}"]),
    "events.list_events": Examples(
        [
            "/api/events/{department}", "/api/events/{department}?from=2024-01-01&to=2024-12-31",
            "/api/events/{department}?from=x", "/api/events/{department}?limit=1",
            "/api/events/{department}?limit=0", "/api/events/{department}?q=%ED%9A%8C%EC%9D%98&unknown=1",
            "/api/events/{department}?q=\xff&q=%ff", "/api/events/{department}?q=a&q=b&=&&",
        ]
    ),
    "events.get_event": Examples(
        ["/api/events/{department}/{event}", "/api/events/{other}/{event}", "/api/events/x/batch"]
    ),
    "events.create_event": Examples(["/api/events/{department}"], _EVENT_BODIES),
    "events.update_event": Examples(
        ["/api/events/{event}", "/api/events/{deleted}"],
        [{"title": "새 제목"}, {}, {"title": " "}, {"time": None}, EVENT],
    ),
    "events.delete_event": Examples(["/api/events/{event}", "/api/events/{deleted}"]),
    "events.move_event": Examples(
        ["/api/events/{event}/move"],
        [{"department_id": "{other}"}, {"department_id": UNKNOWN}, {"department_id": 1}, {}],
    ),
    "batch.run_batch": Examples(
        ["/api/events/{department}/batch"],
        [
            {"operations": OPERATIONS}, {"operations": OPERATIONS, "atomic": True}, {"operations": []},
            {"operations": 1}, {"operations": [], "atomic": 1}, {"operations": [1] * 501},
        ],
    ),
    "changes.list_changes": Examples(
        [
            "/api/changes/{department}?cursor={cursor}", "/api/changes/{department}",
            "/api/changes/{department}?cursor={cursor}&compact=1&limit=1",
            "/api/changes/{department}?cursor=garbage", "/api/changes/{department}?cursor=",
            "/api/changes/{department}?cursor={cursor}%20", "/api/changes/{other}?cursor={cursor}",
            "/api/changes/{department}?limit=1001", "/api/changes/{department}?newest=2",
            "/api/changes/{department}?newest=0", "/api/changes/{department}?cursor={cursor}&cursor=x",
        ]
    ),
    "holidays.list_holidays": Examples(
        [
            "/api/holidays?from=2026-01-01&to=2026-12-31", "/api/holidays", "/api/holidays?from=x",
            "/api/holidays?from=2026-01-01&to=2029-12-31", "/api/holidays?to=2026-03-01",
        ]
    ),
    "holidays.set_holiday": Examples(
        ["/api/holidays/2026-10-08", "/api/holidays/today", "/api/holidays/2026-02-30"],
        [{"name": " 창립기념일 "}, {"name": ""}, {}, {"name": 1}, {"name": "x" * 101}],
    ),
    "holidays.remove_holiday": Examples(["/api/holidays/2026-10-08", "/api/holidays/*"]),
    "feeds.get_calendar": Examples(
        ["/api/departments/{department}/calendar.ics", "/api/departments/{other}/calendar.ics?token=x"]
    ),
    "feeds.get_calendars": Examples(
        ["/api/calendar.ics?departments={department},{other}", "/api/calendar.ics",
         "/api/calendar.ics?departments=" + ",".join(map(str, range(21)))]
    ),
    "feeds.get_table": Examples(["/api/departments/{department}/calendar.csv"]),
    "feeds.get_event": Examples(
        ["/api/events/{department}/{event}/calendar.ics", "/api/events/{other}/{event}/calendar.ics"]
    ),
    "feeds.get_statistics": Examples(
        ["/api/departments/{department}/stats?from=2024-01-01&to=2024-12-31",
         "/api/departments/{department}/stats?from=2024-01-01", "/api/departments/{department}/stats?to=x"]
    ),
    "imports.import_file": Examples(
        ["/api/departments/{department}/import"],
        [b"date,title\n2024-01-20,x\n", b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", b"x" * 1_100_000],
    ),
    "imports.get_import": Examples(
        ["/api/imports/{job}", "/api/imports/{job}?from=1", "/api/imports/{job}?from=x"]
    ),
    "changes.event_history": Examples(["/api/events/{event}/history", "/api/events/{deleted}/history"]),
    "changes.restore_event": Examples(
        ["/api/events/{deleted}/restore"],
        [{"revision": 2}, {"revision": 1}, {"revision": 99}, {"revision": True}, {}],
    ),
}  # fmt: skip

_HEADERS = [
    {},
    {"Accept-Language": "en"},
    {"Accept": "text/html"},
    {"Origin": "https://a.example.com"},
    {"Origin": "HTTPS://B.example.com"},
    {"Origin": "https://foreign.example.com"},
    {"Origin": ""},
    {"Access-Control-Request-Private-Network": "true", "Origin": "https://a.example.com"},
    {"Connection": "upgrade", "Upgrade": "websocket"},
    {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"},
    {"Host": "a b"},
    {"Range": "bytes=0-3"},
    {"X-Display-Name": "%EA%B9%80"},
    {"X-Display-Name": "%ff"},
    {"Cookie": "session=x"},
    {"Transfer-Encoding": "identity"},
    {"X-HTTP-Method-Override": "DELETE"},
]
_CONDITIONS = [
    {"If-None-Match": "TAG"},
    {"If-None-Match": "TAG", "Origin": "https://a.example.com"},
    {"If-None-Match": "W/TAG"},
    {"If-None-Match": '"other"'},
    {"If-None-Match": "*"},
    {"If-None-Match": '"a", TAG'},
    {"If-None-Match": "garbage"},
    {"If-None-Match": ""},
    {"If-Modified-Since": "Sat, 20 Jan 2024 00:00:00 GMT"},
    {"If-Match": "TAG"},
    {"If-Match": '"7"'},
    {"If-Match": "*"},
    {"If-Match": "garbage"},
    {"If-Match": ""},
    {"If-Match": '"other"', "If-None-Match": "TAG"},
]
_BODIES = [
    b"",
    b"{",
    b"[1]",
    b'"text"',
    b"null",
    b"\xff",
    b'{"title": NaN}',
    b'{"title":"\\ud800"}',
    b"[" * 100_000,
]
_CONTENT_TYPES = [
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    "text/plain",
    "application/vnd.api+json",
    "",
]
_LENGTHS = ["", "-5", "five", "٣", "2", "999", "99999999999999999999"]
_METHODS = ["HEAD", "OPTIONS", "PATCH", "GET", "POST", "PUT", "DELETE", "get", "TRACE"]


def requests_for(method: str, examples: Examples) -> Iterator[Request]:
    """The first of them succeeds; the others are everything that could be answered differently."""
    bodies = [
        body if isinstance(body, bytes | None) else json.dumps(body).encode() for body in examples.bodies
    ]
    for path, body in itertools.product(examples.paths, bodies):
        yield Request(method, path, body)
    path, body = examples.paths[0], bodies[0]
    for headers in _HEADERS + _CONDITIONS:
        yield Request(method, path, body, headers)
    if method == "GET":
        for other, condition in itertools.product(examples.paths[1:], _CONDITIONS[:3]):
            yield Request(method, other, None, condition)
    else:
        for broken in _BODIES:
            yield Request(method, path, broken)
        for content_type in _CONTENT_TYPES:
            yield Request(method, path, body, {"Content-Type": content_type})
    for length in _LENGTHS:
        yield Request(method, path, body, {}, {"CONTENT_LENGTH": length})
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    yield Request(method, path, body, {}, chunked)
    for tidy in (path.partition("?")[0] + "/", "/" + path, path.replace("/api", "//api"), path.upper()):
        yield Request(method, tidy, body)
    for strange in _STRANGE_IDS:
        for name in ("{department}", "{event}", "{deleted}"):
            if name in path:
                yield Request(method, path.replace(name, strange), body)
    for other_method in _METHODS:
        yield Request(other_method, path, body)


class Side:
    """A server in a house of its own. Two sides have the same ids and clock, so they answer alike."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        numbers = itertools.count(1)
        monkeypatch.setattr(values, "random_bytes", lambda size: next(numbers).to_bytes(size))
        # In the request, so that ids come in the same order.
        monkeypatch.setattr(imports, "in_background", lambda work: work())
        self.server = House().server(now=lambda: FIXED_TIME, **settings)
        commit = self.server.database.commit
        # The engine is shared by both sides and takes a token for one transaction only.
        monkeypatch.setattr(
            self.server.database, "commit", lambda writes, token: commit(writes, str(uuid.uuid4()))
        )
        self.names = _example_data(self.server)

    def answers(self, requests: Iterator[Request]) -> list[tuple[Request, Any]]:
        return [(request, self.answer(request)) for request in requests]

    def answer(self, request: Request) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status, headers but Date, which werkzeug and web servers add, and body."""
        headers = {name: self._with_tag(value, request.path) for name, value in request.headers.items()}
        path, _, query = self.filled(request.path).partition("?")
        body = None if request.body is None else self.filled(request.body.decode("latin-1")).encode("latin-1")
        environ = EnvironBuilder(
            "/", method=request.method, data=body, headers={"Content-Type": JSON, **headers}
        ).get_environ()
        environ |= {
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": _latin_1(query),
            **request.environ,
        }
        content, status, fields = run_wsgi_app(self.server.app.wsgi_app, environ)
        return status, sorted(pair for pair in fields if pair[0] != "Date"), b"".join(content)

    def filled(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace("{" + name + "}", value)
        return text

    def _with_tag(self, value: str, path: str) -> str:
        if "TAG" not in value:
            return value
        headers = dict(self.answer(Request("GET", path))[1])
        return value.replace("TAG", headers.get("ETag", '"none"'))


def _latin_1(query: str) -> str:
    """A query string as WSGI has it: bytes in the form of text."""
    return query if all(character <= "\xff" for character in query) else query.encode().decode("latin-1")


def _example_data(server: Server) -> dict[str, str]:
    department, other = server.department("개발팀"), server.department("마케팅팀")
    cursor = server.http.get(f"/api/events/{department}").json["cursor"]
    event = server.event(department, title='회의 "1"')["id"]
    deleted = server.event(department)["id"]
    server.http.delete(f"/api/events/{deleted}")
    server.event(department, event_date="2024-02-01")
    table = server.http.post(f"/api/departments/{other}/import", data="date,title\n내일,x\n")
    job = table.json["job"]["id"]
    return {
        "job": job,
        "department": department,
        "other": other,
        "event": event,
        "deleted": deleted,
        "cursor": cursor,
    }
