"""The timer: reads the heads of watched departments, so that no change depends on a notice."""

import logging
from collections.abc import Callable

from teamcal.deadline import within
from teamcal.domain.changes import DEPARTMENTS, Head
from teamcal.errors import CalendarError, StorageError
from teamcal.metrics import CHANGES_BY_WATCHER
from teamcal.sync.replica import Replica
from teamcal.sync.replicas import Replicas

logger = logging.getLogger(__name__)

PURGE_SECONDS = 120.0


class Watcher:
    """Every `interval` seconds, reads the heads of all departments with members, 100 at a time.

    `purge` removes the events of deleted departments; it is called when there are any. `sleep(seconds)` and
    `spawn(task)` are the worker's own. `run` never returns and never raises.
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
            self._attempt(self.look, max(self.interval, 5.0))
            self.sleep(self.interval)

    def _attempt(self, task: Callable[[], None], seconds: float) -> None:
        try:
            with within(seconds):
                task()
        except StorageError:
            pass  # the storage has logged it for the operator; the next round tries again
        except Exception:
            logger.exception("the watcher failed")

    def _purge(self) -> None:
        try:
            self._attempt(self.purge, PURGE_SECONDS)
        finally:
            self._purging = False

    def look(self) -> None:
        """Makes one round. Raises StorageError."""
        departments = self.replicas.of(DEPARTMENTS)
        if departments.head is None:
            departments.refresh()
        has_members = self.replicas.ports.members.has_members
        watched = [
            replica
            for replica in self.replicas.loaded()
            if replica is departments or has_members(replica.log_id)
        ]
        seen = {replica.log_id: replica.head for replica in watched}
        heads = self.replicas.ports.database.read_heads(seen)
        for replica in watched:
            before = seen[replica.log_id]
            if before is not None and not heads[replica.log_id].is_at(before):
                self._adopt(replica, heads[replica.log_id], before)
        if heads[DEPARTMENTS].purging and not self._purging:
            self._purging = True
            self.spawn(self._purge)

    def _adopt(self, replica: Replica, head: Head, seen: Head) -> None:
        """Brings one replica up to date; its failure must not stop the others."""
        try:
            with replica.lock():
                replica.locked_adopt(head, seen, CHANGES_BY_WATCHER)
        except CalendarError as error:
            logger.info("%s has to wait for the next round: %s", replica.log_id, error.code)
