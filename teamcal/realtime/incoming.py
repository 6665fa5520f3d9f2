"""The receiving half of a client's session: its messages wait their turn, and other clients have theirs."""

import logging
import time
from collections import deque
from typing import Any, NamedTuple

import engineio.exceptions
import engineio.packet

from teamcal.brief_lock import BriefLock
from teamcal.realtime.liveness import Liveness
from teamcal.realtime.message_rate import MessageRate, TokenBucket, tokens_of

logger = logging.getLogger(__name__)

WAITING_BYTES = 1_000_000
"""What may wait of a polling client's messages. A websocket with messages that wait isn't read from."""
PACKET_BYTES = 200
"""Memory of a packet beside its text."""
BINARY = ("5", "6")
"""The first characters of Socket.IO packets that announce binary attachments; nobody sends them here."""


class _WaitingPacket(NamedTuple):
    due: float
    size: int
    packet: Any


class Incoming(Liveness):
    """Handles a client's packets one after the other, at most `rate` of them.

    Those beyond it wait: on a websocket in the network, over polling in memory, since a client library gives
    a POST request up after a few seconds. After each packet other tasks run: a handler that waits for
    nothing would otherwise never let them.
    """

    rate = MessageRate()
    _inbox_lock = BriefLock()

    def __init__(self, server: Any, sid: str) -> None:
        super().__init__(server, sid)
        self._bucket = TokenBucket(self.rate, time.monotonic())
        self._inbox: deque[_WaitingPacket] = deque()
        self._inbox_size = 0
        self._draining = False

    def receive(self, pkt: Any) -> None:
        """Raises EngineIOError if the session ends or has ended."""
        if self.closed:
            raise engineio.exceptions.SocketIsClosedError()
        self._refuse_binary(pkt)
        size = len(pkt.data) if isinstance(pkt.data, str) else 0
        if self._raw_socket is None:
            self._receive_polled(pkt, size)
            return
        while self._inbox and not self.closed:  # what came before the upgrade to a websocket
            self.server.sleep(0.05)
        self.wait_for_turn(tokens_of(size))
        self._handle(pkt)

    def charge(self, messages: float) -> None:
        """Counts what is being handled as so many more messages; the client's next ones wait longer."""
        self._bucket.take(messages, time.monotonic())

    def wait_for_turn(self, tokens: float) -> None:
        now = time.monotonic()
        due = now + self._bucket.take(tokens, now)
        while (left := due - time.monotonic()) > 0 and not self.closed:
            self.server.sleep(min(left, 1.0))

    def on_frame(self, ends_message: bool) -> None:
        """Called for each frame of a websocket, under eventlet. A message is counted when it ends."""
        if ends_message:
            self.server.sleep(0)
        else:
            self.wait_for_turn(1)

    def pause(self, seconds: float) -> None:
        """Lets other tasks run."""
        self.server.sleep(seconds)

    def _refuse_binary(self, pkt: Any) -> None:
        is_message = pkt.packet_type == engineio.packet.MESSAGE
        if pkt.binary or (is_message and isinstance(pkt.data, str) and pkt.data[:1] in BINARY):
            self.server.logger.warning("a client sent binary data: disconnected")
            self.close(reason=self.server.reason.TRANSPORT_ERROR)
            raise engineio.exceptions.SocketIsClosedError()
        if pkt.packet_type == engineio.packet.UPGRADE:  # the inherited method queues a packet for each
            raise engineio.exceptions.UnknownPacketError()

    def _receive_polled(self, pkt: Any, size: int) -> None:
        now = time.monotonic()
        wait = self._bucket.take(tokens_of(size), now) if pkt.packet_type == engineio.packet.MESSAGE else 0
        if not wait and (not self._inbox or pkt.packet_type != engineio.packet.MESSAGE):
            self._handle(pkt)
            return
        if self._inbox_size > WAITING_BYTES:
            self.server.logger.warning("a client sent more than may wait: disconnected")
            self.close(reason=self.server.reason.TRANSPORT_ERROR)
            raise engineio.exceptions.SocketIsClosedError()
        with self._inbox_lock:
            self._inbox.append(_WaitingPacket(now + wait, size + PACKET_BYTES, pkt))
            self._inbox_size += size + PACKET_BYTES
            if self._draining:
                return
            self._draining = True
        try:
            self.server.start_background_task(self._drain)
        except RuntimeError:  # can't start a new thread
            self._drain()

    def _drain(self) -> None:
        while True:
            with self._inbox_lock:
                if self.closed:
                    self._inbox.clear()
                if not self._inbox:
                    self._draining, self._inbox_size = False, 0
                    return
                first = self._inbox[0]
            if (left := first.due - time.monotonic()) > 0:
                self.server.sleep(min(left, 1.0))
                continue
            try:
                self._handle(first.packet)
            except engineio.exceptions.EngineIOError:
                pass
            except Exception:
                logger.exception("a client's message couldn't be handled")
            with self._inbox_lock:
                if self._inbox:
                    self._inbox_size -= self._inbox.popleft().size

    def _handle(self, pkt: Any) -> None:
        if pkt.packet_type == engineio.packet.MESSAGE:
            # A sign of life, as good as the answer to a ping, which may have to wait behind messages.
            self.schedule_ping()
        super().receive(pkt)
        self.server.sleep(0)
