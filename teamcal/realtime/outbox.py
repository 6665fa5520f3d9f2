"""The outbox: everything that a process sends to clients leaves it in the order in which it was handed in.

Design: docs/develop/sync.md. A broadcast to thousands of clients takes a while, and the server serves other
requests meanwhile. A packet that is sent to one client during that time queues up behind the broadcast.
"""

import logging
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from inspect import GEN_CLOSED, getgeneratorstate
from typing import Any, Protocol

from teamcal.brief_lock import BriefLock
from teamcal.metrics import DELIVERIES, NO_METRICS, Metrics
from teamcal.realtime.direct_write import PacketBatch, SendFunction
from teamcal.realtime.shared_packet import size_of

logger = logging.getLogger(__name__)

CHUNK = 256
"""Clients per turn; after them, other tasks run. About 3 ms."""
PACKETS, BYTES = 64, 65_536
"""Limits of what is combined into one write to a client."""
MANY, CACHED_ROOMS = 64, 16
"""Send functions are cached for broadcasts to at least MANY clients, and for at most CACHED_ROOMS of them."""
WAITING = 1_000
"""Packets of broadcasts that may wait. With more, broadcasters wait, so that memory stays bounded."""


class Client(Protocol):
    """A connected client. No method waits.

    `deliver` sends a batch or queues it; the first `sent` bytes of its frames have been sent already.
    `send_function` returns a function that writes frames to the client at once and returns how many bytes it
    took, or None. It may be used until `Outbox.invalidate`, and only where no other thread runs in between.
    """

    def deliver(self, batch: PacketBatch, sent: int = 0) -> None: ...
    def send_function(self) -> SendFunction | None: ...


@dataclass
class Delivery:
    """A batch and its recipients (keys of the outbox's `clients`). `send_functions`: theirs, or ().

    `is_whole`: no other recipients of the batch come after these.
    """

    recipients: tuple[str, ...]
    batch: PacketBatch
    size: int = 0
    send_functions: Sequence[SendFunction | None] = ()
    is_whole: bool = True


