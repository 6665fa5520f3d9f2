"""The watcher: brings the departments with members up to date, so that no change depends on a notice."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from functools import partial
from typing import NamedTuple

from teamcal.deadline import within
from teamcal.domain.changes import ACCESS, DEPARTMENTS, Head
from teamcal.domain.pulse import PULSE, RIGHTS_PROCESS, Pulse
from teamcal.errors import CalendarError, DepartmentNotFound, StorageError, StorageThrottled
from teamcal.metrics import CHANGES_BY_WATCHER, HEADS_WATCHED, PULSES_READ, SWEEPS
from teamcal.sync.keyed_tasks import KeyedTasks
from teamcal.sync.pulse import PulseSender
from teamcal.sync.pulse_reader import PulseReader
from teamcal.sync.replica import Replica
from teamcal.sync.replicas import Replicas

logger = logging.getLogger(__name__)

AT_ONCE = 32
"""Calls that the watcher makes beside each other."""
HEADS = 100
"""Heads that are read in one call, DynamoDB's limit."""
CALL_SECONDS = 8.0
"""The deadline of one call of the watcher, which has it for itself: it makes its first attempt whatever else
happens, and no round ends because others were slow."""
LOCK_SECONDS = 1.0
"""A department whose lock isn't free after this is looked at again in the next round."""
PULSE_SECONDS = 1.0
"""Between two reads of the pulses at most; TAIL_INTERVAL_SECONDS if that is less."""
LIST_SECONDS = 60.0
"""Between two looks at the list of departments, at most."""
PURGE_SECONDS = 120.0
LOOK_SECONDS = 600.0


class WatchedPulses(NamedTuple):
    """This process's own pulse, and what it knows of all processes'."""

    sender: PulseSender
    reader: PulseReader


