"""The fast path answers as Flask does, byte for byte, and runs every request once."""

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request_started
from werkzeug.exceptions import NotFound
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from teamcal import deadline
from teamcal.errors import CalendarError, InvalidInput, StorageThrottled, StorageUnavailable, VersionConflict
from teamcal.factory import within_deadline, wsgi_stack
from teamcal.http.origins import allow_origins
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.fast_path import FastPath
from teamcal.rest.flask_dispatcher import register_routes
from teamcal.rest.routes import Route, Routes
from teamcal.rest.table import ROUTES
from tests.house import House
from tests.rest.route_examples import EXAMPLES, JSON, NAMED, Request, Side, first_status, requests_for

each_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.rule}")
NO_CALENDAR = None


def test_every_route_has_examples() -> None:
    assert set(EXAMPLES) == {route.name for route in ROUTES}


@each_route
@pytest.mark.parametrize("origins", [("*",), NAMED, NAMED[:1]], ids=["*", "named", "one"])
def test_both_dispatchers_answer_alike(
    route: Route, origins: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    fast, flask = (
        Side(monkeypatch, cors_origins=origins, fast_path=fast_path).answers(
            requests_for(route.method, EXAMPLES[route.name])
        )
        for fast_path in (True, False)
    )
    assert fast[0][1][0].startswith(first_status(route))
    for (request, answer), (_, expected) in zip(fast, flask, strict=True):
        assert answer == expected, request


@each_route
@pytest.mark.parametrize("origins", [("*",), NAMED], ids=["*", "named"])
def test_the_fast_path_serves_every_route(
    route: Route, origins: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    side = Side(monkeypatch, cors_origins=origins, fast_path=True)
    reached: list[str] = []

    def listen(sender: Flask, **more: Any) -> None:
        reached.append(sender.name)

    with request_started.connected_to(listen, side.server.app):
        request = next(requests_for(route.method, EXAMPLES[route.name]))
        answers = [
            side.answer(request._replace(headers=headers))
            for headers in ({}, {"Origin": NAMED[0], "Accept-Language": "en"}, *_conditions(route))
        ]
        assert answers[0][0].startswith(first_status(route))
        assert reached == []
        side.answer(Request("OPTIONS", request.path))
        assert len(reached) == 1


def _conditions(route: Route) -> list[dict[str, str]]:
    return [{"If-None-Match": "TAG"}] if route.method == "GET" else []


def test_without_the_fast_path_flask_answers(house: House) -> None:
    reached: list[str] = []
    server = house.server(fast_path=False)

    def listen(sender: Flask, **more: Any) -> None:
        reached.append(sender.name)

    with request_started.connected_to(listen, server.app):
        assert server.http.get("/api/departments").status_code == 200
    assert len(reached) == 1


def test_large_and_chunked_bodies_are_ordinary(house: House) -> None:
    server = house.server(fast_path=True)
    reached: list[str] = []

    def listen(sender: Flask, **more: Any) -> None:
        reached.append(sender.name)

    large = b'{"name": "large"}' + b" " * 200_000
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    with request_started.connected_to(listen, server.app):
        for body, environ in ((large, {}), (b'{"name": "chunked"}', chunked)):
            answer = server.http.post(
                "/api/departments", data=body, content_type=JSON, environ_overrides=environ
            )
            assert answer.status_code == 201, answer.text
    assert reached == []


# Failures


def failing(method: str, error: Callable[[], Exception], calls: list[str]) -> Routes:
    """A route whose handler counts its calls and fails."""
    routes = Routes("failing")

    @getattr(routes, method.lower())("/failing/<name>")
    def fail(call: Call) -> Reply:
        calls.append(call.method)
        raise error()

    return routes


def both_dispatchers(routes: Routes) -> list[Any]:
    """The fast path, which would pass on to Flask, and Flask alone, over the same routes."""
    app = Flask("both")
    cors_headers = allow_origins(app, "*")
    register_routes(app, routes, NO_CALENDAR)
    return [FastPath(app.wsgi_app, routes, NO_CALENDAR, cors_headers), app.wsgi_app]


ERRORS: list[tuple[str, Callable[[], Exception], int]] = [
    ("unavailable", lambda: StorageUnavailable("x"), 503),
    ("throttled", lambda: StorageThrottled("x"), 503),
    ("conflict", lambda: VersionConflict({"id": "x", "title": "제목"}, ["title"]), 412),
    ("invalid", lambda: InvalidInput([]), 400),
    ("no code of its own", CalendarError, 500),
    ("http", NotFound, 404),
    ("bug", lambda: ValueError("a secret"), 500),
]


@pytest.mark.parametrize(("error", "status"), [one[1:] for one in ERRORS], ids=[one[0] for one in ERRORS])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_handler_that_fails_runs_once(
    method: str, error: Callable[[], Exception], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A write that failed may have been stored: a second try could make a second event."""
    calls: list[str] = []
    answers = []
    for dispatcher in both_dispatchers(failing(method, error, calls)):
        calls.clear()
        caplog.clear()
        response = Client(dispatcher).open("/failing/x", method=method, headers={"Accept-Language": "en"})
        assert calls == [method]
        assert response.status_code == status
        request_id = response.json.get("request_id")
        assert caplog.text.count("Traceback") == (0 if request_id is None else 1)
        assert (request_id or "") in caplog.text
        headers = [pair for pair in response.headers.to_wsgi_list() if pair[0] != "Date"]
        answers.append((sorted(headers), response.text.replace(request_id or "no request id", "")))
    assert answers[0] == answers[1]
    assert "secret" not in answers[0][1]


def test_a_bug_tells_a_request_id_that_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    for dispatcher in both_dispatchers(failing("GET", lambda: ValueError("x"), [])):
        answer = Client(dispatcher).get("/failing/x").json
        assert set(answer) == {"success", "code", "message", "request_id"}
        assert f"request {answer['request_id']} failed: GET /failing/x" in caplog.text


def test_a_body_that_stops_short_is_refused(house: House) -> None:
    content = b'{"event_date": "2024-01-20", "title": "a"}'
    for fast_path in (True, False):
        server = house.server(fast_path=fast_path)
        department = server.department(f"부서 {fast_path}")
        environ = EnvironBuilder(
            f"/api/events/{department}", method="POST", data=content, content_type=JSON
        ).get_environ()
        environ["CONTENT_LENGTH"] = str(len(content) + 5)
        assert run_wsgi_app(server.app.wsgi_app, environ)[1] == "400 BAD REQUEST"
        assert server.events(department) == []


def test_a_client_that_disconnects_is_no_bug(house: House, caplog: pytest.LogCaptureFixture) -> None:
    class Gone:
        def read(self, size: int = -1) -> bytes:
            raise ConnectionResetError

    for fast_path in (True, False):
        server = house.server(fast_path=fast_path)
        environ = EnvironBuilder("/api/departments", method="POST", content_type=JSON).get_environ()
        environ |= {"CONTENT_LENGTH": "5", "wsgi.input": Gone()}
        assert run_wsgi_app(server.app.wsgi_app, environ)[1] == "400 BAD REQUEST"
    assert "Traceback" not in caplog.text


# The deadline


def test_the_time_for_a_slow_body_counts() -> None:
    left: list[float] = []
    routes = Routes("slow")

    @routes.post("/slow")
    def slow(call: Call) -> Reply:
        call.json_object()
        left.append(deadline.remaining())
        return json_reply()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            time.sleep(0.1)
            return super().read(size)

    for dispatcher in both_dispatchers(routes):
        environ = EnvironBuilder("/slow", method="POST", data=b"{}", content_type=JSON).get_environ()
        environ["wsgi.input"] = Slow(b"{}")
        assert run_wsgi_app(within_deadline(dispatcher), environ)[1] == "200 OK"
    assert len(left) == 2
    assert all(0 < seconds <= deadline.REQUEST_SECONDS - 0.1 for seconds in left)


def test_connections_of_socket_io_have_no_deadline() -> None:
    seen: dict[str, float] = {}

    def application(environ: Any, start_response: Any) -> list[bytes]:
        seen[environ["PATH_INFO"]] = deadline.remaining()
        start_response("200 OK", [])
        return []

    for path in ("/socket.io/", "/", "/api/departments", "/socket.iox"):
        run_wsgi_app(within_deadline(application), EnvironBuilder(path).get_environ())
    assert seen.pop("/socket.io/") == deadline.SCRIPT_SECONDS
    assert len(seen) == 3
    assert all(seconds <= deadline.REQUEST_SECONDS for seconds in seen.values())
    assert deadline.remaining() == deadline.SCRIPT_SECONDS


def test_the_first_layer_of_the_stack_is_the_outermost() -> None:
    entered: list[str] = []

    def layer(name: str) -> Any:
        def around(application: Any) -> Any:
            def entering(environ: Any, start_response: Any) -> Any:
                entered.append(name)
                return application(environ, start_response)

            return entering

        return around

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    run_wsgi_app(wsgi_stack(application, [layer("outer"), layer("inner")]), EnvironBuilder("/").get_environ())
    assert entered == ["outer", "inner"]
