"""HTTP and websockets by hand: what a client library would refuse to send."""

import json
import socket
from contextlib import closing, suppress
from typing import Any

import websocket


def exchange(port: int, raw: bytes, half_close: bool = False, seconds: float = 60) -> bytes:
    """Everything that the server says to `raw` until it hangs up."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=seconds)) as wire:
        said = b""
        with suppress(BrokenPipeError, ConnectionResetError):
            wire.sendall(raw)
            if half_close:
                wire.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while part := wire.recv(65536):
                said += part
        return said


def request(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own; the path goes out as it is."""
    lines = [f"{method} {path} HTTP/1.1", "Host: calendar", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    said = exchange(port, "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b""))
    head, _, content = said.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    got = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return int(first.split()[1]) if first else 0, got, content


class Wire:
    """A Socket.IO client that sends whatever packets it is told to."""

    def __init__(self, port: int) -> None:
        self.socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket", timeout=60
        )
        self._number = 0
        assert self.socket.recv()[0] == "0"
        self.socket.send("40")
        assert self.socket.recv()[:2] == "40"
        assert json.loads(self.socket.recv()[2:])[0] == "connected"

    def send(self, packet: str | bytes) -> None:
        if isinstance(packet, bytes):
            self.socket.send_binary(packet)
        else:
            self.socket.send(packet)

    def until_now(self) -> list[Any]:
        """What came before the server's answer to a question that is asked now, errors included."""
        self._number += 1
        self.send(f'42{self._number}["leave_department",{{"department_id":"nobody"}}]')
        heard: list[Any] = []
        while True:
            packet = self.socket.recv()
            if packet.startswith(f"43{self._number}["):
                return [one for one in heard if one[0] != "left_department"]
            if packet.startswith("42"):
                heard.append(json.loads(packet[2:]))
