"""Every answer has safe headers, and no page of a foreign origin writes."""

import itertools
from typing import Any

import pytest

from teamcal.http.clients import Proxies
from teamcal.http.headers import SafeHeaders
from teamcal.http.origins import OriginRule, OwnOrigins
from tests import sample_page
from tests.house import House

NAMED, FOREIGN, OWN = "https://a.example.com", "https://evil.example", "http://localhost"
NAME = {"name": "개발팀"}


@pytest.fixture(params=[True, False], ids=["fast path", "Flask"])
def fast_path(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


# Writes


@pytest.mark.parametrize("origin", [FOREIGN, "null", f"{OWN}.evil.example", "http://localhost:1", "x"])
def test_a_foreign_page_writes_nothing(house: House, fast_path: bool, origin: str) -> None:
    server = house.server(cors_origins=(NAMED,), fast_path=fast_path)
    department = server.department()
    event = server.event(department)["id"]
    before = house.dump()
    for method, path in (
        ("POST", "/api/departments"), ("PUT", f"/api/departments/{department}"),
        ("DELETE", f"/api/departments/{department}"), ("POST", f"/api/events/{department}"),
        ("PUT", f"/api/events/{event}"), ("DELETE", f"/api/events/{event}"), ("PATCH", "/"), ("POST", "/x"),
        ("POST", f"/api/events/{department}/batch"),
    ):  # fmt: skip
        for headers in ({}, {"Authorization": "Basic YTpi"}, {"Cookie": "a=b"}):
            answer = server.http.open(path, method=method, json=NAME, headers={"Origin": origin, **headers})
            assert (answer.status_code, answer.json["code"]) == (403, "origin_refused")
            assert answer.json["origin"] == origin
    assert house.dump() == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": OWN},
        {"Origin": NAMED},
        {"Origin": NAMED.upper()},
        {"Origin": ""},
        {"Origin": FOREIGN, "Authorization": "Bearer tcs_x"},
        {"Origin": "https://localhost", "X-Forwarded-Proto": "https"},
    ],
)
def test_others_write(house: House, fast_path: bool, headers: dict[str, str]) -> None:
    server = house.server(cors_origins=(NAMED,), fast_path=fast_path)
    assert server.http.post("/api/departments", json=NAME, headers=headers).status_code == 201


def test_reads_and_preflights_are_left_to_cors(house: House, fast_path: bool) -> None:
    server = house.server(cors_origins=(NAMED,), fast_path=fast_path)
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = server.http.open("/api/departments", method=method, headers={"Origin": FOREIGN})
        assert answer.status_code == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_by_default_any_page_writes(house: House, fast_path: bool) -> None:
    http = house.server(cors_origins=("*",), fast_path=fast_path).http
    for number, origin in enumerate((FOREIGN, "null")):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        answer = http.post("/api/departments", json={"name": f"부서 {number}"}, headers=headers)
        assert answer.status_code == 201
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


# What the finder of the caller asks


def rule(*origins: str, token_mode: bool = True) -> OriginRule:
    own = OwnOrigins(Proxies(1), "https://calendar.example.com/team", strict=True)
    return OriginRule("*" if origins == ("*",) else list(origins), own, token_mode)


def asked(method: str = "GET", **headers: str) -> dict[str, Any]:
    named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return {"REQUEST_METHOD": method, "wsgi.url_scheme": "http", "HTTP_HOST": "intra:8000", **named}


OWN_PAGES = [
    {"origin": "http://intra:8000"},
    {"origin": "https://calendar.example.com"},
    {"origin": "https://intra:8000", "x_forwarded_proto": "https"},
]
FOREIGN_PAGES = [
    {"origin": FOREIGN}, {"origin": "null"}, {"origin": NAMED}, {"origin": "http://intra"},
    {"origin": "http://calendar.example.com"}, {"origin": "http://intra:8000", "x_forwarded_proto": "https"},
]  # fmt: skip


@pytest.mark.parametrize("origins", [("*",), (NAMED,)])
def test_cookies_count_for_our_own_page_only(origins: tuple[str, ...]) -> None:
    allowed = rule(*origins).cookie_allowed
    for method, page in itertools.product(("GET", "HEAD", "POST", "DELETE"), OWN_PAGES):
        assert allowed(asked(method, **page))
    for method, page in itertools.product(("GET", "HEAD", "POST", "DELETE"), FOREIGN_PAGES):
        assert not allowed(asked(method, **page))
    # Over plain http browsers say nothing about a read within one origin, but all about writes and sockets.
    assert allowed(asked())
    assert not allowed(asked("POST"))
    assert not allowed(asked(upgrade="websocket"))
    assert allowed(asked(upgrade="websocket", origin="http://intra:8000"))
    assert not allowed(asked(upgrade="websocket", origin=FOREIGN))
    for site, expected in (
        ("same-origin", True),
        ("none", True),
        ("same-site", False),
        ("cross-site", False),
    ):
        assert allowed(asked(sec_fetch_site=site)) is expected


