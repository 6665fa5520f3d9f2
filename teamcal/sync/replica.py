"""A log's records at a known revision. Advancing it is the one thing that emits changes."""

import logging
import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from teamcal.deadline import remaining
from teamcal.domain.changes import DEPARTMENTS, Change, Head, RecordExists
from teamcal.domain.cursor import cursor_of
from teamcal.domain.operations import BATCH_CHANGES, TRANSACTION_BYTES, Outcome, Pending, fold
from teamcal.domain.values import Record, timestamp
from teamcal.errors import (
    CalendarError,
    DepartmentNotFound,
    EventGone,
    NotApplied,
    ResyncRequired,
    RevisionConflict,
    StorageError,
    StorageUnavailable,
    TooLarge,
)
from teamcal.sync.shared_read import SharedLook
from teamcal.sync.sorted_events import Listing

log = logging.getLogger("teamcal.replica")

LEADING_SECONDS = 1.0
"""Who has less time left doesn't commit for others: they would fail with it."""
RECENT_CHANGES = 2_000
"""Changes that a replica keeps for those who come back."""


MAX_ANSWERS = 16
"""Ready answers that are kept for one revision."""
RECORD_BYTES = 2_900
"""Memory of one record with its place and JSON in a list, measured with descriptions of 40 letters."""


def _wake(pendings: list[Pending]) -> None:
    for pending in pendings:
        pending.turn.set()


def retried(what: str, attempt: Callable[[], bool]) -> None:
    """Until `attempt` is True, with growing random pauses. Raises StorageUnavailable near the deadline."""
    longest = 0.01
    while not attempt():
        pause = random.uniform(0, longest)
        if remaining() < pause + 1:
            raise StorageUnavailable(f"{what} is too busy")
        time.sleep(pause)
        longest = min(longest * 2, 0.5)


class Process(Protocol):
    """What a replica needs of the process that it lives in.

    `publish(log_id, change, head)` emits to the members; `announce(log_id, changes)` tells the other
    processes; `on_reset(log_id)` disconnects the members of a log that started over.
    """

    database: Any
    now: Callable[[], datetime]
    publish: Callable[[str, Change, Head], None]
    announce: Callable[[str, list[Change]], None]
    on_reset: Callable[[str], None]


class Ready:
    """What was made of a replica at `head`: its cursor, and answers under names of those who made them.

    Never changed but by additions: whoever has taken one has answers that belong together, without a lock.
    """

    def __init__(self, head: Head) -> None:
        self.head = head
        self.answers: dict[Any, Any] = {}

    @cached_property
    def cursor(self) -> str:
        return cursor_of(self.head)

    def keep(self, name: Any, answer: Any) -> None:
        if len(self.answers) < MAX_ANSWERS:
            self.answers[name] = answer

    @property
    def memory(self) -> int:
        """Bytes of the answers, those that were made of a `Missed` too."""
        missed = [one for one in list(self.answers.values()) if isinstance(one, Missed)]
        made = [*self.answers.values(), *(answer for one in missed for answer in list(one.answers.values()))]
        return sum(len(answer) for answer in made if isinstance(answer, bytes))


@dataclass(frozen=True)
class Missed:
    """The changes that lead to `head` or towards it, oldest first, and answers that were made of them."""

    head: Head
    changes: list[Change]
    answers: dict[Any, Any] = field(default_factory=dict)


