"""What holds for every route: the root, CORS, slashes, methods, languages, errors."""

import json
import logging
from typing import Any

import pytest

from teamcal.rest.flask_dispatcher import register_routes
from tests.house import House, Server

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/json", "text/plain", "application/json, text/html"]
)
def test_the_root_tells_programs_that_it_runs(http: Any, accept: str | None) -> None:
    answer = http.get("/", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    assert answer.json["status"] == "running"
    assert answer.json["message"]
    assert answer.json["version"]


@pytest.mark.parametrize("accept", ["text/html", BROWSER, BROWSER + ",text/x;q=0.1" * 600])
def test_the_root_shows_browsers_the_page(http: Any, accept: str) -> None:
    answer = http.get("/", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["Vary"]
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")


def test_the_root_needs_no_database(house: House) -> None:
    def refuse(action: str, body: bytes) -> None:
        raise OSError("no database")

    assert house.server(before=refuse).http.get("/").json["status"] == "running"


@pytest.mark.parametrize("path", ["/", "/api/departments", "/nowhere"])
def test_the_desktop_client_may_send_strange_ranges(http: Any, path: str) -> None:
    for value in ("bytes=0-", "bytes=99999999-", "bytes=x", "lines=1"):
        answer = http.get(path, headers={"Range": value, "Accept": "application/json"})
        assert answer.status_code == (404 if path == "/nowhere" else 200)


@pytest.mark.parametrize("path", ["/api/departments", "/nowhere", "/"])
def test_any_origin_may_read_without_credentials(http: Any, path: str) -> None:
    answer = http.get(path, headers={"Origin": "https://calendar.example.com"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_preflight_is_granted(http: Any, method: str) -> None:
    answer = http.options(
        "/api/events/anything",
        headers={
            "Origin": "https://calendar.example.com",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "content-type, if-match, x-display-name",
        },
    )
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert method in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"].lower() == "content-type, if-match, x-display-name"


def test_only_the_origins_that_are_named(house: House) -> None:
    http = house.server(cors_origins=("https://a.example.com", "https://b.example.com")).http
    for origin in ("https://a.example.com", "https://b.example.com"):
        answer = http.get("/api/departments", headers={"Origin": origin})
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in answer.headers["Vary"]
    answer = http.get("/api/departments", headers={"Origin": "https://a.example.com.evil.com"})
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/api/departments", "/api/departments/", "//api/departments"])
def test_slashes_never_redirect(http: Any, path: str) -> None:
    answer = http.open("/", environ_overrides={"PATH_INFO": path})
    assert answer.status_code == 200
    posted = http.open("/", method="POST", json={"name": path}, environ_overrides={"PATH_INFO": path})
    assert posted.status_code == 201


@pytest.mark.parametrize(
    "path", ["/api//departments", "/api/departments//", "/api///events//x", "/api/events/"]
)
def test_doubled_slashes_are_nowhere(http: Any, path: str) -> None:
    answer = http.open("/", environ_overrides={"PATH_INFO": path})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_a_trailing_slash_is_the_same_event(server: Server, http: Any) -> None:
    department = server.department()
    event = server.event(department)
    assert http.get(f"/api/events/{department}/").json["events"] == [event]
    assert http.put(f"/api/events/{event['id']}/", json={"title": "수정"}).json["event"]["title"] == "수정"
    assert http.delete(f"/api/events/{event['id']}/").status_code == 200


def test_head_is_get_without_the_body(server: Server, http: Any) -> None:
    department = server.department()
    for path in ("/", "/api/departments", f"/api/events/{department}"):
        answer = http.head(path)
        assert (answer.status_code, answer.data) == (200, b"")
        assert int(answer.headers["Content-Length"]) == len(http.get(path).data)
    assert http.head("/nowhere").status_code == 404


def test_options_names_the_methods(http: Any) -> None:
    answer = http.options("/api/departments")
    assert answer.status_code in (200, 204)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert answer.data == b""


def test_a_wrong_method_tells_the_right_ones(http: Any) -> None:
    answer = http.patch("/api/departments")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


KOREAN, ENGLISH = "요청하신 주소를 찾을 수 없습니다.", "There is nothing at this address."


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (None, KOREAN), ("ko", KOREAN), ("fr", KOREAN), ("*", KOREAN), ("", KOREAN),
        ("ko-KR,ko;q=0.9,en;q=0.8", KOREAN), ("x" * 500, KOREAN),
        (";;q=,,", KOREAN), ("en", ENGLISH), ("en-US", ENGLISH),
        ("en-GB,ko;q=0.5", ENGLISH),
        ("fr, en;q=0.5", ENGLISH), ("EN", ENGLISH), ("en;q=0", KOREAN), ("ko;q=0.3, en;q=0.7", ENGLISH),
    ],
)  # fmt: skip
def test_languages(http: Any, wanted: str | None, text: str) -> None:
    answer = http.get("/nowhere", headers={} if wanted is None else {"Accept-Language": wanted})
    assert answer.json["message"] == text


def test_success_speaks_the_callers_language(server: Server, http: Any) -> None:
    department = server.department()
    event = server.event(department)
    english = {"Accept-Language": "en"}
    assert http.get("/", headers=english).json["message"] == "The team calendar server is running."
    answer = http.delete(f"/api/events/{event['id']}", headers=english)
    assert answer.json["message"] == "The event was deleted."
    answer = http.delete(f"/api/departments/{department}", headers=english)
    assert answer.json["message"] == "The department was deleted."


def test_an_unexpected_error_tells_a_request_id_and_nothing_else(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    server = house.server(development=True)

    def broken() -> None:
        raise RuntimeError("a secret detail")

    server.calendar.departments.list_all = broken
    answer = server.http.get("/api/departments")
    assert answer.status_code == 500
    assert set(answer.json) == {"success", "code", "message", "request_id"}
    assert answer.json["code"] == "internal_error"
    assert "secret" not in answer.text
    with caplog.at_level(logging.ERROR):
        again = server.http.get("/api/departments")
    assert again.json["request_id"] in caplog.text
    assert again.json["request_id"] != answer.json["request_id"]


@pytest.mark.parametrize(
    ("status", "code"), [(400, "validation_error"), (418, "bad_request"), (501, "internal_error")]
)
def test_what_the_framework_raises_is_json_too(house: House, status: int, code: str) -> None:
    from flask import Flask, abort

    app = Flask("other")
    register_routes(app, [], None)
    app.add_url_rule("/", view_func=lambda: abort(status))
    answer = app.test_client().get("/")
    assert answer.status_code == (500 if status > 500 else status)
    assert json.loads(answer.data)["code"] == code


def test_a_body_that_ends_early_is_refused(house: House, http: Any) -> None:
    before = house.dump()
    answer = http.post(
        "/api/departments",
        data=b'{"name": "a"}',
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "500"},
    )
    assert (answer.status_code, answer.json["code"]) == (400, "validation_error")
    assert house.dump() == before


@pytest.mark.parametrize("host", ["", "a b", "evil.com/../", "[::", "x" * 300, "a\tb"])
def test_a_strange_host_is_no_error(http: Any, host: str) -> None:
    answer = http.get("/api/departments", headers={"Host": host})
    assert answer.status_code in (200, 400)
    assert answer.json["success"] is (answer.status_code == 200)
