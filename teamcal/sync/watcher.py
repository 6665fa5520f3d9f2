"""What makes replicas look for more when nobody asks: the timer."""

import logging
from collections.abc import Callable

from teamcal.deadline import within
from teamcal.domain.changes import DEPARTMENTS, Head
from teamcal.errors import CalendarError, StorageError
from teamcal.sync.replica import Replica
from teamcal.sync.replicas import Replicas

log = logging.getLogger("teamcal.tail")


PURGE_SECONDS = 120.0


class Tail:
    """Every `interval` seconds: the heads of all departments with members, 100 at a time.

    `sleep(seconds)` and `spawn(task)` are the worker's own; `run` never ends and never fails.
    """

    def __init__(
        self,
        replicas: Replicas,
        purge: Callable[[], None],
        interval: float,
        sleep: Callable[[float], None],
        spawn: Callable[[Callable[[], None]], object],
    ) -> None:
        self.replicas, self.purge = replicas, purge
        self.interval, self.sleep, self.spawn = interval, sleep, spawn
        self._purging = False

    def run(self) -> None:
        while True:
            self._guarded(self.look, max(self.interval, 5.0))
            self.sleep(self.interval)

    def _guarded(self, task: Callable[[], None], seconds: float) -> None:
        try:
            with within(seconds):
                task()
        except StorageError:
            pass  # told to the operator where it happened; the next round tries again
        except Exception:
            log.exception("the timer failed")

    def _purge(self) -> None:
        try:
            self._guarded(self.purge, PURGE_SECONDS)
        finally:
            self._purging = False

    def look(self) -> None:
        """One round. Raises StorageError."""
        departments = self.replicas.of(DEPARTMENTS)
        if departments.head is None:
            departments.refresh()
        watched = [
            replica for replica in self.replicas.loaded()
            if replica is departments or self.replicas.has_members(replica.log_id)
        ]  # fmt: skip
        known = {replica.log_id: replica.head for replica in watched}
        heads = self.replicas.database.read_heads(known)
        for replica in watched:
            seen = known[replica.log_id]
            if seen is not None and not heads[replica.log_id].is_at(seen):
                self._adopt(replica, heads[replica.log_id], seen)
        if heads[DEPARTMENTS].purging and not self._purging:
            self._purging = True
            self.spawn(self._purge)

    def _adopt(self, replica: Replica, head: Head, seen: Head) -> None:
        """One department's trouble doesn't hold up the others."""
        try:
            with replica.held():
                replica.adopt(head, seen)
        except CalendarError as error:
            log.info("%s has to wait for the next round: %s", replica.log_id, error.code)
