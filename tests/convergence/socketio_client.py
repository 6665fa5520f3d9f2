"""A Socket.IO client in a hundred lines: one task a connection, every message in the order of the wire.

The libraries' clients hand messages to tasks of their own, so the order that this test is about would be
theirs and not the server's.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp

SECONDS = 30.0
Lost = (aiohttp.ClientError, OSError, asyncio.TimeoutError, ConnectionError)


class WrongHandshake(ConnectionError):
    """200, and no Engine.IO session."""


class Connection:
    """`on_message(name, payload)` is called for every event. `transport`: websocket or polling."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, transport: str, on_message: Callable[[str, Any], None],
        auth: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._auth = "" if auth is None else json.dumps(auth)
        self._http, self._transport, self._on_message = http, transport, on_message
        self._address = f"{url}/socket.io/?EIO=4&transport={transport}"
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._joins: set[int] = set()
        self._number = 0
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.reader: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Raises one of `Lost`."""
        async with asyncio.timeout(SECONDS):
            if self._transport == "websocket":
                self._socket = await self._http.ws_connect(self._address, max_msg_size=0)
            else:
                packet = (await self._poll())[0]
                if packet[:1] != "0":
                    raise WrongHandshake(repr(packet[:200]))
                opened = json.loads(packet[1:])
                self._address += f"&sid={opened['sid']}"
            self.reader = asyncio.create_task(self._read())
            await self._send("40" + self._auth)
            await self._connected

    async def ask(self, name: str, payload: Any) -> Any:
        """Emits, and waits for the acknowledgement. Raises one of `Lost`."""
        if self.reader is None or self.reader.done():
            raise ConnectionError("closed")  # nobody would read the acknowledgement
        self._number += 1
        if name == "join_department":
            self._joins.add(self._number)
        answer = self._asked[self._number] = asyncio.get_running_loop().create_future()
        await self._send(f"42{self._number}" + json.dumps([name, payload]))
        async with asyncio.timeout(SECONDS):
            return await answer

    async def _send(self, packet: str) -> None:
        if self._socket is not None:
            await self._socket.send_str(packet)
            return
        async with self._http.post(self._address, data=packet) as answer:
            if answer.status != 200:
                raise ConnectionError(answer.status)

    async def _poll(self) -> list[str]:
        async with self._http.get(self._address) as answer:
            if answer.status != 200:
                raise ConnectionError(answer.status)
            return (await answer.text()).split("\x1e")

    async def _read(self) -> None:
        try:
            while True:
                for packet in await self._poll() if self._socket is None else await self._frame():
                    if packet == "2":
                        await self._send("3")
                    elif packet[:1] == "1" or packet[:2] == "41":
                        return
                    else:
                        self._take(packet)
        except Lost:
            pass
        finally:
            self._give_up()

    def _give_up(self) -> None:
        """Nobody waits any longer."""
        for waiting in (self._connected, *self._asked.values()):
            if not waiting.done():
                waiting.set_exception(ConnectionError("closed"))
                waiting.exception()

    async def _frame(self) -> list[str]:
        assert self._socket is not None
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError(message.type)
        return [message.data]

    def _take(self, packet: str) -> None:
        if packet[:2] == "40":
            if not self._connected.done():
                self._connected.set_result(None)
        elif packet[:2] == "44" and not self._connected.done():
            self._connected.set_exception(ConnectionError(packet))
        elif packet[:2] == "42":
            name, *payload = json.loads(packet[2:])
            self._on_message(name, payload[0] if payload else None)
        elif packet[:2] == "43":
            number, _, payload_text = packet[2:].partition("[")
            answer = self._asked.pop(int(number), None)
            result = json.loads("[" + payload_text)[0]
            if int(number) in self._joins and "events" in result:
                # The calendar of a join comes here, before the department's next change.
                self._on_message("joined_department", result)
            if answer is not None and not answer.done():
                answer.set_result(result)

    async def close(self) -> None:
        """As when the network goes: nothing is said."""
        if self.reader is not None:
            self.reader.cancel()
            with suppress(asyncio.CancelledError):
                await self.reader
            self._give_up()  # a task that is cancelled before it begins doesn't
        if self._socket is not None:
            with suppress(*Lost):
                await self._socket.close()