class Outbox:
    """`clients()` returns the connected clients by id. `spawn(task, argument)` starts a background task,
    `pause(seconds)` lets other tasks run.
    """

    def __init__(
        self,
        clients: Callable[[], Mapping[str, Client]],
        spawn: Callable[..., object],
        pause: Callable[[float], object],
        metrics: Metrics = NO_METRICS,
    ) -> None:
        self._clients, self._spawn, self._pause, self._metrics = clients, spawn, pause, metrics
        self._waiting: deque[Delivery] = deque()
        self._cache: dict[str, tuple[tuple[str, ...], Sequence[SendFunction | None]]] = {}
        self._packets = 0
        self._delivering = False
        self._lock = BriefLock()

    def broadcast(self, recipients: tuple[str, ...], packet: Any) -> None:
        """As `queue`, after `wait`."""
        self.wait()
        self.queue(recipients, packet)

    def wait(self) -> None:
        """Returns when fewer than `WAITING` packets are queued; the queue advances whatever clients do."""
        while self._packets >= WAITING:
            self._pause(0.001)

    @property
    def is_overfull(self) -> bool:
        """Whether so much is queued that more isn't taken from those who can't wait."""
        return self._packets >= 2 * WAITING

    def queue(self, recipients: tuple[str, ...], packet: Any) -> None:
        """Queues `packet` for `recipients`, behind everything that was sent before. Doesn't wait.

        Packets to the same recipients that wait together are sent in one write.
        """
        if recipients:
            self._metrics.add(DELIVERIES, len(recipients))
            self._enqueue(recipients, packet)

    def send(self, recipient: str, packet: Any) -> None:
        """Sends `packet` to one client: at once if no delivery is running, otherwise behind it."""
        if self._delivering:
            self._enqueue((recipient,), packet)
        else:
            self._deliver(Delivery((recipient,), PacketBatch([packet])))

    def invalidate(self) -> None:
        """Drops the cached send functions, because a client has to be written to in another way now."""
        if self._cache:
            # Replace the dict instead of clearing it: a running loop notices that it is another object.
            self._cache = {}

    def _enqueue(self, recipients: tuple[str, ...], packet: Any) -> None:
        size = size_of(packet)
        with self._lock:
            last = self._waiting[-1] if self._waiting else None
            if (
                last is None
                or last.recipients != recipients
                or len(last.batch.packets) >= PACKETS
                or last.size + size > BYTES
            ):
                last = Delivery(recipients, PacketBatch([]))
                self._waiting.append(last)
            last.batch.packets.append(packet)
            last.size += size
            self._packets += 1
            if self._delivering:
                return
            self._delivering = True
        self._start(self._chunks())

    def _start(self, chunks: Generator[Delivery]) -> None:
        try:
            self._spawn(self._deliver_all, chunks)
        except RuntimeError:  # can't start a new thread
            self._deliver_all(chunks)

    def _deliver_all(self, chunks: Generator[Delivery]) -> None:
        try:
            for chunk in chunks:
                self._deliver(chunk)
                if self._waiting or not chunk.is_whole:
                    self._pause(0)
        except BaseException:
            # This task is being ended, or the delivery failed. Another task continues where this one stopped;
            # a generator that raised has ended, and a new one continues with the next delivery.
            self._start(self._chunks() if getgeneratorstate(chunks) == GEN_CLOSED else chunks)
            raise

    def _chunks(self) -> Generator[Delivery]:
        """Yields deliveries to `CHUNK` clients each, until none waits. Once yielded, a batch is final."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._delivering = False
                    return
                delivery = self._waiting.popleft()
                self._packets -= len(delivery.batch.packets)
            cache, functions = self._cache, self._send_functions_of(delivery.recipients)
            for start in range(0, len(delivery.recipients), CHUNK):
                chunk = slice(start, start + CHUNK)
                valid = self._cache is cache
                yield Delivery(
                    delivery.recipients[chunk],
                    delivery.batch,
                    send_functions=functions[chunk] if valid else (),
                    is_whole=start + CHUNK >= len(delivery.recipients),
                )

    def _send_functions_of(self, recipients: tuple[str, ...]) -> Sequence[SendFunction | None]:
        """The recipients' send functions, cached until `invalidate`.

        Looking at thousands of sockets and locks each time would be a sixth of the cost of a broadcast.
        """
        if len(recipients) < MANY:
            return ()
        cached = self._cache.get(recipients[0])
        if cached is None or cached[0] != recipients:
            clients = self._clients()
            try:
                functions = [one.send_function() if (one := clients.get(id)) else None for id in recipients]
            except Exception:  # a failing client must not stop the others
                logger.exception("a client's state couldn't be read")
                return ()
            if len(self._cache) >= CACHED_ROOMS:
                self._cache.clear()
            cached = self._cache[recipients[0]] = (recipients, functions if any(functions) else ())
        return cached[1]

    def _deliver(self, delivery: Delivery) -> None:
        clients, batch = self._clients(), delivery.batch
        done = self._write(delivery, clients) if delivery.send_functions else 0
        for recipient in delivery.recipients[done:]:
            client = clients.get(recipient)
            if client is not None:  # None: it has disconnected
                self._deliver_to(client, batch)

    def _write(self, delivery: Delivery, clients: Mapping[str, Client]) -> int:
        """Calls the send functions; returns how many recipients are done.

        It stops early if the send functions were invalidated meanwhile.
        """
        cache, frames = self._cache, delivery.batch.frames
        size, sent = len(frames), 0
        for index, (recipient, send) in enumerate(
            zip(delivery.recipients, delivery.send_functions, strict=True)
        ):
            try:
                sent = send(frames) if send is not None else 0
            except OSError:  # the buffer is full; or the socket is closed, which the queue's writer notices
                sent = 0
            if sent != size and (client := clients.get(recipient)) is not None:
                self._deliver_to(client, delivery.batch, sent)
                if self._cache is not cache:
                    return index + 1
        return len(delivery.recipients)

    def _deliver_to(self, client: Client, batch: PacketBatch, sent: int = 0) -> None:
        try:
            client.deliver(batch, sent)
        except Exception:  # a failing client must not stop the others
            logger.exception("a message couldn't be sent")
