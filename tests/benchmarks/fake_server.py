"""A Socket.IO server whose deliveries are wrong on purpose, which the load client must notice."""

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any, Self

Delivery = Callable[[int, list[str]], list[str]]
"""(member, messages that every member should get) → the messages that this member gets; "" disconnects it."""


class FakeServer:
    """Listens on a loopback port while the `with` lasts."""

    def __init__(self, deliver: Delivery = lambda member, messages: messages) -> None:
        self._deliver = deliver
        self._members: list[asyncio.StreamWriter] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        )
        self._server = started.result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                if head.startswith("GET"):
                    await self._member(reader, writer)
                else:
                    await self._post(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _member(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        send(writer, '0{"sid":"1"}')
        while True:
            packet = await received(reader)
            if packet == "40":
                send(writer, '40{"sid":"1"}')
            elif packet.startswith("420"):
                self._members.append(writer)
                send(writer, '430[{"revision":0}]')

    async def _post(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int(head.lower().partition("content-length:")[2].split()[0])
        body: dict[str, Any] = json.loads(await reader.readexactly(length))
        events = [operation["event"] for operation in body["operations"]] if "operations" in body else [body]
        messages = ["42" + json.dumps(["event_created", event], separators=(",", ":")) for event in events]
        for number, member in enumerate(self._members):
            for message in self._deliver(number, messages):
                send(member, message) if message else member.close()
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")


def send(writer: asyncio.StreamWriter, text: str) -> None:
    data = text.encode()
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")
    writer.write(b"\x81" + size + data)


async def received(reader: asyncio.StreamReader) -> str:
    """The text of a masked frame."""
    size = (await reader.readexactly(2))[1] & 127
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    mask, data = await reader.readexactly(4), await reader.readexactly(size)
    return bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)).decode()
