"""The Engine.IO socket class of this server, and how Engine.IO comes to use it.

`EngineIoSocket` overrides some methods of python-engineio's `Socket` and inherits everything else.
"""

import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import engineio.exceptions
import engineio.packet
import engineio.server
import engineio.socket

from teamcal.metrics import NO_METRICS, QUEUE_FALLBACKS, SLOW_READERS_CLOSED, Metrics
from teamcal.realtime.direct_write import (
    DirectWriter,
    PacketBatch,
    SendFunction,
    direct_writer_of,
    shutdown_socket,
)
from teamcal.realtime.outbox import Outbox
from teamcal.realtime.pings import PingScheduler
from teamcal.realtime.websocket_fixes import fix_websocket, raw_socket_of
from teamcal.realtime.worker import DECODING_ERRORS

# Older clients take no more packets in one polling response:
# https://github.com/miguelgrinberg/python-engineio/issues/142
PACKETS_OUT = 16
MAX_QUEUED, MAX_QUEUED_SIZE = 20_000, 64_000_000
"""Packets, and their characters, that may wait for a client; with more it is disconnected."""
# Engine.IO queues these by itself, and their order doesn't matter.
UNCOUNTED = (engineio.packet.NOOP, engineio.packet.CLOSE)


class EngineIoSocket(engineio.socket.Socket):
    """One client's Engine.IO session. Made by a class of `socket_class`, which holds its collaborators.

    With an outbox, the task that sends a packet writes it to the open websocket itself. Packets that can't be
    written at once take the inherited way, through the queue and its writer.
    """

    outbox: Outbox | None = None
    pings: PingScheduler | None = None
    metrics: Metrics = NO_METRICS
    last_ping: float | None
    _counting = threading.Lock()

    def __init__(self, server: Any, sid: str) -> None:
        self._invalidate: Callable[[], object] = self.outbox.invalidate if self.outbox is not None else bool
        super().__init__(server, sid)
        self._raw_socket: Any = None
        self._direct: DirectWriter | None = None
        # Packets that are queued or being written by the queue's writer, and their characters: while there
        # are any, no other packet may overtake them.
        self._queued = self._queued_size = 0
        self._polled = (0, 0)

    def send(self, pkt: Any) -> None:
        """Sends a packet after all that were sent before. Raises SocketIsClosedError."""
        if self.closing or pkt.packet_type in UNCOUNTED:
            super().send(pkt)
        elif self.closed:
            raise engineio.exceptions.SocketIsClosedError()
        elif self.outbox is None or pkt.packet_type == engineio.packet.PING:
            # A ping that waited behind a broadcast to others would be answered too late.
            self.deliver(PacketBatch([pkt]))
        else:
            self.outbox.send(self.sid, pkt)

    def schedule_ping(self) -> None:
        """Schedules the next ping, unless one is scheduled already."""
        if self.pings is None:
            super().schedule_ping()
        elif self.last_ping:
            self.last_ping = None
            self.pings.schedule(self._ping)

    def _ping(self) -> None:
        if not self.closing and not self.closed:
            self.last_ping = time.time()
            self.send(engineio.packet.Packet(engineio.packet.PING))

    @property
    def upgraded(self) -> bool:
        """Whether a websocket is open."""
        return self._upgraded

    @upgraded.setter
    def upgraded(self, value: bool) -> None:
        self._upgraded = value
        self._invalidate()

    def send_function(self) -> SendFunction | None:
        """See outbox.Client. Each change of a value read here must call `_invalidate`."""
        if self._direct is None or self._queued or not self._upgraded or self.closed:
            return None
        return self._direct.send_function()

    def deliver(self, batch: PacketBatch, sent: int = 0) -> None:
        """Writes `batch` to the client's websocket, or queues it. Doesn't wait for the client."""
        direct = self._direct
        try:
            if sent and direct is not None:
                direct.write_rest(batch.frames[sent:])
            elif direct is None or self._queued or not self._upgraded or not direct.write(batch.frames):
                self._enqueue(batch)
        except Exception:
            self._disconnect_slow_reader()
            raise

    def _enqueue(self, batch: PacketBatch) -> None:
        self.metrics.add(QUEUE_FALLBACKS)
        # Counted even if the session is closed: a client that misses a batch must get none after it.
        self._count(len(batch.packets), batch.size)
        if self.closed:
            return
        if self._queued > MAX_QUEUED or self._queued_size > MAX_QUEUED_SIZE:
            self.metrics.add(SLOW_READERS_CLOSED)
            self._disconnect_slow_reader()
            return
        with suppress(engineio.exceptions.SocketIsClosedError):
            for packet in batch.packets:
                super().send(packet)

    def _count(self, packets: int, size: int) -> None:
        with self._counting:
            before = self._queued
            self._queued += packets
            self._queued_size += size
        if self._direct is not None and not (before and self._queued):
            self._invalidate()

    def _disconnect_slow_reader(self) -> None:
        """The client reconnects and asks for what it missed, which is cheaper than keeping it queued."""
        self.server.logger.warning("a client is %d messages behind: disconnected", self._queued)
        raw_socket = self._raw_socket
        self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
        if raw_socket is not None:
            shutdown_socket(raw_socket)

    def poll(self) -> list[Any]:
        """Returns the next packets, at most `PACKETS_OUT`; [] if the session is closed. Raises QueueEmpty.

        The inherited method returns the whole queue, and a burst would disconnect a client that takes at most
        16 packets. The others stay queued, in order, for the next call, which follows at once.
        """
        # The client, or the websocket's writer, polls again only after the previous packets have been sent.
        packets, size = self._polled
        self._count(-packets, -size)
        self._polled = (0, 0)
        taken = self._take()
        counted = PacketBatch([packet for packet in taken if packet.packet_type not in UNCOUNTED])
        self._polled = (len(counted.packets), counted.size)
        return taken

    def _take(self) -> list[Any]:
        packet = self._wait_for_packet()
        empty = self.server.get_queue_empty_exception()
        packets: list[Any] = []
        with suppress(empty):
            while packet is not None:
                packets.append(packet)
                if len(packets) == PACKETS_OUT:
                    return packets
                packet = self.queue.get(block=False)
            if packets:
                # None marks the end: the next call has to find it.
                self.queue.put(None)
        return packets

    def _wait_for_packet(self) -> Any:
        empty = self.server.get_queue_empty_exception()
        while True:
            try:
                return self.queue.get(timeout=self.server.ping_interval + self.server.ping_timeout)
            except empty:
                # The queue of a websocket that is written to directly may stay empty for ever.
                if self._direct is None or self.closed:
                    raise engineio.exceptions.QueueEmpty() from None

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Raises EngineIOError for a body that can't be decoded, which ends the session with a 400.

        The inherited method logs a stack trace and returns 200: the client would never know that its packets
        are lost.
        """
        try:
            super().handle_post_request(environ)
        except DECODING_ERRORS as error:
            raise engineio.exceptions.EngineIOError("unreadable payload") from error

    def close(self, wait: bool = True, abort: bool = False, reason: Any = None) -> None:
        """Closes the session without waiting; its websocket, if any, ends within the ping timeout.

        The inherited method joins the queue if `wait` is set, but nobody empties it when the client is gone,
        and a writer that is blocked by a client that stopped reading would stay blocked.
        https://github.com/miguelgrinberg/python-engineio/pull/60
        """
        was_open = not (self.closing or self.closed)
        super().close(wait=False, abort=abort, reason=reason)
        self._invalidate()
        if not was_open or self._raw_socket is None:
            return
        if reason == self.server.reason.PING_TIMEOUT:
            shutdown_socket(self._raw_socket)
        elif reason != self.server.reason.TRANSPORT_CLOSE:
            self.server.start_background_task(self._shut_down_later)

    def _shut_down_later(self) -> None:
        self.server.sleep(self.server.ping_timeout)
        if self._raw_socket is not None:
            shutdown_socket(self._raw_socket)

    def _websocket_handler(self, ws: Any) -> list[Any]:
        """Serves a websocket until it ends. A frame that can't be decoded just ends the session."""
        was_polling = self.connected
        mode = self.server.async_mode
        raw_socket = raw_socket_of(ws, mode)
        if self._raw_socket is not None:
            # A session has one websocket at most: what is sent can't go to two.
            shutdown_socket(raw_socket)
            return []
        self._raw_socket = raw_socket
        fix_websocket(ws, mode, raw_socket, self.server.max_http_buffer_size)
        if self.outbox is not None:
            self._direct = direct_writer_of(ws, mode, self.server.start_background_task, self._invalidate)
        try:
            return super()._websocket_handler(ws)
        except (*DECODING_ERRORS, OSError):
            if not was_polling or self.upgraded:
                shutdown_socket(raw_socket)
                self._raw_socket = None
                self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
            return []
        finally:
            # The inherited method leaves it set if the probe fails, and polling would return only NOOP.
            self.upgrading = False
            self._raw_socket = self._direct = None
            self._invalidate()
            if self.closed:
                # The service task may hold the session for a while; drop the unread queue now.
                self.queue = self.server.create_queue()


def socket_class(
    outbox: Outbox | None, pings: PingScheduler | None, metrics: Metrics = NO_METRICS
) -> type[EngineIoSocket]:
    """A class of sockets that use these collaborators. Without an outbox, they queue all packets."""
    members = {"outbox": outbox, "pings": pings, "metrics": metrics}
    return type("EngineIoSocket", (EngineIoSocket,), members)


_CLASSES: weakref.WeakKeyDictionary[Any, weakref.ref[type]] = weakref.WeakKeyDictionary()


def use_socket_class(engine: Any, sockets: type[EngineIoSocket]) -> None:
    """Makes the engineio.Server `engine` create its clients' sockets from `sockets`.

    engineio.Server looks up `socket.Socket` in its module for every client that connects, so the name is
    replaced for the whole process. The caller keeps a reference to `sockets` for as long as `engine` is used.
    """
    _CLASSES[engine] = weakref.ref(sockets)
    engineio.server.socket = SimpleNamespace(Socket=_new_socket)


def _new_socket(engine: Any, sid: str) -> Any:
    reference = _CLASSES.get(engine)
    sockets = reference() if reference is not None else None
    return (sockets or engineio.socket.Socket)(engine, sid)
