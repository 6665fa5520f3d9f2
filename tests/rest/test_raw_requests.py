# ruff: noqa: E501 -- tables are read across
"""The hostile client over the wire: the same bad requests, and what no HTTP library would send."""

import json
from typing import Any

import pytest

from tests.rest.bad_requests import BAD_REQUESTS
from tests.rest.raw_http import Wire, exchange, request
from tests.tls_server import Real

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def ids(eventlet_server: Real) -> tuple[str, str]:
    port = eventlet_server.server.port
    _, _, answer = request(port, "POST", "/api/departments", b'{"name": "hostile"}', JSON)
    department = json.loads(answer)["department"]["id"]
    body = b'{"event_date": "2024-01-20", "title": "a"}'
    _, _, answer = request(port, "POST", f"/api/events/{department}", body, JSON)
    return department, json.loads(answer)["event"]["id"]


def must_serve(real: Real, department: str) -> None:
    status, _, answer = request(real.server.port, "GET", f"/api/events/{department}")
    assert (status, len(json.loads(answer)["events"])) == (200, 1)
    assert "Traceback" not in real.server.log()


def test_every_bad_request_over_the_wire(eventlet_server: Real, ids: tuple[str, str]) -> None:
    port, (department, event) = eventlet_server.server.port, ids
    before = eventlet_server.house.dump()
    wrong = []
    for bad in BAD_REQUESTS:
        path = bad.path.replace("{d}", department).replace("{e}", event)
        status, headers, body = request(port, bad.method, path, bad.body, bad.headers)
        try:
            answer = json.loads(body)
            seen = (status, answer["code"], headers["content-type"], answer["success"])
        except (ValueError, KeyError):
            seen = (status, body[:80], headers.get("content-type"), True)
        if seen != (bad.status, bad.code, "application/json", False):
            wrong.append((bad.name, seen, (bad.status, bad.code)))
    assert wrong == []
    assert eventlet_server.house.dump() == before
    must_serve(eventlet_server, department)


RAW = [
    b"GARBAGE\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\r\n\r\n\r\n", b"GET\r\n\r\n",
    b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / XTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"a" * 20_000 + b"\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"G\xffT / HTTP/1.1\r\nHost: x\r\n\r\n", b"get / HTTP/1.1\r\n a: b\r\n\r\n",
    b"POST /api/departments HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n{}",
    b"POST /api/departments HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n{}",
    b"POST /api/departments HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"POST /api/departments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
    b"POST /api/departments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{}",
    b"POST /api/departments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n",
    b"GET http://elsewhere/api/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"CONNECT a:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /api/departments\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /api/departments\x00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
]  # fmt: skip


def test_what_is_no_http(eventlet_server: Real, ids: tuple[str, str]) -> None:
    before = eventlet_server.house.dump()
    for raw in RAW:
        said = exchange(eventlet_server.server.port, raw, half_close=True)
        assert said == b"" or said.split()[1][:1] == b"4", (raw[:80], said[:200])
    assert eventlet_server.house.dump() == before
    must_serve(eventlet_server, ids[0])


def test_a_chunked_body(eventlet_server: Real, ids: tuple[str, str]) -> None:
    raw = (
        f"PUT /api/events/{ids[1]} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\n{\"tit\r\n9\r\nle\": \"a\"}\r\n0\r\n\r\n"
    )  # fmt: skip
    said = exchange(eventlet_server.server.port, raw.encode())
    assert said.split()[1] == b"200"


def test_refusals_do_not_end_a_connection_that_is_kept(eventlet_server: Real, ids: tuple[str, str]) -> None:
    bad = b'POST /api/departments HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\n{"name": "a"}'
    good = b"GET /api/departments HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    said = exchange(eventlet_server.server.port, bad + good)
    assert said.startswith(b"HTTP/1.1 415 ")
    assert b"HTTP/1.1 200 OK" in said


PACKETS: list[tuple[tuple[str | bytes, ...], list[str]]] = [
    (("42[]",), []), (("42{}",), []), (("42[1]",), []), (("42[null]",), []), (('42[["join_department"]]',), []),
    (('42[{"a":1}]',), []), (('42["connect"]',), []), (('42["disconnect"]',), []), (('42["connect",{}]',), []),
    (('42["no_such_event",{}]',), []), (('42/unknown,["join_department",{}]',), []), (('42[""]',), []),
    (('42["join_department"]',), ["validation_error"]), (('42["join_department",null]',), ["validation_error"]),
    (('42["join_department","a"]',), ["validation_error"]), (('42["join_department",[]]',), ["validation_error"]),
    (('42["join_department",{},{},{}]',), ["validation_error"]), (('42["sync_request",1]',), ["validation_error"]),
    (('42["leave_department",{"department_id":{}}]',), ["validation_error"]),
    (('42["join_department",{"department_id":"x"}]',), ["department_not_found"]),
    (('42["sync_request",{"department_id":"*"}]',), ["department_not_found"]),
    (('42["join_department",{"departments":[1]}]',), ["validation_error"]), (("439[1]",), []), (("43[]",), []),
]  # fmt: skip


def test_bad_packets_never_drop_the_connection(eventlet_server: Real, ids: tuple[str, str]) -> None:
    department, _ = ids
    before = eventlet_server.house.dump()
    wire, other = Wire(eventlet_server.server.port), Wire(eventlet_server.server.port)
    for one in (wire, other):
        one.send(f'42["join_department",{{"department_id":"{department}"}}]')
        one.until_now()
    for packets, codes in PACKETS:
        for packet in packets:
            wire.send(packet)
        heard: list[Any] = wire.until_now()
        assert [(name, payload["code"]) for name, payload in heard] == [("error", code) for code in codes], (
            packets
        )
    assert other.until_now() == []
    assert eventlet_server.house.dump() == before
    must_serve(eventlet_server, department)
