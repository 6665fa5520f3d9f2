"""The replicas of this process, within a memory budget."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from teamcal.domain.changes import DEPARTMENTS, Change, Head, Write
from teamcal.domain.operations import Pending, Settled
from teamcal.errors import RevisionConflict, StorageError
from teamcal.sync.replica import Replica, retried


class Replicas:
    """The replicas of this process, within a memory budget. Joins them to the database and the members.

    `publish(log_id, change, head)` emits; `on_reset(log_id)` disconnects the members of a log that
    started over; `has_members(log_id)` keeps a replica in memory.
    """

    def __init__(
        self,
        database: Any,
        now: Callable[[], datetime],
        memory: int,
        publish: Callable[[str, Change, Head], None],
        on_reset: Callable[[str], None],
        has_members: Callable[[str], bool],
    ) -> None:
        self.database, self.now, self.memory = database, now, memory
        self.publish, self.on_reset, self.has_members = publish, on_reset, has_members
        self.announce: Callable[[str, list[Change]], None] = lambda log_id, changes: None
        """Tells the other processes; set by whoever can."""
        # One object a log for as long as anybody holds it: two would publish every change twice.
        self._all: WeakValueDictionary[str, Replica] = WeakValueDictionary()
        self._recently_used: OrderedDict[str, Replica] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, log_id: str) -> Replica:
        """The replica, perhaps not loaded yet."""
        with self._lock:
            replica = self._all.get(log_id)
            if replica is None:
                self._evict()
                replica = self._all[log_id] = Replica(log_id, self)
            self._recently_used[log_id] = replica
            self._recently_used.move_to_end(log_id)
            return replica

    def loaded(self) -> list[Replica]:
        return [replica for replica in list(self._recently_used.values()) if replica.head is not None]

    def holding(self, record_id: str) -> Replica | None:
        """The loaded department that holds this event, as far as this process knows."""
        for replica in self.loaded():
            if record_id in replica.records and replica.log_id != DEPARTMENTS:
                return replica
        return None

    def _evict(self) -> None:
        used = sum(one.memory for one in self._recently_used.values())
        for log_id, replica in list(self._recently_used.items()):
            if used <= self.memory:
                return
            if log_id != DEPARTMENTS and not self.has_members(log_id):
                used -= replica.memory
                del self._recently_used[log_id]

    def write_together(
        self, log_ids: list[str], change_id: str, build: Callable[[list[Replica]], list[Write]]
    ) -> None:
        """One transaction over several logs, each with one change that has `change_id`.

        `build` sees the replicas at their newest, in the order of `log_ids`, locked. Raises CalendarError.
        """
        replicas = [self.of(log_id) for log_id in log_ids]
        with ExitStack() as stack:
            for replica in sorted(replicas, key=lambda one: one.log_id):  # one order: no deadlock
                stack.enter_context(replica.held())
                replica.catch_up()
            pendings = [Pending(lambda view: Settled({}), change_id=change_id) for _ in replicas]
            retried(", ".join(log_ids), lambda: self._tried_together(replicas, pendings, build))

    def _tried_together(
        self, replicas: list[Replica], pendings: list[Pending], build: Callable[[list[Replica]], list[Write]]
    ) -> bool:
        if all(pending.done for pending in pendings):
            return True
        writes = build(replicas)
        for replica, pending in zip(replicas, pendings, strict=True):
            replica.expect(pending)
        try:
            self.database.commit(writes, str(uuid.uuid4()))
        except RevisionConflict:
            for replica in replicas:
                replica.catch_up()
            return False
        except StorageError:
            for replica in replicas:
                replica.look_for_lost()
            if not all(pending.done for pending in pendings):
                raise
            return True
        for replica, write in zip(replicas, writes, strict=True):
            for change in write.changes:
                replica.advance(change)
        return True
