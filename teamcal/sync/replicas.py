"""The replicas of this process, within a memory budget."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from weakref import WeakKeyDictionary, WeakValueDictionary

from teamcal.domain.changes import DEPARTMENTS, Change
from teamcal.domain.fold import Submission
from teamcal.metrics import REPLICA_BYTES, REPLICAS
from teamcal.sync.commit_queue import CommitQueue, Part, commit_whole
from teamcal.sync.ports import Ports
from teamcal.sync.replica import Replica


class Replicas:
    """The replicas of this process. `memory`: bytes that they may take together.

    The least recently used ones are dropped; a replica with members, or the list of departments, never is.
    """

    def __init__(self, ports: Ports, memory: int) -> None:
        self.ports, self.memory = ports, memory
        # One replica a log for as long as anybody holds it: two would publish every change twice.
        self._all: WeakValueDictionary[str, Replica] = WeakValueDictionary()
        self._queues: WeakKeyDictionary[Replica, CommitQueue] = WeakKeyDictionary()
        self._recently_used: OrderedDict[str, Replica] = OrderedDict()
        self._lock = threading.Lock()
        ports.metrics.gauge(REPLICAS, lambda: len(self._recently_used))
        ports.metrics.gauge(REPLICA_BYTES, lambda: sum(replica.memory for replica in self.loaded()))

    def of(self, log_id: str) -> Replica:
        """Returns the replica, which may not be loaded yet."""
        with self._lock:
            replica = self._all.get(log_id)
            if replica is None:
                self._evict()
                replica = self._all[log_id] = Replica(log_id, self.ports)
                self._queues[replica] = CommitQueue(self.ports)
            self._recently_used[log_id] = replica
            self._recently_used.move_to_end(log_id)
            return replica

    def loaded(self) -> list[Replica]:
        return [replica for replica in list(self._recently_used.values()) if replica.head is not None]

    def department_of(self, event_id: str) -> str | None:
        """Returns the id of the department that holds this event, as far as this process knows."""
        for replica in self.loaded():
            if event_id in replica.records and replica.log_id != DEPARTMENTS:
                return replica.log_id
        return None

    def notice(self, log_id: str, change: Change) -> None:
        """Takes up a change that another process tells of. Raises CalendarError."""
        self.of(log_id).notice(change)

    def _evict(self) -> None:
        used = sum(replica.memory for replica in self._recently_used.values())
        for log_id, replica in list(self._recently_used.items()):
            if used <= self.memory:
                return
            if log_id != DEPARTMENTS and not self.ports.members.has_members(log_id):
                used -= replica.memory
                del self._recently_used[log_id]

    # Writing

    def submit(self, log_id: str, submissions: Sequence[Submission]) -> None:
        """Settles each of `submissions` for itself. Raises StorageUnavailable if their turn doesn't come."""
        replica = self.of(log_id)
        self._queues[replica].submit(replica, submissions)

    def submit_whole(self, parts: Sequence[tuple[str, Sequence[Submission]]]) -> None:
        """Settles the submissions of all parts, (log id, submissions), in one transaction or none.

        Raises TooLarge, StorageError, DepartmentNotFound.
        """
        commit_whole([Part(self.of(log_id), submissions) for log_id, submissions in parts], self.ports)