class Replica:
    """One department's events (or the list of departments) in this process.

    `lock` guards everything: whoever holds it sees head and records agree, and what is published while
    it is held reaches the members in that order.
    """

    def __init__(self, log_id: str, process: Process) -> None:
        self.log_id = log_id
        self.process = process
        self.lock = threading.RLock()
        self.head: Head | None = None
        self.records: dict[str, Record] = {}
        self.ready = Ready(Head(log_id))
        self._listing: Listing | None = None
        self.recent: deque[Change] = deque(maxlen=RECENT_CHANGES)
        self._waiting: deque[Pending] = deque()
        self._leading = threading.Lock()
        self._in_flight: dict[str, Pending] = {}
        self._looking = SharedLook(log_id, self._look)

    @contextmanager
    def held(self) -> Iterator[None]:
        """The lock, within the deadline."""
        if not self.lock.acquire(timeout=remaining()):
            raise StorageUnavailable(f"{self.log_id} is busy")
        try:
            yield
        finally:
            self.lock.release()

    @property
    def memory(self) -> int:
        """Bytes, about."""
        return (len(self.records) + len(self.recent) + 1) * RECORD_BYTES + self.ready.memory

    # Looking for more

    def refresh(self) -> None:
        """Afterwards the replica holds every change that was acknowledged before the call.

        Costs one GetItem, shared by those who were already waiting when it was sent.
        Raises DepartmentNotFound.
        """
        self._looking.wait()
        self.must_exist()

    def _look(self) -> None:
        known = self.head
        if known is None:
            with self.held():
                self.catch_up()
            return
        head = self.process.database.read_head(self.log_id)
        if not head.is_at(known):
            with self.held():
                self.adopt(head, known)

    def must_exist(self) -> Head:
        """Raises DepartmentNotFound."""
        if self.head is None or self.head.deleted:
            raise DepartmentNotFound(self.log_id)
        return self.head

    def at_hand(self) -> Ready:
        """As it is at this moment; needs no lock. Raises DepartmentNotFound."""
        ready = self.ready
        if ready.head.deleted:
            raise DepartmentNotFound(self.log_id)
        return ready

    def catch_up(self) -> None:
        """The lock is held: to the head, loading all if need be. Raises DepartmentNotFound."""
        if self.head is None:
            self._load()
        else:
            known = self.head
            self.adopt(self.process.database.read_head(self.log_id), known)

    def adopt(self, head: Head, known: Head) -> None:
        """The lock is held: `head` was read after this replica was at `known`."""
        assert self.head is not None
        if head.revision < known.revision or (head.revision == known.revision and not head.is_at(known)):
            self._start_over()
        elif head.revision > self.head.revision:
            self._follow(head)

    def _follow(self, head: Head) -> None:
        assert self.head is not None
        changes = self.process.database.read_changes(self.log_id, self.head.revision, head.revision)
        whole = len(changes) == head.revision - self.head.revision
        if not whole or changes[0].previous != self.head.change_id:
            self._start_over()
            return
        for change in changes:
            self.advance(change)

    def _load(self) -> None:
        head, records, recent = self.process.database.load(self.log_id)
        # No head yet: an older server's department, a new one, or none at all.
        unsure = head.revision == 0 and self.log_id != DEPARTMENTS
        if unsure and self.process.database.read_department(self.log_id) is None:
            raise DepartmentNotFound(self.log_id)
        self.head, self.records = head, records
        self._listing, self.ready = None, Ready(head)
        self.recent.clear()
        self.recent.extend(recent)

    def _start_over(self) -> None:
        """Another history (a restored table, another engine), or one with a hole: load, and tell members."""
        log.warning("the log of %s isn't what this process knew: loading it anew", self.log_id)
        self._load()
        self.process.on_reset(self.log_id)

    # The way forward

    def advance(self, change: Change, head: Head | None = None) -> None:
        """The lock is held: applies the next change, publishes it, and settles the write it came from.

        `head` is the one after it, for who knows it.
        """
        assert self.head is not None
        assert change.revision == self.head.revision + 1
        self.head = self._apply(change, self.head, head)
        self.ready = Ready(self.head)
        self.recent.append(change)
        self.process.publish(self.log_id, change, self.head)
        pending = self._in_flight.pop(change.change_id, None)
        if pending is not None:
            pending.outcome = Outcome(change.record, change, self.head)
            # Here, so that one found in the log after its answer was lost is announced too.
            self.process.announce(self.log_id, [change])

    def _apply(self, change: Change, head: Head, known: Head | None) -> Head:
        if change.kind == "department_deleted" and self.log_id != DEPARTMENTS:
            self.records, self._listing = {}, None
            return Head(self.log_id, change.revision, change.change_id, deleted=True)
        if change.kind == "department_created" and self.log_id != DEPARTMENTS:
            return Head(self.log_id, change.revision, change.change_id)
        record_id = change.record.get("id")
        if record_id is None:  # a newer server's, about no event
            return head.after(change, None)
        before, after = self.records.get(record_id), None if change.removes else change.record
        if after is not None:
            self.records[record_id] = after
        else:
            self.records.pop(record_id, None)
        if self._listing is not None:
            self._listing.change(before, after)
        return known or head.after(change, before)

    def notice(self, change: Change) -> None:
        """Another process tells of a change: applied if it is the next one, looked up if there are more."""
        with self.held():
            if self.head is None or change.revision <= self.head.revision:
                return
            if change.revision == self.head.revision + 1 and change.previous == self.head.change_id:
                self.advance(change)
            else:
                self.catch_up()

    # Writing

    def write(self, pending: Pending) -> Outcome:
        """Queues up; what is waiting is committed together by one of those who wait.

        Raises CalendarError; StorageUnavailable and StorageThrottled may mean "perhaps".
        """
        self.write_all([pending])
        return pending.result()

    def write_all(self, pendings: list[Pending]) -> None:
        """As `write`, for many at once; each of them ends with its own outcome or error.

        Raises StorageUnavailable when their turn doesn't come in time.
        """
        turn = threading.Event()
        for pending in pendings:
            pending.turn = turn
        self._waiting.extend(pending for pending in pendings if not pending.done)
        try:
            while not all(pending.done for pending in pendings):
                if remaining() < LEADING_SECONDS:
                    raise StorageUnavailable(f"{self.log_id} is busy")
                if self._leading.acquire(blocking=False):
                    self._lead(pendings)
                elif not turn.wait(remaining()):
                    raise StorageUnavailable(f"{self.log_id} is busy")
                turn.clear()
        finally:
            for pending in pendings:
                pending.abandoned = True
            if not all(pending.done for pending in pendings):
                self._wake_next()  # it may have been these that were to lead next

    def _wake_next(self) -> None:
        """The first of those who still wait leads, if nobody does."""
        _wake([one for one in list(self._waiting) if not (one.done or one.abandoned)][:1])

    def _lead(self, pendings: list[Pending]) -> None:
        """Commits what is waiting until `pendings` are done, then lets the next in the queue lead."""
        batch: list[Pending] = []
        try:
            with self.held():
                while not all(pending.done for pending in pendings):
                    _wake(batch)
                    batch = self._next_batch()
                    self._commit(batch)
        finally:
            self._leading.release()
            # Released first: who queues up after this look finds that nobody leads. And the next to lead is
            # woken before those who are done: the database has work while they answer.
            self._wake_next()
            _wake(batch)

    def write_atomic(self, pendings: list[Pending], spoiled: bool) -> None:
        """All of them in one transaction, or none: those without a fault of their own end as NotApplied.

        `spoiled`: one that isn't among them failed already. Raises TooLarge, StorageError.
        """
        if not spoiled:
            with self.held():
                try:
                    retried(self.log_id, lambda: self._tried(pendings, atomic=True))
                finally:
                    self._in_flight.clear()
        for pending in pendings:
            if not pending.done:
                pending.error = NotApplied()

    def _next_batch(self) -> list[Pending]:
        batch: list[Pending] = []
        while self._waiting and len(batch) < BATCH_CHANGES:
            pending = self._waiting.popleft()
            if not pending.abandoned:
                batch.append(pending)
        return batch

    def _commit(self, batch: list[Pending]) -> None:
        try:
            retried(self.log_id, lambda: self._tried([one for one in batch if not one.done]))
        except Exception as error:
            if not isinstance(error, CalendarError):
                log.exception("a write to %s failed", self.log_id)
            for one in batch:
                one.error = one.error or (None if one.done else error)
        finally:
            self._in_flight.clear()
            for one in batch:
                if not one.done:  # interrupted; nobody else would take it up
                    one.error = StorageUnavailable(self.log_id)

    def _tried(self, batch: list[Pending], atomic: bool = False) -> bool:
        """One attempt; afterwards all are done, or False: the state was old and is newer now.

        With `atomic` only those that fail are done when one does.
        """
        if all(one.done for one in batch):
            return True
        if self.head is None or self.head.deleted:
            self.catch_up()
        base = self.must_exist()
        folded = fold(base, self.records, batch, timestamp(self.process.now()), whole=atomic)
        if not folded.changes or (atomic and folded.failed):
            self.catch_up()
            if not base.is_at(self.must_exist()):
                return False
        elif atomic and folded.size > TRANSACTION_BYTES:
            raise TooLarge(f"{folded.size} bytes")
        else:
            self._in_flight = {one.change_id: one for one in batch}
            try:
                self.process.database.commit([folded.as_write()], str(uuid.uuid4()))
            except RevisionConflict:
                self.catch_up()
                return False
            except RecordExists as error:
                self._refuse_used(batch, error.record_ids)
                return False
            except StorageError:
                self.look_for_lost()
                raise
            for change, head in zip(folded.changes, folded.heads, strict=True):
                self.advance(change, head)
        for pending, verdict in folded.verdicts:
            if isinstance(verdict, CalendarError):
                pending.error = verdict
            elif not (atomic and folded.failed):
                pending.outcome = verdict
        return atomic or all(one.done for one in batch)

    def look_for_lost(self) -> None:
        """The lock is held: was a commit without an answer applied? If the log can be read, it tells."""
        try:
            self.catch_up()
        except StorageError:
            log.info("whether the last write to %s was applied isn't known yet", self.log_id)

    def _refuse_used(self, batch: list[Pending], record_ids: list[str]) -> None:
        """Creates whose id is used although this replica doesn't hold it: a tombstone, or a race."""
        self.catch_up()
        for one in batch:
            if one.record_id in record_ids and one.record_id not in self.records and not one.done:
                one.error = EventGone(one.record_id)
        if not any(one.record_id in record_ids for one in batch):
            raise StorageUnavailable(f"ids {record_ids} are used, but not in the log of {self.log_id}")

    def expect(self, pending: Pending) -> None:
        """The lock is held: a transaction over several logs with this change is on its way."""
        self._in_flight[pending.change_id] = pending

    # What was missed

    def missed(self, position: Head, limit: int | None = None) -> Missed:
        """The changes after `position` up to this replica's head, at most `limit`.

        Made once for all who come with the same position at the same revision. Raises DepartmentNotFound,
        and ResyncRequired when the log can't tell: another history, or older than the retention.
        """
        known = self.at_hand().answers.get((position, limit))
        if known is None or (known.changes and self.process.database.forgotten(known.changes[0])):
            with self.held():
                known = Missed(self.must_exist(), self._changes_after(position, limit))
                self.ready.keep((position, limit), known)
        return known

    def _changes_after(self, position: Head, limit: int | None) -> list[Change]:
        head = self.must_exist()
        if position.log_id != self.log_id or position.revision > head.revision:
            raise ResyncRequired(self.log_id)
        if position.revision == head.revision:
            if not head.is_at(position):
                raise ResyncRequired(self.log_id)
            return []
        upto = head.revision if limit is None else min(head.revision, position.revision + limit)
        changes = self._history(position.revision, upto)
        whole = len(changes) == upto - position.revision
        if (
            not whole
            or changes[0].previous != position.change_id
            or self.process.database.forgotten(changes[0])
        ):
            raise ResyncRequired(self.log_id)
        return changes

    def _history(self, after: int, upto: int) -> list[Change]:
        """From memory if it reaches back so far; else read once and kept for those who come next."""
        assert self.head is not None
        reach = self.recent[0].revision if self.recent else self.head.revision + 1
        if reach <= after + 1:
            return [change for change in self.recent if after < change.revision <= upto]
        if self.head.revision - after > RECENT_CHANGES:
            return self.process.database.read_changes(self.log_id, after, upto)
        missing = self.process.database.read_changes(self.log_id, after, reach - 1)
        if len(missing) == reach - 1 - after:
            self.recent.extendleft(reversed(missing))
            missing = list(self.recent)
        return [change for change in missing if after < change.revision <= upto]

    # Ready answers

    def listing(self) -> Listing:
        """The lock is held: the events in order, made when they are first asked for and kept up since."""
        if self._listing is None:
            self._listing = Listing(self.records.values())
        return self._listing
