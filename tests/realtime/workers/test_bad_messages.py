"""Malformed requests and messages are refused as JSON or end their own session, and affect nobody else."""

import json
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.realtime.raw_clients import RawPolling, RawWebsocket, frame, request, rest
from tests.servers import Server

POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", POLLING + "&sid=unknown", {}, 400, "validation_error"),
        ("POST", POLLING + "&sid=unknown", {"Content-Length": "0"}, 400, "validation_error"),
        ("GET", "/socket.io/?EIO=4&transport=carrier-pigeon", {}, 400, "validation_error"),
        ("GET", "/socket.io/?EIO=3&transport=polling", {}, 400, "protocol_too_old"),
        ("GET", "/socket.io/", {}, 400, "validation_error"),
        ("GET", POLLING + "&j=nonsense", {}, 400, "validation_error"),
        ("GET", WEBSOCKET, {}, 400, "validation_error"),
        ("GET", WEBSOCKET, UPGRADE, 400, "validation_error"),
        ("GET", WEBSOCKET, {"Upgrade": "websocket"}, 400, "validation_error"),
        ("GET", WEBSOCKET, UPGRADE | {"Sec-WebSocket-Version": "99"}, 400, "validation_error"),
        ("GET", WEBSOCKET, UPGRADE | {"Sec-WebSocket-Key": "short"}, 400, "validation_error"),
        ("PUT", POLLING, {}, 405, "method_not_allowed"),
        ("DELETE", POLLING, {}, 405, "method_not_allowed"),
        ("GET", "/socket.io", {}, 404, "not_found"),
    ],
)
def test_a_refusal_is_json(
    server: Server, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    actual, response_headers, body = request(server.url, method, path, headers=headers)
    answer = json.loads(body)
    assert (actual, answer["success"], answer["code"]) == (status, False, code)
    assert response_headers["Content-Type"].startswith("application/json")
    english = request(server.url, method, path, headers=headers | {"Accept-Language": "en"})[2]
    assert json.loads(english)["message"] != answer["message"]


def test_head_has_no_body(server: Server) -> None:
    assert request(server.url, "HEAD", POLLING)[::2] == (405, b"")


BODIES: dict[str, tuple[bytes, dict[str, str], int]] = {
    "ten thousand packets": (b"\x1e".join([b"40"] * 10_000), {}, 400),
    "more than 1 MB": (b"4" * 1_000_001, {}, 413),
    "no UTF-8": (b'42["join_department",{"department_id":"\xff\xfe"}]', {}, 400),
    "no packets": (b"\x1e\x1e", {}, 400),
    "no packet type": (b"garbage", {}, 400),
    "bad base64": (b"bAAAAA", {}, 400),
    "nothing": (b"", {}, 400),
    "empty JSONP": (b"d=", {}, 400),
    "deep nesting": (b"4" + b"[" * 200_000, {}, 400),
    "binary": (b"bAAAA", {}, 400),
    "unknown Socket.IO packet": (b"49", {}, 200),
    "a binary event without its binary": (b'451-["a",{"_placeholder":true,"num":0}]', {}, 400),
    "garbage for Socket.IO": (b"4zzz\x1e42{}\x1e42[]\x1e42[1]\x1e4299999999999999999999[", {}, 200),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_malformed_polling_body(server: Server, name: str) -> None:
    body, headers, status = BODIES[name]
    client = RawPolling(server.url).connect()
    actual, answer = client.post(body, headers)
    assert actual == status
    if status == 200:
        assert answer == b"OK"
    else:
        assert json.loads(answer)["success"] is False
    assert b"Traceback" not in answer
    assert "Traceback" not in server.log()


def test_a_connect_that_a_browser_sends_again_connects_once(
    server: Server, department: Callable[[], str]
) -> None:
    """A browser repeats a POST whose connection ended before the answer came; the client must not be told
    then that it can't connect.
    """
    join = f'420["join_department",{{"department_id":"{department()}"}}]'.encode()
    client = RawPolling(server.url)
    for body in (b"40", b"40\x1e" + join, b"40"):
        assert client.post(body) == (200, b"OK")
    packets: list[str] = []
    while not any(packet.startswith("430[") for packet in packets):
        packets += client.poll()
    assert client.post(join.replace(b"420", b"421")) == (200, b"OK")
    while not any(packet.startswith("431[") for packet in packets):
        packets += client.poll()
    assert [packet[:2] for packet in packets].count("40") == 1
    assert not [packet for packet in packets if packet.startswith("44")]


def test_a_post_without_its_length_is_refused_and_a_chunked_one_is_read(server: Server) -> None:
    client = RawPolling(server.url)
    start = f"POST {client.path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
    assert b" 400 " in exchange(server.port, start + "\r\n40").split(b"\r\n")[0]
    chunked = exchange(server.port, start + "Transfer-Encoding: chunked\r\n\r\n2\r\n40\r\n0\r\n\r\n")
    assert b" 200 " in chunked.split(b"\r\n")[0]
    assert any(packet.startswith("40{") for packet in client.poll())


def exchange(port: int, text: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(text.encode())
        parts = []
        with suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                parts.append(part)
        return b"".join(parts)


FRAMES: dict[str, bytes] = {
    "an empty message": frame(b""),
    "no packet type": frame(b"garbage"),
    "an unknown packet type": frame(b"9"),
    "binary": frame(b"\x00\x01", opcode=2),
    "no UTF-8": frame(b"4\xff\xfe"),
    "not masked": b"\x81\x0240",
    "an unknown opcode": frame(b"4", opcode=5),
    "a continuation of nothing": frame(b"4", opcode=0),
    "too big a frame": struct.pack("!BBQ", 0x81, 0x80 | 127, 1 << 40) + b"mask",
    "garbage for Socket.IO": frame(b"4zzz") + frame(b"42{}") + frame(b"42[]") + frame(b"42[1]"),
    "deep nesting": frame(b"4" + b"[" * 200_000),
}


def test_a_malformed_websocket_frame_affects_nobody_else(
    server: Server, department: Callable[[], str]
) -> None:
    department_id = department()
    member = RawWebsocket(server.url).connect()
    member.receive()
    member.send(f'42["join_department",{{"department_id":"{department_id}"}}]')
    assert member.receive().startswith('42["joined_department"')
    for bad in FRAMES.values():
        client = RawWebsocket(server.url).connect()
        client.socket.sendall(bad)
        client.close()
    rest(server.url, "POST", f"/api/events/{department_id}", {"event_date": "2024-01-20", "title": "회의"})
    assert member.receive().startswith('42["event_created"')
    assert "Traceback" not in server.log()
    member.close()


BINARY: dict[str, bytes] = {
    "an event whose attachment never comes": frame(b'451-["leave_department",{"_placeholder":true,"num":0}]'),
    "a bad placeholder": frame(b'451-["leave_department",{"_placeholder":true,"num":7}]') + frame(b"x", 2),
    "an acknowledgement": frame(b"461-0[{}]"),
    "an attachment": frame(b"\x00" * 1_000, opcode=2),
    "an attachment in base64": frame(b"bAAAA"),
}


@pytest.mark.parametrize("name", BINARY)
def test_a_client_that_announces_binary_data_is_disconnected(server: Server, name: str) -> None:
    """Nobody sends any; attachments that never come would be waited for, and what came by then kept."""
    message = BINARY[name]
    client = RawWebsocket(server.url).connect()
    client.receive()
    client.socket.sendall(message)
    with pytest.raises((EOFError, ConnectionError)):
        client.receive()
    client.close()


def test_a_message_of_many_frames_ends_the_session_at_the_limit(server: Server) -> None:
    client = RawWebsocket(server.url).connect()
    piece = frame(b"4" * 400_000, opcode=0, final=False)
    with pytest.raises((EOFError, OSError)):
        client.socket.sendall(frame(b"4", final=False) + piece * 10)
        while True:
            client.receive()
    client.close()


def test_an_invalid_request_is_answered_to_its_sender(server: Server) -> None:
    client = RawWebsocket(server.url).connect()
    client.receive()
    client.send('42["no_such_event",{}]')
    client.send('421["join_department",{"department_id":7}]')
    event, acknowledgement = client.receive(), client.receive()
    assert json.loads(event[2:])[1] == json.loads(acknowledgement[3:])[0]
    assert json.loads(acknowledgement[3:])[0]["code"] == "validation_error"
    client.close()


def test_compression_is_not_accepted(server: Server) -> None:
    client = RawWebsocket(server.url, headers="Sec-WebSocket-Extensions: permessage-deflate\r\n")
    assert b"permessage-deflate" not in client.head
    client.close()


def test_a_polling_answer_holds_at_most_sixteen_packets(
    server: Server, department: Callable[[], str]
) -> None:
    department_id = department()
    client = RawPolling(server.url).connect()
    client.post(f'42["join_department",{{"department_id":"{department_id}"}}]'.encode())
    client.poll()
    for number in range(40):
        rest(
            server.url,
            "POST",
            f"/api/events/{department_id}",
            {"event_date": "2024-01-20", "title": str(number)},
        )
    polled = [client.poll() for _ in range(2)]
    while sum(len(packets) for packets in polled) < 40:  # the last ones may be on their way
        polled.append(client.poll())
    assert [len(packets) for packets in polled[:2]] == [16, 16]
    titles = [json.loads(packet[2:])[1]["title"] for packets in polled for packet in packets]
    assert titles == [str(number) for number in range(40)]


def test_polling_goes_on_after_a_failed_upgrade(server: Server) -> None:
    client = RawPolling(server.url).connect()
    sid = client.path.rsplit("=", 1)[1]
    websocket = RawWebsocket(server.url, sid=sid)
    websocket.send("2probe")
    assert websocket.receive() == "3probe"
    websocket.close()
    client.post(b'421["leave_department",{"department_id":"nobody"}]')
    packets: list[str] = []
    while not any(packet.startswith("431") for packet in packets):
        packets += client.poll()
        assert len(packets) < 50, "polling answers nothing but NOOP"
