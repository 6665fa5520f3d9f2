"""One log's records in this process, at a known revision. Advancing a replica is what emits a change.

Design: docs/develop/sync.md.
"""

import logging
import threading
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import repeat

from teamcal.domain.changes import LISTS, Change, Head, follows
from teamcal.domain.cursor import Cursor
from teamcal.domain.fold import Outcome, Submission
from teamcal.domain.memory import bytes_of_record
from teamcal.domain.values import Record
from teamcal.errors import DepartmentNotFound
from teamcal.metrics import CHANGES_BY_NOTICE, CHANGES_BY_READ, COLD_LOADS, HISTORIES_LOST
from teamcal.sync.changes_since import ChangesSince
from teamcal.sync.exports import Exports
from teamcal.sync.gzipped import Gzipped
from teamcal.sync.holder import NO_HOLDER, Holder
from teamcal.sync.locks import held
from teamcal.sync.missed_changes import missed_changes
from teamcal.sync.plain_view import PlainChange, PlainView
from teamcal.sync.ports import Ports
from teamcal.sync.recent_changes import RECENT_CHANGES, RecentChanges
from teamcal.sync.revision_cache import RevisionCache, events_of
from teamcal.sync.shared_read import SharedRead
from teamcal.sync.sorted_events import EventFilter, SortedEvents
from teamcal.sync.turns import in_turns

logger = logging.getLogger(__name__)

REPLICA_BYTES = 4_000
"""Memory of a replica without records: its locks, queues and objects."""


