"""Counts what waits to be sent: for a client, and for all clients of the process."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from teamcal.brief_lock import BriefLock
from teamcal.realtime.shared_packet import SharedPacket, size_of

PACKET_BYTES = 500
"""Memory of a packet that waits, beside its text."""
_MEGABYTE = 1024 * 1024


class UnreadLimits(NamedTuple):
    """Bytes that may wait for a client, beside one calendar of any size, and for all clients together."""

    client: int = 8 * _MEGABYTE
    process: int = 256 * _MEGABYTE


class Reader(Protocol):
    """A client for which packets wait."""

    unread: "Unread"

    def close_slow_reader(self) -> None: ...


class ProcessUnread:
    """What waits for all clients of a process; bytes that wait for several of them count once.

    When it is more than `limits.process`, the client for which most waits is disconnected. It comes back with
    its cursor. `readers()` returns all clients.
    """

    def __init__(self, limits: UnreadLimits, readers: Callable[[], Iterable[Any]]) -> None:
        self.limits, self._readers = limits, readers
        self.total = 0
        self._holders: Counter[int] = Counter()
        self._lock = BriefLock()

    def hold(self, packets: Iterable[Any]) -> None:
        with self._lock:
            for key, size in _parts(packets):
                self._holders[key] += 1
                if self._holders[key] == 1:
                    self.total += size

    def release(self, packets: Iterable[Any]) -> None:
        with self._lock:
            for key, size in _parts(packets):
                self._holders[key] -= 1
                if not self._holders[key]:
                    del self._holders[key]
                    self.total -= size

    def relieve(self) -> None:
        """Disconnects clients, those with most unread bytes first, until the process is within its limit."""
        while self.total > self.limits.process:
            readers = [reader for reader in self._readers() if getattr(reader, "unread", None)]
            fattest: Reader | None = max(readers, key=self._weight, default=None)
            if fattest is None or not fattest.unread.size:
                return
            fattest.close_slow_reader()

    def _weight(self, reader: Reader) -> float:
        """The memory that this client's leaving would free, about: its part of what several wait for."""
        calendars = reader.unread.calendars
        shares = sum(len(one.shared) / max(1, self._holders[id(one.shared.obj)]) for one in list(calendars))
        return reader.unread.plain + shares


def _parts(packets: Iterable[Any]) -> Iterator[tuple[int, int]]:
    """Yields (identity, bytes) of each object that the packets keep in memory."""
    for packet in packets:
        if isinstance(packet, SharedPacket):
            yield id(packet), packet.own_size + PACKET_BYTES
            yield id(packet.shared.obj), len(packet.shared)
        else:
            yield id(packet), size_of(packet) + PACKET_BYTES


class Unread:
    """What waits for one client: `plain` bytes of ordinary packets, and the packets that carry calendars."""

    __slots__ = ("_process", "calendars", "plain")

    def __init__(self, process: ProcessUnread) -> None:
        self._process = process
        self.plain = 0
        self.calendars: list[SharedPacket] = []

    @property
    def size(self) -> int:
        return self.plain + sum(packet.size for packet in self.calendars)

    @property
    def too_much(self) -> bool:
        """Whether more than the client's limit waits, beside its calendars."""
        return self.plain > self._process.limits.client

    @property
    def takes_a_calendar(self) -> bool:
        """Whether a calendar of any size may be sent now: all that waits is within the client's limit."""
        return self.size <= self._process.limits.client

    def add(self, packets: Sequence[Any]) -> None:
        """Counts packets that have to wait."""
        for packet in packets:
            if isinstance(packet, SharedPacket):
                self.calendars.append(packet)
            else:
                self.plain += size_of(packet) + PACKET_BYTES
        self._process.hold(packets)

    def remove(self, packets: Sequence[Any]) -> None:
        """Counts packets that have been sent or dropped."""
        for packet in packets:
            if isinstance(packet, SharedPacket):
                self.calendars.remove(packet)
            else:
                self.plain -= size_of(packet) + PACKET_BYTES
        self._process.release(packets)

    def relieve(self) -> None:
        self._process.relieve()