def test_guests_are_nobody_else_pages() -> None:
    for origins in (("*",), (NAMED,)):
        allowed = rule(*origins).guest_allowed
        assert allowed(asked("POST"))
        assert all(allowed(asked("POST", **page)) for page in OWN_PAGES)
        assert not any(allowed(asked(**page)) for page in FOREIGN_PAGES if page["origin"] != NAMED)
        assert not allowed(asked(sec_fetch_site="cross-site"))
        assert allowed(asked(origin=NAMED)) is (origins == (NAMED,))


def test_any_origin_counts_in_token_mode_for_tokens_only() -> None:
    any_page = rule("*")
    assert any_page(FOREIGN, asked())  # may connect, as nobody
    assert not any_page.write_allowed(asked("POST", origin=FOREIGN))
    assert not any_page.write_allowed(asked("POST", origin=FOREIGN, authorization="Basic eDp5"))
    assert any_page.write_allowed(asked("POST", origin=FOREIGN, authorization="bearer tcs_x"))
    assert any_page.write_allowed(asked("POST", origin="http://intra:8000"))
    assert rule("*", token_mode=False).write_allowed(asked("POST", origin=FOREIGN))


# Headers


def test_every_answer_has_safe_headers(house: House, fast_path: bool) -> None:
    server = house.server(fast_path=fast_path, cors_origins=(NAMED,))
    department = server.department()
    requests = [
        ("GET", "/", 200), ("GET", sample_page.SCRIPT, 200), ("GET", "/sw.js", 200),
        ("GET", "/web/none.js", 404), ("GET", "/x", 404),
        ("GET", "/api/departments", 200), ("GET", f"/api/events/{department}", 200), ("GET", "/api/x", 404),
        ("GET", f"/api/changes/{department}", 200), ("POST", f"/api/events/{department}", 400),
        ("PATCH", "/api/departments", 405), ("OPTIONS", "/api/departments", 200),
        ("HEAD", "/api/departments", 200), ("GET", "/socket.io/?EIO=4&transport=polling", 200),
        ("GET", "/socket.io/?EIO=3&transport=polling", 400),
        ("GET", "/socket.io/?EIO=4&transport=polling&sid=none", 400),
    ]  # fmt: skip
    answers = [
        (path, status, server.http.open(path, method=method, json={}, headers={"Accept": "text/html"}))
        for method, path, status in requests
    ]
    large = server.http.post("/api/departments", data=b"x" * 1_100_000, content_type="application/json")
    foreign = server.http.delete(f"/api/departments/{department}", headers={"Origin": FOREIGN})
    for path, status, answer in [*answers, ("/api/", 413, large), ("/api/", 403, foreign)]:
        assert answer.status_code == status
        names = [name for name, _ in answer.headers.to_wsgi_list()]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert names.count("Cache-Control") == 1
        is_socket = path.startswith("/socket.io/")
        kept = "public, max-age=31536000, immutable" if path == sample_page.SCRIPT else "no-cache"
        assert answer.headers["Cache-Control"] == ("no-store" if is_socket else kept)
        if not is_socket:
            assert names.count("Content-Security-Policy") == 1
            policy = answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert ("script-src 'self'" in policy) is (path in ("/", "/sw.js"))


def test_what_pages_of_any_origin_may_read_they_may_embed(house: House) -> None:
    answer = house.server(cors_origins=("*",)).http.get("/api/departments")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_what_has_not_changed_says_the_same(house: House, fast_path: bool) -> None:
    http = house.server(fast_path=fast_path).http
    etag = http.get("/api/departments").headers["ETag"]
    answer = http.get("/api/departments", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (304, "no-cache")
    # Whatever else the client has to know is with the answer that it has kept (RFC 9110, 15.4.5).
    assert "Content-Security-Policy" not in answer.headers


def test_in_token_mode_what_has_not_changed_stays_the_askers() -> None:
    headers = dict(SafeHeaders(any_page=False, token_mode=True)("/api/departments", "304 NOT MODIFIED"))
    assert headers == {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie, Origin"}


def test_in_token_mode_answers_belong_to_who_asked() -> None:
    headers = SafeHeaders(any_page=False, token_mode=True)
    for path in ("/api/departments", "/auth/oidc", "/feeds/x", "/dav/"):
        found = dict(headers(path))
        assert found["Cache-Control"] == "private, no-cache"
        assert found["Vary"] == "Authorization, Cookie, Origin"
    for path in ("/", "/sw.js", "/web/index.js", "/socket.io/"):
        assert "Vary" not in dict(headers(path))
