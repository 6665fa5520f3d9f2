"""The replicas of this process, within a memory budget."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from weakref import WeakKeyDictionary, WeakValueDictionary

from teamcal.brief_lock import BriefLock
from teamcal.domain.changes import ACCESS, LISTS, Change
from teamcal.domain.events import public_event
from teamcal.domain.fold import Submission
from teamcal.domain.values import Record
from teamcal.metrics import CHANGES_BY_READ, CHANGES_BY_WATCHER, REPLICA_BYTES, REPLICAS, REPLICAS_EVICTED
from teamcal.sync.commit import Part, commit_whole
from teamcal.sync.commit_queue import CommitQueue
from teamcal.sync.current_rights import CurrentRights
from teamcal.sync.holder import Holder
from teamcal.sync.ports import Ports
from teamcal.sync.replica import Replica
from teamcal.sync.turns import paused

PLACES = 4_096
"""Events whose places are noted at a time: 2 ms."""
EXAMINED = 16
"""Replicas that are examined for eviction at a time, so that no request walks over all of them."""
PLACE_BYTES = 120
"""Memory of an event's entry in the map of events to departments."""


class Replicas(Holder):
    """The replicas of this process. `memory`: bytes that they may take together.

    The least recently used ones are dropped. One that a request or a task refers to, one with members, and
    the LISTS never are: only while an object lives may it be the one that emits.
    `found(log id, revision)` is told of changes of watched logs that were found by reading. `rights` follow
    `@access`; None with AUTH_MODE=open, when it is never read.
    """

    def __init__(
        self,
        ports: Ports,
        memory: int,
        found: Callable[[str, int], None] | None = None,
        rights: CurrentRights | None = None,
    ) -> None:
        self.ports, self.memory, self._found, self.rights = ports, memory, found, rights
        self.used = 0
        """Bytes that the kept replicas take: a running total."""
        # One replica a log for as long as anybody holds it: two would publish every change twice.
        self._all: WeakValueDictionary[str, Replica] = WeakValueDictionary()
        self._queues: WeakKeyDictionary[Replica, CommitQueue] = WeakKeyDictionary()
        # Those that are loaded, the least recently used first. One that isn't loaded lives only as long as
        # the requests that wait for it: an unknown id leaves nothing behind.
        self._kept: OrderedDict[str, Replica] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._places: dict[str, str] = {}
        self._lock = BriefLock()
        ports.metrics.gauge(REPLICAS, lambda: len(self._kept))
        ports.metrics.gauge(REPLICA_BYTES, lambda: self.used)

    def of(self, log_id: str) -> Replica:
        """Returns the replica, which may not be loaded yet. It isn't evicted while the caller holds it."""
        with self._lock:
            replica = self._all.get(log_id)
            if replica is None:
                replica = self._all[log_id] = Replica(log_id, self.ports, self)
                self._queues[replica] = CommitQueue(self.ports)
            elif log_id in self._kept:
                self._kept.move_to_end(log_id)
                if replica.cache.since and replica.cache.has_grown():
                    self._count(replica)
            elif replica.head is not None:
                self._keep(replica)
            return replica

    def watched(self) -> list[str]:
        """Returns the ids of the logs that this process has to follow."""
        watched = self.ports.members.watched()
        return watched if self.rights is None else [ACCESS, *watched]

    def department_of(self, event_id: str) -> str | None:
        """Returns the id of the department that holds this event, as far as this process knows."""
        return self._places.get(event_id)

    def in_memory(self, log_ids: Iterable[str]) -> list[Replica]:
        """Returns the replicas of those logs that this process has one of; none is made or kept for it."""
        return [replica for log_id in log_ids if (replica := self._all.get(log_id)) is not None]

    def notice(self, log_id: str, change: Change, digest: int | None = None) -> None:
        """Takes up a change that another process tells of. Raises CalendarError."""
        replica = self._all.get(log_id)
        if replica is not None:
            replica.notice(change, digest)

    # What happens to the replicas

    def loaded(self, replica: Replica, before: Mapping[str, Record]) -> None:
        log_id = replica.log_id
        with self._lock:
            self._keep(replica)  # first: who notes the place of an event meanwhile has to find it here
        for ids in _parts(before):
            with self._lock:
                self._forget_places(log_id, ids)
        for ids in _parts(replica.records if log_id not in LISTS else ()):
            with self._lock:
                for event_id in ids:
                    if event_id in self._places:
                        self._place(event_id, replica)
                    else:
                        self._places[event_id] = log_id
        with self._lock:
            self._evict()
        if self.rights is not None and log_id == ACCESS:
            self.rights.loaded(replica.records.values())
        if self.ports.members.has_members(log_id):
            # Its members followed an earlier replica, and nobody knows what was emitted to them.
            self.ports.members.send_away(log_id)

    def changed(self, replica: Replica, change: Change, before: Mapping[str, Record]) -> None:
        log_id, record_id = replica.log_id, change.record.get("id")
        if replica.records is not before:
            with self._lock:
                self._forget_places(log_id, before)
        elif record_id is not None and log_id not in LISTS:
            with self._lock:
                if change.removes:
                    self._forget_places(log_id, (record_id,))
                else:
                    self._place(record_id, replica)
        if self.rights is not None and log_id == ACCESS:
            self.rights.advanced(change)

    def advanced(self, replica: Replica, source: str) -> None:
        self.grew(replica)
        if self._found is None or source not in (CHANGES_BY_READ, CHANGES_BY_WATCHER):
            return
        log_id = replica.log_id
        if replica.head is not None and (log_id in LISTS or self.ports.members.has_members(log_id)):
            self._found(log_id, replica.head.revision)

    def grew(self, replica: Replica) -> None:
        with self._lock:
            self._count(replica)
            self._evict()

    def forget(self, replica: Replica) -> None:
        """Keeps the replica of a log that isn't there any more no longer than others refer to it."""
        with self._lock:
            if self._kept.pop(replica.log_id, None) is not None:
                self._uncount(replica.log_id, replica.records)

    def _place(self, event_id: str, replica: Replica) -> None:
        """Notes where an event is, of two with one id that which was created first.

        The later version is the same event where it was moved to: the other replica is behind.
        """
        other = self._kept.get(self._places.get(event_id, ""))
        if other is not None and other is not replica and event_id in other.records:
            replica = min(replica, other, key=lambda one: _precedence(event_id, one))
        self._places[event_id] = replica.log_id

    def _forget_places(self, log_id: str, event_ids: Iterable[str]) -> None:
        for event_id in event_ids:
            if self._places.get(event_id) == log_id:
                del self._places[event_id]

    # Memory

    def _keep(self, replica: Replica) -> None:
        self._kept[replica.log_id] = replica
        self._kept.move_to_end(replica.log_id)
        self._count(replica)

    def _count(self, replica: Replica) -> None:
        log_id = replica.log_id
        if self._kept.get(log_id) is replica:
            size = replica.memory + PLACE_BYTES * len(replica.records)
            self.used += size - self._sizes.get(log_id, 0)
            self._sizes[log_id] = size

    def _evict(self) -> None:
        """Drops replicas until they fit into the memory; examines a few of them, the oldest ones, at most."""
        left = min(EXAMINED, len(self._kept))
        while self.used > self.memory and left:
            left -= 1
            log_id = next(iter(self._kept))
            if log_id in LISTS or self.ports.members.has_members(log_id):
                self._kept.move_to_end(log_id)
            else:
                self._drop(log_id)

    def evict_all(self) -> None:
        """As many steps as there are replicas. Not for requests: the watcher calls it."""
        for _ in range(len(self._kept) // EXAMINED + 1):
            if self.used <= self.memory:
                return
            with self._lock:
                self._evict()

    def _drop(self, log_id: str) -> None:
        """Drops a replica, which frees it at once, unless somebody refers to it: then it stays."""
        records = self._kept[log_id].records
        del self._kept[log_id]
        if (replica := self._all.get(log_id)) is not None:
            self._kept[log_id] = replica
            return
        self._uncount(log_id, records)
        self.ports.metrics.add(REPLICAS_EVICTED)

    def _uncount(self, log_id: str, records: Iterable[str]) -> None:
        self.used -= self._sizes.pop(log_id)
        self._forget_places(log_id, records)

    # Writing

    def submit(self, log_id: str, submissions: Sequence[Submission]) -> None:
        """Settles each of `submissions` for itself."""
        replica = self.of(log_id)
        self._queues[replica].submit(replica, submissions)

    def submit_whole(self, parts: Sequence[tuple[str, Sequence[Submission]]]) -> None:
        """Settles the submissions of all parts, (log id, submissions), in one transaction or none.

        Raises TooLarge, StorageError, DepartmentNotFound.
        """
        commit_whole([Part(self.of(log_id), submissions) for log_id, submissions in parts], self.ports)


def _precedence(event_id: str, replica: Replica) -> tuple[str, int, str]:
    event = public_event(replica.records[event_id])
    return event["created_at"], -event["version"], replica.log_id


def _parts(event_ids: Iterable[str]) -> Iterator[list[str]]:
    """The ids of a replica whose lock is held, so that they stay the same between the parts."""
    ids = list(event_ids)
    return paused([ids[at : at + PLACES] for at in range(0, len(ids), PLACES)])