class Replica:
    """One department's events, or the list of departments, in this process.

    The lock guards everything: while a thread holds it, head and records agree, and what is published
    reaches the members in that order. Methods whose name begins with `locked_` are called with it held.
    """

    def __init__(self, log_id: str, ports: Ports, holder: Holder = NO_HOLDER) -> None:
        self.log_id, self.ports, self._holder = log_id, ports, holder
        self.head: Head | None = None
        self.records: dict[str, Record] = {}
        self.recent = RecentChanges()
        self.cache = RevisionCache(Head(log_id))
        self.records_bytes = 0
        self._sorted: SortedEvents | None = None
        self.plain = PlainView()
        self.exports = Exports(log_id)
        self._lock = threading.RLock()
        self.in_flight: dict[str, Submission] = {}
        """Submissions of transactions that were sent, by change_id, until their changes settle them."""
        self._shared_read = SharedRead(log_id)
        self.reading = threading.Lock()

    def lock(self) -> AbstractContextManager[None]:
        """Holds the replica's lock. Raises StorageUnavailable if it isn't free before the deadline."""
        return held(self._lock, self.log_id)

    @property
    def memory(self) -> int:
        """Bytes of everything that it holds. It is kept up as it changes, so asking costs nothing."""
        in_lists = self.plain.memory + (self._sorted.memory if self._sorted is not None else 0)
        kept = self.recent.memory + self.cache.memory + self.exports.memory
        return REPLICA_BYTES + self.records_bytes + in_lists + kept

    # Catching up with the log

    def refresh(self) -> None:
        """Brings in every change that was acknowledged before the call.

        It costs one GetItem, shared by all requests that were already waiting when it was sent. Raises
        DepartmentNotFound.
        """
        self._shared_read.wait(self._read)
        self.require_department()

    def _read(self) -> None:
        seen = self.head
        if seen is None:
            with self.lock():
                self.locked_catch_up()
            return
        head = self.ports.database.read_head(self.log_id)
        if not head.is_same_as(seen):
            with self.lock():
                self.locked_adopt(head, seen, CHANGES_BY_READ)

    def require_department(self) -> Head:
        """Returns the head. Raises DepartmentNotFound."""
        if self.head is None or self.head.deleted:
            raise DepartmentNotFound(self.log_id)
        return self.head

    def locked_catch_up(self, source: str = CHANGES_BY_READ) -> None:
        """Moves to the newest head; loads everything if need be. Raises DepartmentNotFound."""
        if self.head is None:
            self._load()
        else:
            seen = self.head
            self.locked_adopt(self.ports.database.read_head(self.log_id), seen, source)

    def locked_adopt(self, head: Head, seen: Head, source: str) -> None:
        """Follows `head`, which was read consistently after this replica had been at `seen`.

        A head that is behind, or another state of the same revision, is another history.
        """
        assert self.head is not None
        if head.revision < seen.revision:
            self._start_over()
        elif head.revision > self.head.revision:
            self._follow(head, source)
        elif head.revision == self.head.revision and not head.is_same_as(self.head):
            self._start_over()
        elif head.is_at(self.head) and head.revision and head.digest is None:
            self.head = replace(self.head, digest_is_stored=False)

    def _follow(self, head: Head, source: str) -> None:
        assert self.head is not None
        nobody_waits = not (self.in_flight or self.ports.members.has_members(self.log_id))
        if nobody_waits and head.revision - self.head.revision > max(RECENT_CHANGES, len(self.records)):
            self._load()  # reading the changes would take longer
            return
        changes = self.ports.database.read_changes(self.log_id, self.head.revision, head.revision)
        complete = len(changes) == head.revision - self.head.revision
        if not complete or not follows(changes, self.head.revision, self.head.change_id):
            self._start_over()
            return
        self._advance_to(head, changes, source)

    def locked_take(self, head: Head, changes: Sequence[Change]) -> None:
        """As `locked_adopt`, with changes that were read beside the head; reads those that are missing."""
        assert self.head is not None
        fits = follows(changes, self.head.revision, self.head.change_id)
        if changes and fits and changes[-1].revision == head.revision:
            self._advance_to(head, changes, CHANGES_BY_READ)
        else:
            self.locked_adopt(head, self.head, CHANGES_BY_READ)

    def _advance_to(self, head: Head, changes: Sequence[Change], source: str) -> None:
        self.locked_advance(changes, source)
        assert self.head is not None
        if not head.is_same_as(self.head):  # by its rows the log leads elsewhere than its head says
            self._start_over()

    def _load(self) -> None:
        database = self.ports.database
        head, records, recent = database.load(self.log_id)
        if head.revision == 0:
            self.locked_require_item()
        records_bytes = sum(map(bytes_of_record, in_turns(records.values())))
        before = self.records
        self.head, self.records, self.records_bytes = head, records, records_bytes
        self.plain.reset(records.values(), self.ports.today())
        self.exports.clear()
        self._sorted, self.cache = None, RevisionCache(head, day=self.plain.day)
        self.recent.replace(recent)
        self.ports.metrics.add(COLD_LOADS)
        self._holder.loaded(self, before)

    def locked_require_item(self) -> None:
        """Raises DepartmentNotFound if there is none: without a head it may be a department of an older
        server, a new one, or none at all, or no longer.
        """
        if self.log_id not in LISTS and self.ports.database.read_department(self.log_id) is None:
            self.head = None
            raise DepartmentNotFound(self.log_id)

    def _start_over(self) -> None:
        """Loads another history (a restored table, another engine), or one with a hole."""
        logger.warning("the log of %s isn't the one this process knew: loading it anew", self.log_id)
        self.ports.metrics.add(HISTORIES_LOST)
        self._load()
        self.ports.members.send_away(self.log_id)

    # The way forward

    def locked_advance(
        self, changes: Sequence[Change], source: str, heads: Iterable[Head | None] = repeat(None)
    ) -> None:
        """Applies the next changes, publishes them, and settles the submissions that they came from.

        `heads` are those after each change, for callers that have them. `source` is the counter of what
        brought the changes.
        """
        for change, head in zip(changes, heads, strict=False):
            self._advance(change, head)
        self.ports.metrics.add(source, len(changes))
        self._holder.advanced(self, source)

    def _advance(self, change: Change, head: Head | None) -> None:
        assert self.head is not None
        assert change.revision == self.head.revision + 1
        before, size = self.records, bytes_of_record(change.record)
        self.head, plain = self._apply(change, size, self.head, head)
        self.cache = RevisionCache(self.head, day=self.plain.day)
        self.recent.append(change, size)
        self._holder.changed(self, change, before)
        self.ports.members.publish(self.log_id, change, self.head, plain)
        self.locked_settle(change, self.head)

    def locked_settle(self, change: Change, head: Head) -> None:
        """Settles the submission, if any, that a change came from. `head` is the one after the change."""
        submission = self.in_flight.pop(change.change_id, None)
        if submission is not None:
            submission.result = Outcome(change.record, change)
            # Announced here, so that a change found in the log after its answer was lost is announced too.
            if self.ports.notices is not None:
                self.ports.notices.announce(self.log_id, change, head)

    def forget_in_flight(self, submissions: Iterable[Submission]) -> None:
        for submission in submissions:
            self.in_flight.pop(submission.change_id, None)

    def _apply(
        self, change: Change, size: int, before: Head, after: Head | None
    ) -> tuple[Head, PlainChange | None]:
        """Returns the head after the change, and what clients are told that don't know series."""
        record_id = change.record.get("id")
        if record_id is None:  # the department was deleted or created again, or it is a newer server's kind
            if change.restarts_log:
                self.records, self.records_bytes, self._sorted = {}, 0, None
                self.plain.reset((), "")
            return after or before.after(change, None), None
        old, new = self.records.get(record_id), None if change.record.get("deleted") else change.record
        if old is not None:
            self.records_bytes -= bytes_of_record(old)
        if new is not None:
            self.records[record_id] = new
            self.records_bytes += size
        else:
            self.records.pop(record_id, None)
        if self._sorted is not None:
            self._sorted.replace(old, new)
        plain = self.plain.change(change, old, new, self.ports.today)
        return after or before.after(change, old), plain

    def locked_turn_day(self) -> None:
        """Moves what clients see that don't know series to today, and tells them the difference."""
        if not self.plain.day or self.head is None or (plain := self.plain.turn(self.ports.today())) is None:
            return
        self.cache = RevisionCache(self.head, day=self.plain.day)
        self.ports.members.publish_day(self.log_id, self.head, plain)

    def notice(self, change: Change, digest: int | None = None) -> None:
        """Takes up another process's change: applies the next one, reads the log if it is further ahead.

        `digest` is the head's after the change, if the other process told it.
        """
        with self.lock():
            if self.head is None or change.revision <= self.head.revision:
                return
            old = self.records.get(change.record.get("id", ""))
            if self.head.leads_to(change, old, digest):
                self.locked_advance([change], CHANGES_BY_NOTICE)
            else:
                self.locked_catch_up(CHANGES_BY_NOTICE)

    # Answers

    def current(self) -> RevisionCache:
        """Returns what was made at the present revision; needs no lock. Raises DepartmentNotFound."""
        cache = self.cache
        if cache.head.deleted:
            raise DepartmentNotFound(self.log_id)
        return cache

    def listing(self, filter: EventFilter | None, series: bool = True) -> tuple[Gzipped, str]:
        """Returns the events as REST lists them and the cursor of that moment. Raises DepartmentNotFound.

        `series`: to a client that knows series; others get occurrences.
        """
        cache = self.current()
        shown = series or not cache.day
        kept = cache.lists.get((filter, shown))
        if kept is not None and (shown or cache.day == self.ports.today()):
            return kept, cache.cursor_of(shown)
        with self.lock():
            self.require_department()
            self.locked_turn_day()
            cache = self.cache
            shown = series or not cache.day
            kept = cache.lists.get((filter, shown))  # who held the lock before may have made it
            if kept is not None:
                return kept, cache.cursor_of(shown)
            answer = Gzipped(cache.list_of(self._listed(shown).select(filter), shown))
            is_kept = cache.keep_list(filter, shown, answer)
        if is_kept:
            self._holder.grew(self)
        return answer, cache.cursor_of(shown)

    def gzip_of(self, answer: Gzipped) -> bytes:
        """Returns the gzip form of a list, which is kept as long as the list is."""
        content = answer.gzip()
        self._holder.grew(self)
        return content

    def _listed(self, series: bool) -> SortedEvents:
        return self.locked_sorted() if series or not self.plain.day else self.plain.sorted(self.records)

    def locked_events_json(self, series: bool = True, filter: EventFilter | None = None) -> memoryview:
        """Returns the events as a JSON array: a part of the list, so that REST and Socket.IO share it."""
        return events_of(self.listing(filter, series)[0].content)

    def locked_sorted(self) -> SortedEvents:
        """Returns the events in order. They are sorted when they are first asked for and kept up since."""
        if self._sorted is None:
            self._sorted = SortedEvents(self.records.values())
        return self._sorted

    def changes_since(self, position: Cursor, limit: int | None = None) -> ChangesSince:
        """Returns the changes after `position`, at most `limit`; fewer, with `more`, when they are big.

        They are made once for all clients that ask with the same position at the same revision. What isn't
        in memory is read without the lock. Raises DepartmentNotFound, and ResyncRequired when the log can't
        tell (another history, or older than the retention) or, without `limit`, when it is more work than
        sending the calendar.
        """
        cache = self.current()
        answer = cache.since.get((position, limit))
        if answer is None or (answer.changes and self.ports.database.forgotten(answer.changes[0])):
            answer = missed_changes(self, position, limit, cache.head)
            cache.keep(position, limit, answer)
            self._holder.grew(self)
        return answer

    def locked_extended(self, missed: ChangesSince) -> ChangesSince | None:
        """Returns `missed` with what has happened since, from memory; None if that isn't known any more."""
        head = self.require_department()
        if head.is_at(missed.cursor):
            return missed
        newer = self.recent.between(missed.cursor.revision, head.revision)
        if not newer or newer[0].previous != missed.cursor.change_id:
            return None
        cursor = head.cursor._replace(day=missed.cursor.day)
        return ChangesSince(cursor, [*missed.changes, *newer], False)
