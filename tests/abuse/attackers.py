"""What one client may do to a server: `python -m tests.abuse.attackers NAME URL ID`, each in a process.

Runs until it is ended. ID is a department's. An attacker that the server disconnects starts again.
"""

import json
import select
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from tests.realtime.raw_clients import RawPolling, RawWebsocket, frame, request

MEGABYTE = 1_000_000
RATE = 5 * MEGABYTE
"""Bytes a second of a flood."""


def pour(client: RawWebsocket, block: bytes) -> None:
    """Sends `block` again and again, at `RATE`, and reads nothing."""
    client.socket.setblocking(False)
    began, sent, position = time.monotonic(), 0, 0
    while True:
        ahead = sent / RATE - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
        _, writable, _ = select.select([], [client.socket], [], 1)
        if writable:
            count = client.socket.send(block[position:])
            position = (position + count) % len(block)
            sent += count


def small_messages(url: str, department: str) -> None:
    message = frame(f'42["leave_department",{{"department_id":"{department}"}}]'.encode())
    pour(
        RawWebsocket(url, headers="Accept-Language: " + "en,ko;q=0.1," * 600 + "\r\n").connect(),
        message * 600,
    )


def unknown_events(url: str, department: str) -> None:
    pour(RawWebsocket(url).connect(), frame(b'42["nobody_knows",1]') * 2_000)


def websocket_pings(url: str, department: str) -> None:
    pour(RawWebsocket(url).connect(), frame(b"", opcode=9) * 10_000)


def tiny_fragments(url: str, department: str) -> None:
    client = RawWebsocket(url).connect()
    client.socket.sendall(frame(b"4", final=False))
    pour(client, frame(b"2", opcode=0, final=False) * 8_000)


def pongs(url: str, department: str) -> None:
    pour(RawWebsocket(url).connect(), frame(b"3") * 8_000)


def upgrades(url: str, department: str) -> None:
    pour(RawWebsocket(url).connect(), frame(b"5") * 8_000)


def polled_packets(url: str, department: str) -> None:
    message = f'42["leave_department",{{"department_id":"{department}"}}]'.encode()
    while True:
        client = RawPolling(url).connect()
        with suppress(OSError):
            while client.post(b"\x1e".join([message] * 512))[0] == 200:
                pass


def many_joins(url: str, department: str) -> None:
    """512 joins in one POST, each of a department with its calendar."""
    message = f'420["join_department",{{"department_id":"{department}","cursor":null}}]'.encode()
    while True:
        client = RawPolling(url).connect()
        client.post(b"\x1e".join([message] * 512))
        time.sleep(0.2)


def repeated_department(url: str, department: str) -> None:
    """200 times the same department in a message of 15 KB; it reads what comes."""
    wanted = [{"department_id": department, "cursor": None}] * 200
    message = "420" + json.dumps(["join_department", {"departments": wanted}])
    while True:
        client = RawWebsocket(url).connect()
        with suppress(EOFError, OSError):
            while True:
                client.send(message)
                while not client.receive().startswith("430"):
                    pass
        client.close()


def unread_websocket(url: str, department: str) -> None:
    """Asks for calendars and reads nothing."""
    while True:
        client = RawWebsocket(url, receive_buffer=4_096).connect()
        client.socket.settimeout(10)
        with suppress(OSError):
            for number in range(200):
                client.send(f'42{number}["sync_request",{{"department_id":"{department}"}}]')
        _wait_until_closed(client.socket, 5)
        client.close()


def unread_rest(url: str, department: str) -> None:
    """Twelve lists at a time that nobody reads."""
    address = (urlsplit(url).hostname or "", urlsplit(url).port or 80)
    while True:
        sockets = [socket.create_connection(address, timeout=20) for _ in range(12)]
        for one in sockets:
            one.sendall(f"GET /api/events/{department} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        _wait_until_closed(sockets[0], 5)
        for one in sockets:
            one.close()


def _wait_until_closed(sock: socket.socket, seconds: float) -> None:
    """Nothing is read from it: a reset ends it, or the time."""
    poll = select.poll()
    poll.register(sock, select.POLLERR | select.POLLHUP)
    poll.poll(seconds * 1_000)


def stale_versions(url: str, department: str) -> None:
    """500 updates of one event with a version that it had long ago."""
    body = {"event_date": "2024-01-20", "title": "0"}
    event = _rest(url, "POST", f"/api/events/{department}", body)["event"]["id"]
    updates = [{"op": "update", "id": event, "event": {"title": str(number)}} for number in range(120)]
    _rest(url, "POST", f"/api/events/{department}/batch", {"operations": updates})
    stale = [{"op": "update", "id": event, "event": {"title": "x"}, "version": 1}] * 500
    while True:
        _rest(url, "POST", f"/api/events/{department}/batch", {"operations": stale})


def forged_cursors(url: str, department: str) -> None:
    """Asks for everything since revision 1, as often as it may."""
    cursor = _cursor_of_first_change(url, department)
    message = "420" + json.dumps(["sync_request", {"department_id": department, "cursor": cursor}])
    while True:
        client = RawWebsocket(url).connect()
        with suppress(EOFError, OSError):
            for _ in range(1_000):
                client.send(message)
                client.receive()
        client.close()


def _cursor_of_first_change(url: str, department: str) -> str:
    return str(_rest(url, "GET", f"/api/changes/{department}?limit=1")["cursor"])


def all_departments(url: str, department: str) -> None:
    """Reads every calendar and every log, one after the other."""
    departments = [one["id"] for one in _rest(url, "GET", "/api/departments")["departments"]]
    while True:
        for one in departments:
            request(url, "GET", f"/api/events/{one}")
            cursor = ""
            while True:
                answer = _rest(url, "GET", f"/api/changes/{one}?limit=1000{cursor}")
                if not answer.get("more"):
                    break
                cursor = f"&cursor={answer['cursor']}"


def abandoned_polling(url: str, department: str) -> None:
    """Sessions that ask for a calendar and never poll."""
    while True:
        client = RawPolling(url)
        client.post(f'40\x1e420["sync_request",{{"department_id":"{department}"}}]'.encode())
        time.sleep(0.02)


def _rest(url: str, method: str, path: str, payload: object = None) -> dict[str, object] | dict[str, dict]:
    body = None if payload is None else json.dumps(payload).encode()
    answer: dict[str, dict] = json.loads(
        request(url, method, path, body, {"Content-Type": "application/json"})[2]
    )
    return answer


ATTACKERS: dict[str, Callable[[str, str], None]] = {
    attacker.__name__: attacker
    for attacker in (
        small_messages, unknown_events, websocket_pings, tiny_fragments, pongs, upgrades, polled_packets,
        many_joins, repeated_department, unread_websocket, unread_rest, stale_versions, forged_cursors,
        all_departments, abandoned_polling,
    )
}  # fmt: skip


def main() -> None:
    name, url, department = sys.argv[1:]
    while True:
        with suppress(EOFError, OSError, AssertionError, ValueError, KeyError):
            ATTACKERS[name](url, department)
        time.sleep(0.1)


if __name__ == "__main__":
    main()
