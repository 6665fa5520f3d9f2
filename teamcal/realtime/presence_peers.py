"""Who is present at the other servers: each says it over Redis, and is believed as long as it is heard.

Messages are numbered, so that a lost one is noticed: who misses one asks, and the others say all of it again.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Any

import orjson

from teamcal.domain.caller import NAME_CHARACTERS
from teamcal.domain.presence import MAX_TOLD, Person, Present
from teamcal.sync.redis_channel import RedisChannel

logger = logging.getLogger(__name__)

BEAT_SECONDS, SILENT_SECONDS = 2.0, 7.0
"""A server that is silent for so long has died: its people aren't there any more."""
REPEAT_SECONDS = 5.0
"""Everything is said again, and asked for, at most so often."""
MAX_PEERS, MAX_DEPARTMENTS = 64, 10_000
"""What is remembered of others: so many servers, and departments of each."""
MAX_BYTES = 32 * 2**20
"""What all of that takes: at most three quarters of it to say who is there, the rest for how many."""


class Peers:
    """Without Redis: a server knows its own clients only."""

    def start(self) -> None:
        """Listens from now on. Does nothing when it does already."""

    def present_in(self, department_id: str) -> Sequence[Present]:
        """Returns who is there at the other servers."""
        return ()

    def tell(self, department_id: str, who: Present) -> None:
        """Says who is there at this server now."""

    def step(self, now: float) -> set[str]:
        """Forgets silent servers; returns the departments where others have come or gone since the last."""
        return set()

    def beat(self, now: float) -> None:
        """Shows the others that this server lives."""


NO_PEERS = Peers()


@dataclass(eq=False)
class _Peer:
    number: int
    heard_at: float
    departments: dict[str, Present] = field(default_factory=dict)
    memory: int = 0

    def put(self, department_id: str, who: Present, room: int) -> None:
        """Remembers who is there, while all that the peer has said takes at most `room` bytes."""
        before = self.departments.pop(department_id, None)
        self.memory -= before.memory if before is not None else 0
        if not who.total or len(self.departments) >= MAX_DEPARTMENTS:
            return
        if self.memory + who.memory > room - MAX_BYTES // 4:
            who = Present(who.total)
        if self.memory + who.memory <= room:
            self.departments[department_id] = who
            self.memory += who.memory

    def clear(self) -> None:
        self.departments.clear()
        self.memory = 0


class RedisPeers(Peers):
    """`spawn(task, *arguments)` is the worker's own; `clock()`: seconds."""

    def __init__(
        self, channel: RedisChannel, spawn: Callable[..., object], clock: Callable[[], float]
    ) -> None:
        self._channel, self._spawn, self._clock = channel, spawn, clock
        self._lock = Lock()
        self._peers: dict[str, _Peer] = {}
        self._own: dict[str, Present] = {}
        self._changed: set[str] = set()
        """Departments whose members here have to be told, at most MAX_DEPARTMENTS: `step` isn't called while
        nobody is here, and who comes then is told everything.
        """
        self._number, self._started, self._is_asked = 0, False, False
        self._beat_at = self._repeated_at = self._asked_at = -REPEAT_SECONDS

    def start(self) -> None:
        with self._lock:
            if self._started:
                return
            self._started = True
        self._spawn(self._channel.send)
        self._spawn(self._channel.hear, self.receive, self._ask)

    # Saying

    def tell(self, department_id: str, who: Present) -> None:
        with self._lock:
            if who.total:
                self._own[department_id] = who
            elif self._own.pop(department_id, None) is None:
                return
            self._say_who(department_id, who)

    def beat(self, now: float) -> None:
        with self._lock:
            if self._is_asked and now - self._repeated_at >= REPEAT_SECONDS:
                self._is_asked, self._repeated_at = False, now
                self._say(reset=True)
                for department_id, who in self._own.items():
                    self._say_who(department_id, who)
            elif now - self._beat_at >= BEAT_SECONDS:
                self._beat_at = now
                self._say()

    def _say_who(self, department_id: str, who: Present) -> None:
        self._say(department=department_id, count=who.total, people=list(map(list, who.people)))

    def _say(self, **fields: Any) -> None:
        self._number += 1
        message = {"from": self._channel.process, "number": self._number, **fields}
        self._channel.put(orjson.dumps(message))

    def _ask(self) -> None:
        self._channel.put(orjson.dumps({"from": self._channel.process, "ask": True}))

    # Hearing

    def receive(self, data: bytes) -> None:
        """Takes up a message of another server; of a strange one nothing but a line in the log is left."""
        body = self._channel.opened(data)
        if body is None:
            return
        try:
            message = orjson.loads(body)
            if message["from"] != self._channel.process:
                self._take(str(message["from"]), message)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            logger.info("a notice of presence can't be read: %s", type(error).__name__)

    def _take(self, process: str, message: dict[str, Any]) -> None:
        now = self._clock()
        with self._lock:
            if "ask" in message:
                self._is_asked = True
                return
            number = int(message["number"])
            peer = self._peers.get(process)
            if peer is None:
                if len(self._peers) >= MAX_PEERS:
                    return
                peer = self._peers[process] = _Peer(0, now)
            if number <= peer.number:
                return  # it was said before
            is_missed = number != peer.number + 1 and "reset" not in message
            peer.number, peer.heard_at = number, now
            self._take_up(peer, message)
            asks = is_missed and now - self._asked_at >= REPEAT_SECONDS
            self._asked_at = now if asks else self._asked_at
        if asks:
            self._ask()

    def _take_up(self, peer: _Peer, message: dict[str, Any]) -> None:
        if "reset" in message:
            self._note(peer.departments)
            peer.clear()
        if "department" not in message:
            return
        department_id, who = str(message["department"]), _present_from(message)
        self._note((department_id,))
        others = sum(each.memory for each in self._peers.values()) - peer.memory
        peer.put(department_id, who, MAX_BYTES - others)

    def _note(self, department_ids: Iterable[str]) -> None:
        self._changed.update(islice(department_ids, MAX_DEPARTMENTS - len(self._changed)))

    def present_in(self, department_id: str) -> Sequence[Present]:
        with self._lock:
            peers = list(self._peers.values())
            return [who for peer in peers if (who := peer.departments.get(department_id)) is not None]

    def step(self, now: float) -> set[str]:
        with self._lock:
            for process, peer in list(self._peers.items()):
                if now - peer.heard_at > SILENT_SECONDS:
                    del self._peers[process]
                    self._note(peer.departments)
            changed, self._changed = self._changed, set()
            return changed


def _present_from(message: dict[str, Any]) -> Present:
    people = [
        Person(str(one), str(name)[:NAME_CHARACTERS], verified is True, None if event is None else str(event))
        for one, name, verified, event in message["people"][:MAX_TOLD]
    ]
    return Present(int(message["count"]), people)
