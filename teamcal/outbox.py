"""The one way out of a process: what is sent to clients leaves in the order in which it was handed over.

Design: docs/sync.md. A broadcast to thousands takes a while, and the server answers others meanwhile; what
is sent to one client during that time lines up behind it.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .wire import Letter

log = logging.getLogger("teamcal.outbox")

CHUNK = 256
"""Clients that are sent to before others get their turn: about 3 ms."""
PACKETS, BYTES = 64, 65_536
"""The most that is put together into one write to a client."""
WAITING = 1_000
"""Packets of broadcasts that may wait. Who has more to say waits, so that memory doesn't fill up."""


class Client(Protocol):
    """`deliver` sends a letter or queues it; it never waits for anybody."""

    def deliver(self, letter: Letter) -> None: ...


@dataclass
class Mailing:
    """A letter and whom it is for: keys of the outbox's `clients`."""

    recipients: tuple[str, ...]
    letter: Letter
    size: int = 0


class Outbox:
    """`clients()` by id, as they are now; `spawn(task, argument)` starts a background task, `pause(seconds)`
    lets others go on.
    """

    def __init__(
        self,
        clients: Callable[[], Mapping[str, Client]],
        spawn: Callable[..., object],
        pause: Callable[[float], object],
    ) -> None:
        self._clients, self._spawn, self._pause = clients, spawn, pause
        self._waiting: deque[Mailing] = deque()
        self._packets = 0
        self._delivering = False
        self._lock = threading.Lock()

    def broadcast(self, recipients: tuple[str, ...], packet: Any) -> None:
        """Queues `packet` for those who are recipients now, behind all that was sent before.

        What is broadcast to the same clients before it leaves goes out in one write. Waits while more than
        `WAITING` packets are in the queue, which moves on whatever the clients do.
        """
        while self._packets >= WAITING:
            self._pause(0.001)
        if recipients:
            self._post(recipients, packet)

    def send(self, recipient: str, packet: Any) -> None:
        """`packet` to one client; at once when nothing is on its way."""
        if self._delivering:
            self._post((recipient,), packet)
        else:
            self._hand_over(Mailing((recipient,), Letter([packet])))

    def _post(self, recipients: tuple[str, ...], packet: Any) -> None:
        size = len(packet.encode())
        with self._lock:
            last = self._waiting[-1] if self._waiting else None
            if (
                last is None
                or last.recipients != recipients
                or len(last.letter.packets) >= PACKETS
                or last.size + size > BYTES
            ):
                last = Mailing(recipients, Letter([]))
                self._waiting.append(last)
            last.letter.packets.append(packet)
            last.size += size
            self._packets += 1
            if self._delivering:
                return
            self._delivering = True
        self._start(self._rounds())

    def _start(self, rounds: Iterator[Mailing]) -> None:
        try:
            self._spawn(self._deliver, rounds)
        except RuntimeError:  # no thread is to be had
            self._deliver(rounds)

    def _deliver(self, rounds: Iterator[Mailing]) -> None:
        try:
            for mailing in rounds:
                self._hand_over(mailing)
                self._pause(0)
        except BaseException:
            # This task is asked to end. What is sent goes on where it stopped.
            self._start(rounds)
            raise

    def _rounds(self) -> Iterator[Mailing]:
        """Until nothing waits: letters, each to `CHUNK` clients at a time. One under way takes no packets."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._delivering = False
                    return
                mailing = self._waiting.popleft()
                self._packets -= len(mailing.letter.packets)
            for start in range(0, len(mailing.recipients), CHUNK):
                yield Mailing(mailing.recipients[start : start + CHUNK], mailing.letter)

    def _hand_over(self, mailing: Mailing) -> None:
        clients, letter = self._clients(), mailing.letter
        for recipient in mailing.recipients:
            client = clients.get(recipient)
            if client is None:
                continue  # gone meanwhile
            try:
                client.deliver(letter)
            except Exception:  # one client's trouble is no other's
                log.exception("a message couldn't be sent")