class Watcher:
    """Looks at the logs that somebody here follows: reads their heads, and brings in what they lack.

    What is watched follows from the rooms, never from what happens to be in memory. Logs that wait to be
    looked at queue up, each of them once, and are taken in that order by at most `AT_ONCE` tasks: a round
    doesn't wait for the one before it, nobody's answer waits for another's, and none starves.

    With `pulse`, a round looks at what the processes name, and seldom at everything; without, at everything
    every `interval` seconds. `purge` removes the events of deleted departments; it is called when there are
    any. `sleep(seconds)` and `spawn(task)` are the worker's own, `clock()` returns seconds. `run` never
    returns and never raises.
    """

    def __init__(
        self,
        replicas: Replicas,
        purge: Callable[[], None],
        interval: float,
        sleep: Callable[[float], None],
        spawn: Callable[[Callable[[], None]], object],
        pulse: WatchedPulses | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.replicas, self.purge, self.pulse = replicas, purge, pulse
        self.interval, self.sleep, self.spawn, self.clock = interval, sleep, spawn, clock
        self._watched: frozenset[str] = frozenset()
        self._list_at = -float("inf")
        self._list_named: int | None = None
        self._tasks = KeyedTasks(spawn, AT_ONCE)
        self._lock = threading.Lock()
        # Dicts as sets that keep their order.
        self._waiting: dict[str, None] = {}
        self._again: dict[str, None] = {}
        self._failing: set[str] = set()
        self._reads = 0
        self._heads_at_once = HEADS
        self._list_failed = False
        self._purging = False

    def run(self) -> None:
        while True:
            try:
                self.round()
            except Exception:
                logger.exception("the watcher failed")
            self.sleep(min(self.interval, PULSE_SECONDS) if self.pulse else self.interval)

    def round(self) -> None:
        """Looks at what may have changed since the last round, and at what is watched only since then."""
        members = self.replicas.watched()
        self._turn_days(members)
        self._look_at_list_now_and_then()
        if self.pulse is None:
            self.look_at(members)
        elif members:
            self.look_at(log_id for log_id in members if log_id not in self._watched)
            self._watched = frozenset(members)
            # A revocation is heard of within a second, also one by a command, which has no pulse.
            if self.replicas.rights is not None or self.pulse.reader.is_read_due(self.clock()):
                self._follow_pulses(self.pulse)
        else:
            self._watched = frozenset()
            self.pulse.reader.reset()

    def _turn_days(self, members: Iterable[str]) -> None:
        """Moves departments to today, for clients that don't know series; a busy one in a later round."""
        today = self.replicas.ports.today()
        for replica in self.replicas.in_memory(members):
            if replica.plain.day not in ("", today):
                with suppress(StorageError), self._locked(replica):
                    replica.locked_turn_day()
                self.sleep(0)

    def look(self) -> None:
        """Looks at everything once and waits until that is done."""
        self.look_at([DEPARTMENTS, *self.replicas.watched()])
        self._tasks.wait(LOOK_SECONDS)

    def _look_at_list_now_and_then(self) -> None:
        """Even if nobody is connected: it tells of departments whose events are to be removed.

        This process's own deletions are among the changes that its pulse names.
        """
        now, own = self.clock(), self.pulse and self.pulse.sender.names().get(DEPARTMENTS)
        if own != self._list_named or now - self._list_at >= (LIST_SECONDS if self.pulse else self.interval):
            self._list_at, self._list_named = now, own
            self.look_at([DEPARTMENTS])

    # Pulses

    def _follow_pulses(self, pulse: WatchedPulses) -> None:
        """Reads what all processes say and looks at the watched logs that they name, or at all of them."""
        sender, reader, metrics = pulse.sender, pulse.reader, self.replicas.ports.metrics
        acknowledged = sender.acknowledged
        metrics.add(PULSES_READ)
        try:
            with within(CALL_SECONDS):
                pulses = self.replicas.ports.database.read_pulses()
        except Exception as error:
            if not (isinstance(error, StorageError) or reader.is_failing):
                logger.exception("the pulses can't be read")
            decision = reader.failed(self.clock())
        else:
            beats = range(acknowledged, sender.beat + 1)
            processes = [one for one in pulses if one.process != RIGHTS_PROCESS]
            decision = reader.read(self.clock(), processes, sender.names(), beats)
            self._look_at_rights(pulses)
        if decision.say_again:
            sender.put_again()
        if decision.sweep:
            metrics.add(SWEEPS)
            self.look_at(self._watched)
        else:
            self.look_at(
                log_id for log_id, revision in decision.look.items() if self._lacks(log_id, revision)
            )
        for dead in decision.dead:
            self._tasks.add(PULSE, partial(self._remove, dead))

    def _look_at_rights(self, pulses: Iterable[Pulse]) -> None:
        """Looks at `@access` when its own row is ahead: the process that wrote it may be gone since."""
        for pulse in pulses:
            if pulse.process == RIGHTS_PROCESS:
                self.look_at(named.log_id for named in pulse.named if self._lacks(*named[:2]))

    def _lacks(self, log_id: str, revision: int) -> bool:
        if log_id not in self._watched:
            return False
        head = self.replicas.of(log_id).head
        return head is None or head.revision < revision

    def _remove(self, dead: Pulse) -> None:
        with suppress(StorageError), within(CALL_SECONDS):
            self.replicas.ports.database.delete_pulse(dead)

    # Looking at logs

    def look_at(self, log_ids: Iterable[str]) -> None:
        """Queues the logs, and those of earlier rounds that failed. Returns at once."""
        self.replicas.evict_all()
        with self._lock:
            again, self._again = self._again, {}
            self._waiting.update(again | dict.fromkeys(log_ids))
            missing = -(-len(self._waiting) // self._heads_at_once) - self._reads
            self._reads += max(0, missing)
        for _ in range(missing):
            self._tasks.add(object(), self._read_next)

    def _read_next(self) -> None:
        with self._lock:
            self._reads -= 1
            log_ids = list(self._waiting)[: self._heads_at_once]
            for log_id in log_ids:
                del self._waiting[log_id]
        if self._failing.isdisjoint(log_ids):
            self._read_together(log_ids)
        else:
            self._read_together([log_id for log_id in log_ids if log_id not in self._failing])
            self._read_singly([log_id for log_id in log_ids if log_id in self._failing])

    def _read_together(self, log_ids: list[str]) -> None:
        failure: Exception | None = None
        try:
            self._read(log_ids)
        except Exception as error:  # noqa: BLE001 -- if it isn't the storage's, one head can't be understood
            failure = error
        if failure is None:
            if len(log_ids) >= self._heads_at_once:
                self._heads_at_once = min(HEADS, self._heads_at_once + 2)
        elif isinstance(failure, StorageError):
            # The storage has logged it for the operator. A throttled call is followed by smaller ones.
            if isinstance(failure, StorageThrottled):
                self._heads_at_once = max(1, self._heads_at_once // 2)
            self._look_again(log_ids)
        else:
            self._read_singly(log_ids)

    def _read_singly(self, log_ids: list[str]) -> None:
        for log_id in log_ids:
            try:
                self._read([log_id])
            except Exception as error:  # noqa: BLE001 -- an item that anybody may have written
                self._failed(log_id, error)
            else:
                self._failing.discard(log_id)

    def _read(self, log_ids: list[str]) -> None:
        """Reads heads, and queues the logs that have changes. Raises StorageError."""
        replicas = [self.replicas.of(log_id) for log_id in log_ids]
        loaded = [(replica, replica.head) for replica in replicas if replica.head is not None]
        for replica in replicas:
            if replica.head is None:
                self._tasks.add(replica.log_id, partial(self._attempt, replica.log_id, self._load))
        if not loaded:
            return
        with within(CALL_SECONDS):
            heads = self.replicas.ports.database.read_heads([replica.log_id for replica, _ in loaded])
        self.replicas.ports.metrics.add(HEADS_WATCHED, len(loaded))
        for replica, seen in loaded:
            head = heads[replica.log_id]
            if not head.is_at(seen):
                self._queue_change(replica.log_id, head, seen)
            if head.purging:
                self._start_purge()

    def _queue_change(self, log_id: str, head: Head, seen: Head) -> None:
        if self._tasks.waiting(log_id):
            self._look_again([log_id])  # it is busy with an older head
        else:
            follow = partial(self._follow, head=head, seen=seen)
            self._tasks.add(log_id, partial(self._attempt, log_id, follow))

    # One log

    def _attempt(self, log_id: str, task: Callable[[Replica], None]) -> None:
        """Does something with a replica; its failure must not stop the others."""
        replica = self.replicas.of(log_id)
        try:
            with within(CALL_SECONDS):
                task(replica)
        except DepartmentNotFound:
            # The log is gone without a change that says so: a restored table. Who asks again is told.
            self.replicas.forget(replica)
            self.replicas.ports.members.send_away(log_id)
        except Exception as error:  # noqa: BLE001 -- logged there
            self._failed(log_id, error)
        else:
            self._failing.discard(log_id)

    def _failed(self, log_id: str, error: Exception) -> None:
        self._look_again([log_id])
        if isinstance(error, CalendarError):
            logger.info("%s has to wait for the next round: %s", log_id, error.code)
        elif log_id not in self._failing:
            self._failing.add(log_id)
            logger.error("%r can't be watched", log_id, exc_info=error)

    def _look_again(self, log_ids: Iterable[str]) -> None:
        with self._lock:
            self._again.update(dict.fromkeys(log_ids))

    def _load(self, replica: Replica) -> None:
        """Loads what nobody holds. Members that a department has at that moment are sent away by it.

        So are all clients when the list of departments can be loaded only now, after an attempt failed.
        """
        if replica.log_id == DEPARTMENTS:
            failed_before, self._list_failed = self._list_failed, True
        elif replica.log_id != ACCESS and not self.replicas.ports.members.has_members(replica.log_id):
            return
        with self._locked(replica):
            if replica.head is None:
                replica.locked_catch_up(CHANGES_BY_WATCHER)
        if replica.log_id == DEPARTMENTS:
            self._list_failed = False
            if replica.head is not None and replica.head.purging:
                self._start_purge()
            if failed_before:
                self.replicas.ports.members.send_away(DEPARTMENTS)

    def _follow(self, replica: Replica, head: Head, seen: Head) -> None:
        with self._locked(replica):
            if replica.head is not None:
                replica.locked_adopt(head, seen, CHANGES_BY_WATCHER)

    def _locked(self, replica: Replica) -> ExitStack:
        """Takes the lock, with a shorter deadline for that alone."""
        with within(LOCK_SECONDS), ExitStack() as stack:
            stack.enter_context(replica.lock())
            return stack.pop_all()

    # Deleted departments

    def _start_purge(self) -> None:
        if not self._purging:
            self._purging = True
            self.spawn(self._purge)

    def _purge(self) -> None:
        try:
            with within(PURGE_SECONDS):
                self.purge()
        except StorageError:
            pass  # the storage has logged it for the operator; a later round tries again
        except Exception:
            logger.exception("the events of deleted departments couldn't be removed")
        finally:
            self._purging = False
