"""Requests to /socket.io/ that are refused: with the reason, readable by a page elsewhere, and logged."""

import json
import logging
from typing import Any

import pytest

from tests.house import House, Server

NAMED, FOREIGN = "https://intra.example.com", "https://foreign.example.com"
POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.fixture
def server(house: House) -> Server:
    return house.server(cors_origins=(NAMED,))


def fields_of(answer: Any) -> list[str]:
    return [error["field"] for error in answer.json["errors"]]


@pytest.mark.parametrize("query", ["transport=polling", "transport=websocket"])
def test_a_refused_origin_is_named(server: Server, caplog: pytest.LogCaptureFixture, query: str) -> None:
    with caplog.at_level(logging.WARNING):
        answer = server.http.get(f"/socket.io/?EIO=4&{query}", headers={"Origin": FOREIGN})
    assert (answer.status_code, answer.json["code"]) == (403, "origin_refused")
    assert FOREIGN in answer.json["message"]
    assert answer.json["origin"] == FOREIGN
    assert FOREIGN in caplog.text
    assert "CORS_ORIGINS" in caplog.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "intra.local:8000", "Origin": "http://intra.local:8000"},
        {"Host": "intra.local", "Origin": "https://intra.local", "X-Forwarded-Proto": "https"},
        {"Origin": NAMED},
        {},
    ],
)
def test_the_own_page_connects(server: Server, headers: dict[str, str]) -> None:
    answer = server.http.get(POLLING, headers=headers)
    assert answer.status_code == 200
    assert answer.text.startswith("0{")
    assert answer.headers.get("Access-Control-Allow-Origin") == headers.get("Origin")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_session_that_has_just_ended_is_unknown(server: Server, method: str) -> None:
    """Of a client that was sent away or was too slow; Engine.IO looks for those now and then only."""
    sid = json.loads(server.http.get(POLLING).text[1:])["sid"]
    sockets = server.app.extensions["socketio"].server.eio.sockets
    sockets[sid].closed = True
    answer = server.http.open(f"{POLLING}&sid={sid}", method=method, data="2" if method == "POST" else None)
    assert (answer.status_code, answer.json["code"]) == (400, "validation_error")
    assert fields_of(answer) == ["sid"]
    assert sid not in sockets


@pytest.mark.parametrize("jsonp", ["", "&j=0"])
def test_a_handshake_has_a_session_or_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, jsonp: str
) -> None:
    """A client that is sent away before its first answer has to know that there is none."""
    answer = server.http.get(POLLING + jsonp)
    assert (answer.status_code, '"sid' in answer.text.replace("\\", "")) == (200, True)
    sockets = server.app.extensions["socketio"].server.eio.sockets
    monkeypatch.setattr(type(next(iter(sockets.values()))), "poll", lambda self: [])
    answer = server.http.get(POLLING + jsonp)
    assert (answer.status_code, answer.json["code"]) == (503, "too_busy")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("protocol", ["1", "2", "3"])
def test_an_old_client_learns_what_it_needs(
    server: Server, caplog: pytest.LogCaptureFixture, protocol: str
) -> None:
    for language, words in (("en", "Socket.IO 3 or newer"), ("ko", "Socket.IO 3 이상")):
        with caplog.at_level(logging.WARNING):
            answer = server.http.get(
                f"/socket.io/?EIO={protocol}&transport=polling", headers={"Accept-Language": language}
            )
        assert (answer.status_code, answer.json["code"]) == (400, "protocol_too_old")
        assert words in answer.json["message"]
    assert "127.0.0.1" in caplog.text


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/socket.io/?EIO=4&transport=carrier-pigeon", "transport"),
        (f"{POLLING}&sid=unknown", "sid"),
        (f"{POLLING}&j=x", "j"),
        ("/socket.io/?transport=polling", "EIO"),
    ],
)
def test_the_reason_is_passed_on(server: Server, path: str, field: str) -> None:
    answer = server.http.get(path)
    assert (answer.status_code, answer.json["code"]) == (400, "validation_error")
    assert fields_of(answer) == [field]


@pytest.mark.parametrize(("body", "words"), [("\x1e".join(["2"] * 513), "512"), ("x", "패킷")])
def test_packets_that_are_too_many_or_unreadable(server: Server, body: str, words: str) -> None:
    http = server.http
    sid = http.get(POLLING).text.split('"sid":"')[1].split('"')[0]
    answer = http.post(f"{POLLING}&sid={sid}", data=body)
    assert (answer.status_code, answer.json["code"]) == (400, "validation_error")
    assert words in answer.json["errors"][0]["message"]


def test_a_page_elsewhere_can_read_every_refusal(server: Server) -> None:
    http, origin = server.http, {"Origin": NAMED}
    answers = [
        http.post(f"{POLLING}&sid=unknown", data=b"2" * 1_000_001, headers=origin),
        http.post(f"{POLLING}&sid=unknown", data=b"2" * 2_000_000, headers=origin),
        http.post(f"{POLLING}&sid=unknown", data=b"2", headers=origin),
        http.get(f"{POLLING}&sid=unknown", headers=origin),
        http.get("/socket.io/?EIO=3&transport=polling", headers=origin),
        http.put(POLLING, headers=origin),
    ]
    assert [answer.status_code for answer in answers] == [413, 413, 400, 400, 400, 405]
    assert {answer.headers.get("Access-Control-Allow-Origin") for answer in answers} == {NAMED}
    assert "GET" in http.put(POLLING).headers.get("Allow", "GET")
