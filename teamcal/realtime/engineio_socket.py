"""The Engine.IO socket class of this server, and how Engine.IO comes to use it.

`EngineIoSocket` overrides some methods of python-engineio's `Socket` and inherits everything else.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import engineio.exceptions
import engineio.packet
import engineio.socket

from teamcal.brief_lock import BriefLock
from teamcal.metrics import NO_METRICS, QUEUE_FALLBACKS, SLOW_READERS_CLOSED, Metrics
from teamcal.realtime.direct_write import (
    DirectWriter,
    PacketBatch,
    SendFunction,
    direct_writer_of,
    shutdown_socket,
)
from teamcal.realtime.incoming import Incoming
from teamcal.realtime.outbox import Outbox
from teamcal.realtime.polled_calendar import respond
from teamcal.realtime.shared_packet import SharedPacket, size_of
from teamcal.realtime.unread import ProcessUnread, Unread, UnreadLimits
from teamcal.realtime.websocket_fixes import fix_websocket, raw_socket_of, release_websocket
from teamcal.realtime.worker import DECODING_ERRORS

# Older clients take no more packets in one polling response:
# https://github.com/miguelgrinberg/python-engineio/issues/142
PACKETS_OUT = 16
BYTES_OUT = 65_536
"""A polling response ends with the packet that makes it this long."""
CALENDAR_SECONDS, CALENDAR_BYTES = 20.0, 65_536
"""A client has so long to read a calendar, and a second more for each so many bytes of it."""
# A close frame of websockets: 1001, "going away".
GOING_AWAY = b"\x88\x02" + (1001).to_bytes(2, "big")
# Engine.IO queues these by itself, and their order doesn't matter.
UNCOUNTED = (engineio.packet.NOOP, engineio.packet.CLOSE)


class EngineIoSocket(Incoming):
    """One client's Engine.IO session. Made by a class of `socket_class`, which holds its collaborators.

    With an outbox, the task that sends a packet writes it to the open websocket itself. Packets that can't be
    written at once take the inherited way, through the queue and its writer.
    """

    outbox: Outbox | None = None
    metrics: Metrics = NO_METRICS
    queue: Any
    process_unread = ProcessUnread(UnreadLimits(), lambda: ())
    _counting = BriefLock()

    def __init__(self, server: Any, sid: str) -> None:
        self._invalidate: Callable[[], object] = self.outbox.invalidate if self.outbox is not None else bool
        super().__init__(server, sid)
        self._direct: DirectWriter | None = None
        # Packets that are queued or being written by the queue's writer: while there are any, no other packet
        # may overtake them.
        self._queued = 0
        self._polled: list[Any] = []
        self._next: Any = None
        self.unread = Unread(self.process_unread)
        self._client_said_close = False
        self.muted = False
        """Whether nothing more is sent to the client, which is about to be sent away."""

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
        if self._direct is None or self._queued or not self._upgraded or self.closed or self.muted:
            return None
        return self._direct.send_function()

    def deliver(self, batch: PacketBatch, sent: int = 0) -> None:
        """Writes `batch` to the client's websocket, or queues it. Doesn't wait for the client."""
        if self.muted or self.closed:
            return
        direct = self._direct
        try:
            if sent and direct is not None:
                direct.write_rest(batch.frames[sent:])
            elif direct is None or self._queued or not self._upgraded or not batch.write_to(direct):
                self._enqueue(batch)
        except Exception:
            self.close_slow_reader()
            raise

    def _enqueue(self, batch: PacketBatch) -> None:
        self.metrics.add(QUEUE_FALLBACKS)
        self._count(batch.packets)
        if self.unread.too_much:
            self.close_slow_reader()
            return
        with suppress(engineio.exceptions.SocketIsClosedError):
            if self.check_ping_timeout():
                for packet in batch.packets:  # the inherited method would log the text of each
                    self.queue.put(packet)
        if self.closed:
            self._drop_unread()
        self.process_unread.relieve()

    def _count(self, added: Sequence[Any], sent: Sequence[Any] = ()) -> None:
        with self._counting:
            before = self._queued
            self._queued += len(added) - len(sent)
            self.unread.add(added)
            self.unread.remove(sent)
        if self._direct is not None and not (before and self._queued):
            self._invalidate()

    def _drop_unread(self) -> None:
        """Forgets what waits for a session that has ended; its service task may hold it for a while."""
        queue, self.queue = self.queue, self.server.create_queue()
        self.queue.put(None)  # for the next poll; the present one gets that of `close`
        dropped = [] if self._next is None else [self._next]
        with suppress(self.server.get_queue_empty_exception()):
            while True:
                dropped.append(queue.get(block=False))
        queue.put(None)
        self._next = None
        self._count([], [*self._swap_polled(), *filter(is_counted, dropped)])

    def _swap_polled(self) -> list[Any]:
        """Returns the packets that the last poll returned, once."""
        with self._counting:
            polled, self._polled = self._polled, []
        return polled

    def close_slow_reader(self) -> None:
        """The client reconnects and asks for what it missed, which is cheaper than keeping it queued."""
        if not self.closed:
            self.metrics.add(SLOW_READERS_CLOSED)
            waiting = (self._queued, self.unread.size)
            self.server.logger.warning("a client is %d messages behind, %d bytes: disconnected", *waiting)
        self.close(reason=self.server.reason.TRANSPORT_ERROR)

    def send_away(self) -> None:
        """Closes the transport so that the client reconnects; see send_away.py. Doesn't wait."""
        if self._direct is not None:
            self._direct.write(GOING_AWAY)
        self.close(reason=self.server.reason.TRANSPORT_ERROR)

    def wait_until_calendar_fits(self) -> None:
        """Returns when so much has been read that a calendar of any size may be sent. Raises EngineIOError.

        A client that has stopped reading ends by its ping timeout, if not by the time for a calendar.
        """
        while not self.unread.takes_a_calendar:
            if self.closed:
                raise engineio.exceptions.SocketIsClosedError()
            self.server.sleep(0.05)

    def poll(self) -> list[Any]:
        """Returns the next packets, at most `PACKETS_OUT`; [] if the session is closed. Raises QueueEmpty.

        The inherited method returns the whole queue, and a burst would disconnect a client that takes at most
        16 packets. The others stay queued, in order, for the next call, which follows at once.
        """
        self._polls += 1
        try:
            while True:
                # The client, or the websocket's writer, polls again only after the previous packets have
                # been sent.
                self._moved_at = time.time()
                self._count([], self._swap_polled())
                taken = self._take()
                self._polled = list(filter(is_counted, taken))
                if not self._is_for_direct_writer(taken):
                    return taken
                if not self._write_calendar(taken[0]):
                    return []
        finally:
            self._polls -= 1
            self._polled_at = time.monotonic()

    def _take(self) -> list[Any]:
        packet, self._next = self._next or self._wait_for_packet(), None
        packets: list[Any] = []
        size = 0
        with suppress(self.server.get_queue_empty_exception()):
            while packet is not None:
                is_calendar = isinstance(packet, SharedPacket)  # it goes alone
                if packets and is_calendar:
                    self._next = packet
                    return packets
                packets.append(packet)
                size += size_of(packet)
                if is_calendar or len(packets) == PACKETS_OUT or size >= BYTES_OUT:
                    return packets
                packet = self.queue.get(block=False)
            if packets:
                # None marks the end: the next call has to find it.
                self.queue.put(None)
        return packets

    def _is_for_direct_writer(self, packets: list[Any]) -> bool:
        is_calendar = bool(packets) and isinstance(packets[0], SharedPacket)
        return is_calendar and self._direct is not None and self._upgraded

    def _write_calendar(self, packet: SharedPacket) -> bool:
        """Writes it to the websocket; returns whether the client has read it in time."""
        assert self._direct is not None
        began, written = time.monotonic(), 0
        try:
            with self._direct.held():
                for chunk in packet.frame():
                    self._direct.write_and_wait(chunk)
                    written += len(chunk)
                    self._moved_at = time.time()
                    if time.monotonic() - began > CALENDAR_SECONDS + written / CALENDAR_BYTES:
                        raise OSError("the client reads too slowly")
                    self.server.sleep(0)
        except OSError:
            self.close(reason=self.server.reason.TRANSPORT_ERROR)
            return False
        return True

    def _wait_for_packet(self) -> Any:
        empty = self.server.get_queue_empty_exception()
        while True:
            try:
                return self.queue.get(timeout=self.server.ping_interval + self.server.ping_timeout)
            except empty:
                # The queue of a websocket that is written to directly may stay empty for ever.
                if self._direct is None or self.closed:
                    raise engineio.exceptions.QueueEmpty() from None

    def handle_get_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Raises EngineIOError, which is answered with a 400, if the session ends during a polling request.

        The inherited method returns an empty body, for which client libraries have different opinions.
        """
        answer = super().handle_get_request(environ, start_response)
        if "HTTP_UPGRADE" in environ:
            return answer
        if isinstance(answer, list) and answer and isinstance(answer[0], SharedPacket):
            return respond(self.server, answer[0], environ, start_response)
        if answer != []:
            return answer
        if self._client_said_close:
            return [engineio.packet.Packet(engineio.packet.NOOP)]
        raise engineio.exceptions.EngineIOError("the session has ended")

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
        """Closes the session without waiting and without a CLOSE packet, which clients take for final.

        Its websocket, if any, ends at once if the client can't be reached any more, otherwise within the ping
        timeout. The inherited method joins the queue if `wait` is set, but nobody empties it when the client
        is gone, and a writer that is blocked by a client that stopped reading would stay blocked.
        https://github.com/miguelgrinberg/python-engineio/pull/60
        """
        was_open = not (self.closing or self.closed)
        reasons, raw_socket = self.server.reason, self._raw_socket
        self._client_said_close = self._client_said_close or reason == reasons.CLIENT_DISCONNECT
        super().close(wait=False, abort=True, reason=reason)
        self._invalidate()
        if not was_open:
            return
        self._drop_unread()
        if raw_socket is None:
            return
        if reason in (reasons.PING_TIMEOUT, reasons.TRANSPORT_ERROR):
            shutdown_socket(raw_socket)
        elif reason != reasons.TRANSPORT_CLOSE:
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
        fix_websocket(ws, mode, raw_socket, self.server.max_http_buffer_size, self)
        if self.outbox is not None:
            self._direct = direct_writer_of(ws, mode, self.server.start_background_task, self._invalidate)
        try:
            return super()._websocket_handler(ws)
        except (*DECODING_ERRORS, OSError):
            if not was_polling or self.upgraded:
                shutdown_socket(raw_socket)
                self._raw_socket = None
                self.close(reason=self.server.reason.TRANSPORT_ERROR)
            return []
        finally:
            # The inherited method leaves it set if the probe fails, and polling would return only NOOP.
            self.upgrading = False
            self._raw_socket = self._direct = None
            release_websocket(ws, raw_socket)
            self._invalidate()
            if self.closed:
                # Its writer has ended, and nobody polls any more.
                self.queue = self.server.create_queue()


def is_counted(packet: Any) -> bool:
    return packet is not None and packet.packet_type not in UNCOUNTED
