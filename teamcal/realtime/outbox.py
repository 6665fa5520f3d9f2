"""The one way out of a process: what is sent to clients leaves in the order in which it was handed over.

Design: docs/sync.md. A broadcast to thousands takes a while, and the server answers others meanwhile; what
is sent to one client during that time lines up behind it.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from teamcal.realtime.direct_write import Letter, Send

log = logging.getLogger("teamcal.outbox")

CHUNK = 256
"""Clients that are sent to before others get their turn: about 3 ms."""
PACKETS, BYTES = 64, 65_536
"""The most that is put together into one write to a client."""
MANY, READY_LISTS = 64, 16
"""Recipients for whom it pays to keep at hand how they are written to, and for how many rooms it is kept."""
WAITING = 1_000
"""Packets of broadcasts that may wait. Who has more to say waits, so that memory doesn't fill up."""


class Client(Protocol):
    """`deliver` sends a letter or queues it; it never waits for anybody. `sent` bytes of its frame are sent.

    `ready` is what writes a frame to the client at once and answers how much it took, or None. It may be used
    until the outbox is told to `forget`, and wherever no other thread can come in between.
    """

    def deliver(self, letter: Letter, sent: int = 0) -> None: ...
    def ready(self) -> Send | None: ...


@dataclass
class Mailing:
    """A letter and whom it is for: keys of the outbox's `clients`. `ready`: theirs, or ()."""

    recipients: tuple[str, ...]
    letter: Letter
    size: int = 0
    ready: Sequence[Send | None] = ()


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
        self._ready: dict[str, tuple[tuple[str, ...], Sequence[Send | None]]] = {}
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

    def forget(self) -> None:
        """How a client has to be written to has changed."""
        if self._ready:
            self._ready = {}  # a new one: who walks over the old one sees that it isn't this any more

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
            known, ready = self._ready, self._ready_for(mailing.recipients)
            for start in range(0, len(mailing.recipients), CHUNK):
                part = mailing.recipients[start : start + CHUNK]
                valid = self._ready is known
                yield Mailing(part, mailing.letter, ready=ready[start : start + CHUNK] if valid else ())

    def _ready_for(self, recipients: tuple[str, ...]) -> Sequence[Send | None]:
        """How each of them is written to now. Made once for as long as nothing changes: looking at thousands
        of sessions, wires and locks each time would be a sixth of a broadcast.
        """
        if len(recipients) < MANY:
            return ()
        known = self._ready.get(recipients[0])
        if known is None or known[0] != recipients:
            clients = self._clients()
            found = [client.ready() if (client := clients.get(one)) else None for one in recipients]
            if len(self._ready) >= READY_LISTS:
                self._ready.clear()
            known = self._ready[recipients[0]] = (recipients, found if any(found) else ())
        return known[1]

    def _hand_over(self, mailing: Mailing) -> None:
        clients, letter = self._clients(), mailing.letter
        done = self._write(mailing, clients) if mailing.ready else 0
        for recipient in mailing.recipients[done:]:
            client = clients.get(recipient)
            if client is not None:  # else gone meanwhile
                self._deliver_to(client, letter)

    def _write(self, mailing: Mailing, clients: Mapping[str, Client]) -> int:
        """How many of the recipients are done; how the others are written to may have changed."""
        known, frame = self._ready, mailing.letter.frame
        size, sent = len(frame), 0
        for at, (recipient, send) in enumerate(zip(mailing.recipients, mailing.ready, strict=True)):
            try:
                sent = send(frame) if send is not None else 0
            except OSError:  # its buffer is full; or it is closed, which the queue's writer finds out
                sent = 0
            if sent != size and (client := clients.get(recipient)) is not None:
                self._deliver_to(client, mailing.letter, sent)
                if self._ready is not known:
                    return at + 1
        return len(mailing.recipients)

    def _deliver_to(self, client: Client, letter: Letter, sent: int = 0) -> None:
        try:
            client.deliver(letter, sent)
        except Exception:  # one client's trouble is no other's
            log.exception("a message couldn't be sent")
