"""Clients down to the bytes, for what no library would send."""

import http.client
import json
import os
import socket
import struct
from typing import Any
from urllib.parse import urlsplit


class RawWebsocket:
    """A websocket without a library: frames may be anything, and it reads only when told to."""

    def __init__(self, url: str, receive_buffer: int | None = None, headers: str = "", sid: str = "") -> None:
        self._address = (urlsplit(url).hostname or "", urlsplit(url).port or 80)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(60)
        self.socket.connect(self._address)
        self.socket.sendall(
            b"GET /socket.io/?EIO=4&transport=websocket"
            + (f"&sid={sid}" if sid else "").encode()
            + b" HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + headers.encode() + b"\r\n"
        )
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        self.head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        assert b" 101 " in self.head.split(b"\r\n")[0], self.head

    def connect(self) -> "RawWebsocket":
        """Join Socket.IO's default namespace."""
        assert self.receive().startswith("0{")
        self.send("40")
        assert self.receive().startswith("40{")
        return self

    def send(self, text: str) -> None:
        self.socket.sendall(frame(text.encode()))

    def receive(self) -> str:
        """The next text message; pings of the protocol are passed over. Raises EOFError at a close."""
        while True:
            opcode, payload = self._frame()
            if opcode == 8:
                raise EOFError(payload)
            if opcode == 1:
                text = payload.decode()
                if text != "2":
                    return text
                self.send("3")

    def receive_until_closed(self) -> None:
        try:
            while True:
                self.receive()
        except (EOFError, ConnectionError):
            return

    def close(self) -> None:
        self.socket.close()

    def _frame(self) -> tuple[int, bytes]:
        head = self._exactly(2)
        assert head[0] in (0x81, 0x82, 0x88, 0x89, 0x8A), f"not a frame: {head!r}"
        length = head[1]
        if length == 126:
            (length,) = struct.unpack("!H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._exactly(8))
        return head[0] & 15, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        parts, have = [self._buffer], len(self._buffer)
        while have < count:
            parts.append(self.socket.recv(1 << 16))
            if not parts[-1]:
                raise EOFError("closed")
            have += len(parts[-1])
        whole = b"".join(parts)
        self._buffer = whole[count:]
        return whole[:count]

    def _fill(self) -> None:
        part = self.socket.recv(1 << 16)
        if not part:
            raise EOFError("closed")
        self._buffer += part


def frame(payload: bytes, opcode: int = 1, final: bool = True) -> bytes:
    """A masked frame, as clients send them."""
    head = bytes([opcode | (0x80 if final else 0)])
    if len(payload) < 126:
        head += bytes([0x80 | len(payload)])
    elif len(payload) < 1 << 16:
        head += struct.pack("!BH", 0x80 | 126, len(payload))
    else:
        head += struct.pack("!BQ", 0x80 | 127, len(payload))
    mask = os.urandom(4)
    key = int.from_bytes((mask * (len(payload) // 4 + 1))[: len(payload)], "little")
    return head + mask + (int.from_bytes(payload, "little") ^ key).to_bytes(len(payload), "little")


def request(
    url: str, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """One HTTP exchange on a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def rest(url: str, method: str, path: str, payload: Any = None) -> Any:
    """A REST call that has to succeed."""
    body = None if payload is None else json.dumps(payload).encode()
    status, _, answer = request(url, method, path, body, {"Content-Type": "application/json"})
    assert 200 <= status < 300, (status, answer)
    return json.loads(answer)


class RawPolling:
    """A polling session, one request at a time."""

    def __init__(self, url: str) -> None:
        self.url = url
        status, _, body = request(url, "GET", "/socket.io/?EIO=4&transport=polling")
        assert status == 200
        self.path = "/socket.io/?EIO=4&transport=polling&sid=" + json.loads(body[1:])["sid"]

    def connect(self) -> "RawPolling":
        assert self.post(b"40")[0] == 200
        packets: list[str] = []
        while not any(packet.startswith("42") for packet in packets):
            packets += self.poll()
        assert packets[0].startswith("40{")
        return self

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        status, _, answer = request(self.url, "POST", self.path, body, headers)
        return status, answer

    def get(self) -> tuple[int, bytes]:
        status, _, answer = request(self.url, "GET", self.path)
        return status, answer

    def poll(self) -> list[str]:
        status, _, body = request(self.url, "GET", self.path)
        assert status == 200, body
        return body.decode().split("\x1e")

    def poll_until(self, part: str) -> str:
        """The first packet with this part; a poll more than needed would last until the next ping."""
        while True:
            for packet in self.poll():
                if part in packet:
                    return packet
