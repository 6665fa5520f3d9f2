"""Engine.IO sessions as this server wants them.

python-engineio stays as it is: `Session` overrides what is written here and inherits the rest.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import engineio.exceptions
import engineio.packet
import engineio.socket

from teamcal.realtime.direct_write import (
    UNREADABLE,
    DirectWire,
    Letter,
    Send,
    direct_wire_of,
    hang_up,
    prepare_websocket,
)

# What older clients take in one polling response: https://github.com/miguelgrinberg/python-engineio/issues/142
PACKETS_OUT = 16
MOST_BEHIND, MOST_BEHIND_SIZE = 20_000, 64_000_000
"""Packets and their characters that wait for a client that doesn't read; with more it is disconnected."""
# Engine.IO puts these into the queue by itself, and their order doesn't matter.
UNCOUNTED = (engineio.packet.NOOP, engineio.packet.CLOSE)


class Session(engineio.socket.Socket):
    """One client's Engine.IO session.

    With an outbox at the server (`server.outbox`), packets are written to an open websocket by whoever sends
    them; those that can't be written at once take the inherited way, through the queue and its writer.
    """

    last_ping: float | None
    _counting = threading.Lock()

    def __init__(self, server: Any, sid: str) -> None:
        self._forget: Callable[[], object] = getattr(getattr(server, "outbox", None), "forget", bool)
        super().__init__(server, sid)
        self._wire: Any = None
        self._direct: DirectWire | None = None
        # Packets in the queue or in the hands of the writer, and their characters: while there are any,
        # nothing may overtake them.
        self._behind = self._behind_size = 0
        self._handed = (0, 0)

    def send(self, pkt: Any) -> None:
        """Send a packet after all that was sent before. Raises SocketIsClosedError."""
        outbox = getattr(self.server, "outbox", None)
        if self.closing or pkt.packet_type in UNCOUNTED:
            super().send(pkt)
        elif self.closed:
            raise engineio.exceptions.SocketIsClosedError()
        elif outbox is None or pkt.packet_type == engineio.packet.PING:
            # A ping that waits behind what others are sent would be answered too late.
            self.deliver(Letter([pkt]))
        else:
            outbox.send(self.sid, pkt)

    def schedule_ping(self) -> None:
        """The next ping, unless one is on its way: with those of all clients (teamcal/heartbeat.py)."""
        heartbeat = getattr(self.server, "heartbeat", None)
        if heartbeat is None:
            super().schedule_ping()
        elif self.last_ping:
            self.last_ping = None
            heartbeat.later(self._ping)

    def _ping(self) -> None:
        if not self.closing and not self.closed:
            self.last_ping = time.time()
            self.send(engineio.packet.Packet(engineio.packet.PING))

    @property
    def upgraded(self) -> bool:
        """Is a websocket open?"""
        return self._upgraded

    @upgraded.setter
    def upgraded(self, value: bool) -> None:
        self._upgraded = value
        self._forget()

    def ready(self) -> Send | None:
        """See teamcal.outbox.Client. Whatever this looks at tells the outbox when it changes."""
        if self._direct is None or self._behind or not self._upgraded or self.closed:
            return None
        return self._direct.ready()

    def deliver(self, letter: Letter, sent: int = 0) -> None:
        """Write `letter` to the client's websocket, or put it into the queue; doesn't wait for the client."""
        direct = self._direct
        try:
            if sent and direct is not None:
                direct.finish(letter.frame[sent:])
            elif direct is None or self._behind or not self._upgraded or not direct.write(letter.frame):
                self._queue_up(letter)
        except Exception:
            self._give_up()
            raise

    def _queue_up(self, letter: Letter) -> None:
        # Counted even when the session is closed: one that misses a letter gets none after it.
        self._count(len(letter.packets), letter.size)
        if self.closed:
            return
        if self._behind > MOST_BEHIND or self._behind_size > MOST_BEHIND_SIZE:
            self._give_up()
            return
        with suppress(engineio.exceptions.SocketIsClosedError):
            for packet in letter.packets:
                super().send(packet)

    def _count(self, packets: int, size: int) -> None:
        with self._counting:
            before = self._behind
            self._behind += packets
            self._behind_size += size
        if self._direct is not None and not (before and self._behind):
            self._forget()

    def _give_up(self) -> None:
        """End a client that doesn't keep up. It comes back and asks for what it missed, which is cheaper."""
        self.server.logger.warning("a client is %d messages behind: disconnected", self._behind)
        wire = self._wire
        self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
        if wire is not None:
            hang_up(wire)

    def poll(self) -> list[Any]:
        """The next packets, at most `PACKETS_OUT`; [] when the session is closed. Raises QueueEmpty.

        The inherited one hands out the whole queue, and a client that takes at most 16 packets would be
        thrown out by a burst. What is left over stays queued, in order, for the next call, which the client
        (or the websocket's writer) makes at once.
        """
        # Whoever asks for more has sent what it was handed before.
        packets, size = self._handed
        self._count(-packets, -size)
        self._handed = (0, 0)
        taken = self._take()
        counted = Letter([packet for packet in taken if packet.packet_type not in UNCOUNTED])
        self._handed = (len(counted.packets), counted.size)
        return taken

    def _take(self) -> list[Any]:
        packet = self._first()
        empty = self.server.get_queue_empty_exception()
        packets: list[Any] = []
        with suppress(empty):
            while packet is not None:
                packets.append(packet)
                if len(packets) == PACKETS_OUT:
                    return packets
                packet = self.queue.get(block=False)
            if packets:
                # The mark of the end is for the next call.
                self.queue.put(None)
        return packets

    def _first(self) -> Any:
        empty = self.server.get_queue_empty_exception()
        while True:
            try:
                return self.queue.get(timeout=self.server.ping_interval + self.server.ping_timeout)
            except empty:
                # A websocket that is written to directly may need its queue's writer never again.
                if self._direct is None or self.closed:
                    raise engineio.exceptions.QueueEmpty() from None

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Raises EngineIOError for a body that can't be read, which ends the session with a 400.

        The inherited one logs a stack trace and answers 200: the client would never know that its packets
        are lost.
        """
        try:
            super().handle_post_request(environ)
        except UNREADABLE as error:
            raise engineio.exceptions.EngineIOError("unreadable payload") from error

    def close(self, wait: bool = True, abort: bool = False, reason: Any = None) -> None:
        """Close the session without waiting; its websocket, if any, ends within the ping timeout.

        Inherited, `wait` joins the queue, which nobody empties when the client is gone, and a writer that
        is blocked on a client that stopped reading blocks for good.
        https://github.com/miguelgrinberg/python-engineio/pull/60
        """
        was_open = not (self.closing or self.closed)
        super().close(wait=False, abort=abort, reason=reason)
        self._forget()
        if not was_open or self._wire is None:
            return
        if reason == self.server.reason.PING_TIMEOUT:
            hang_up(self._wire)
        elif reason != self.server.reason.TRANSPORT_CLOSE:
            self.server.start_background_task(self._hang_up_later)

    def _hang_up_later(self) -> None:
        self.server.sleep(self.server.ping_timeout)
        if self._wire is not None:
            hang_up(self._wire)

    def _websocket_handler(self, ws: Any) -> list[Any]:
        """Serve a websocket until it ends. Garbage ends this session and is no error of the server's."""
        upgrading = self.connected
        wire = ws.ws.sock if hasattr(ws, "ws") else ws.socket
        if self._wire is not None:  # a session has one at most, and what is sent can't go to two
            hang_up(wire)
            return []
        self._wire = wire
        prepare_websocket(ws, self._wire, self.server.max_http_buffer_size)
        if getattr(self.server, "outbox", None) is not None:
            green = self.server.async_mode != "threading"
            self._direct = direct_wire_of(ws, green, self.server.start_background_task, self._forget)
        try:
            return super()._websocket_handler(ws)
        except (*UNREADABLE, OSError):
            if not upgrading or self.upgraded:
                hang_up(self._wire)
                self._wire = None
                self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
            return []
        finally:
            # Inherited, it stays set when the probe fails, and polling then answers nothing but NOOP.
            self.upgrading = False
            self._wire = self._direct = None
            self._forget()
            if self.closed:
                # The service task may keep the session in hand for long, but not what nobody will read.
                self.queue = self.server.create_queue()
