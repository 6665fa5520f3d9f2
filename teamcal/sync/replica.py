"""One log's records in this process, at a known revision. Advancing a replica is what emits a change.

Design: docs/develop/sync.md.
"""

import logging
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from teamcal.deadline import remaining
from teamcal.domain.changes import DEPARTMENTS, Change, Head
from teamcal.domain.cursor import Cursor
from teamcal.domain.fold import Outcome, Submission
from teamcal.domain.values import Record
from teamcal.errors import DepartmentNotFound, ResyncRequired, StorageUnavailable
from teamcal.metrics import CHANGES_BY_NOTICE, CHANGES_BY_READ, COLD_LOADS, HISTORIES_LOST
from teamcal.sync.changes_since import ChangesSince
from teamcal.sync.ports import Ports
from teamcal.sync.shared_read import SharedRead
from teamcal.sync.sorted_events import EventFilter, SortedEvents

logger = logging.getLogger(__name__)

RECENT_CHANGES = 2_000
"""Changes that a replica keeps for clients that come back."""
CACHED_ANSWERS = 16
"""Answers about changes since a cursor that are kept for one revision."""
RECORD_BYTES = 2_900
"""Memory of one record with its place and JSON in a list, measured with descriptions of 40 letters."""


@dataclass(eq=False)
class RevisionCache:
    """What was made of a replica at `head`. It is only ever added to: its answers belong together, and
    reading them needs no lock.
    """

    head: Head
    list_json: bytes | None = None
    since: dict[tuple[Cursor, int | None], ChangesSince] = field(default_factory=dict)

    @cached_property
    def cursor(self) -> str:
        return self.head.cursor.text

    def keep(self, position: Cursor, limit: int | None, changes: ChangesSince) -> None:
        if len(self.since) < CACHED_ANSWERS:
            self.since[position, limit] = changes

    @property
    def memory(self) -> int:
        """Bytes of the answers."""
        return len(self.list_json or b"") + sum(answer.memory for answer in list(self.since.values()))


class Replica:
    """One department's events, or the list of departments, in this process.

    The lock guards everything: while a thread holds it, head and records agree, and what is published
    reaches the members in that order. Methods whose name begins with `locked_` are called with it held.
    """

    def __init__(self, log_id: str, ports: Ports) -> None:
        self.log_id, self.ports = log_id, ports
        self.head: Head | None = None
        self.records: dict[str, Record] = {}
        self.recent: deque[Change] = deque(maxlen=RECENT_CHANGES)
        self.cache = RevisionCache(Head(log_id))
        self._sorted: SortedEvents | None = None
        self._lock = threading.RLock()
        self.in_flight: dict[str, Submission] = {}
        """Submissions in the transaction on its way, by change_id; their changes settle them."""
        self._shared_read = SharedRead(log_id)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the replica's lock. Raises StorageUnavailable if it isn't free before the deadline."""
        if not self._lock.acquire(timeout=remaining()):
            raise StorageUnavailable(f"{self.log_id} is busy")
        try:
            yield
        finally:
            self._lock.release()

    @property
    def memory(self) -> int:
        """Bytes, about."""
        return (len(self.records) + len(self.recent) + 1) * RECORD_BYTES + self.cache.memory

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
        if not head.is_at(seen):
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
        """Follows `head`, which was read after this replica had been at `seen`."""
        assert self.head is not None
        if head.revision < seen.revision or (head.revision == seen.revision and not head.is_at(seen)):
            self._start_over()
        elif head.revision > self.head.revision:
            self._follow(head, source)

    def _follow(self, head: Head, source: str) -> None:
        assert self.head is not None
        changes = self.ports.database.read_changes(self.log_id, self.head.revision, head.revision)
        complete = len(changes) == head.revision - self.head.revision
        if not complete or changes[0].previous != self.head.change_id:
            self._start_over()
            return
        for change in changes:
            self.locked_advance(change, source)

    def _load(self) -> None:
        database = self.ports.database
        head, records, recent = database.load(self.log_id)
        # Without a head it is a department of an older server, a new one, or none at all.
        may_be_unknown = head.revision == 0 and self.log_id != DEPARTMENTS
        if may_be_unknown and database.read_department(self.log_id) is None:
            raise DepartmentNotFound(self.log_id)
        self.head, self.records = head, records
        self._sorted, self.cache = None, RevisionCache(head)
        self.recent.clear()
        self.recent.extend(recent)
        self.ports.metrics.add(COLD_LOADS)

    def _start_over(self) -> None:
        """Loads another history (a restored table, another engine), or one with a hole."""
        logger.warning("the log of %s isn't the one this process knew: loading it anew", self.log_id)
        self.ports.metrics.add(HISTORIES_LOST)
        self._load()
        self.ports.members.send_away(self.log_id)

    # The way forward

    def locked_advance(self, change: Change, source: str, head: Head | None = None) -> None:
        """Applies the next change, publishes it, and settles the submission that it came from.

        `head` is the one after the change, for callers that have it. `source` is the counter of what
        brought the change.
        """
        assert self.head is not None
        assert change.revision == self.head.revision + 1
        self.head = self._apply(change, self.head, head)
        self.cache = RevisionCache(self.head)
        self.recent.append(change)
        self.ports.metrics.add(source)
        self.ports.members.publish(self.log_id, change, self.head)
        submission = self.in_flight.pop(change.change_id, None)
        if submission is not None:
            submission.result = Outcome(change.record, change)
            # Announced here, so that a change found in the log after its answer was lost is announced too.
            if self.ports.notices is not None:
                self.ports.notices.announce(self.log_id, change)

    def _apply(self, change: Change, before: Head, after: Head | None) -> Head:
        record_id = change.record.get("id")
        if record_id is None:  # the department was deleted or created again, or it is a newer server's kind
            if change.restarts_log:
                self.records, self._sorted = {}, None
            return after or before.after(change, None)
        old, new = self.records.get(record_id), None if change.record.get("deleted") else change.record
        if new is not None:
            self.records[record_id] = new
        else:
            self.records.pop(record_id, None)
        if self._sorted is not None:
            self._sorted.replace(old, new)
        return after or before.after(change, old)

    def notice(self, change: Change) -> None:
        """Takes up another process's change: applies the next one, reads the log if it is further ahead."""
        with self.lock():
            if self.head is None or change.revision <= self.head.revision:
                return
            if change.revision == self.head.revision + 1 and change.previous == self.head.change_id:
                self.locked_advance(change, CHANGES_BY_NOTICE)
            else:
                self.locked_catch_up(CHANGES_BY_NOTICE)

    # Answers

    def current(self) -> RevisionCache:
        """Returns what was made at the present revision; needs no lock. Raises DepartmentNotFound."""
        cache = self.cache
        if cache.head.deleted:
            raise DepartmentNotFound(self.log_id)
        return cache

    def list_json(self, filter: EventFilter | None) -> tuple[bytes, str]:
        """Returns the events as REST lists them and the cursor of that moment. Raises DepartmentNotFound."""
        cache = self.current()
        if filter is None and cache.list_json is not None:
            return cache.list_json, cache.cursor
        with self.lock():
            self.require_department()
            cache = self.cache
            events = b",".join(self.locked_sorted().select(filter))
        position = f'],"revision":{cache.head.revision},"cursor":"{cache.cursor}"}}'
        content = b"".join((b'{"success":true,"events":[', events, position.encode()))
        if filter is None:
            cache.list_json = content
        return content, cache.cursor

    def locked_sorted(self) -> SortedEvents:
        """Returns the events in order. They are sorted when they are first asked for and kept up since."""
        if self._sorted is None:
            self._sorted = SortedEvents(self.records.values())
        return self._sorted

    def changes_since(self, position: Cursor, limit: int | None = None) -> ChangesSince:
        """Returns the changes after `position`, at most `limit`.

        They are made once for all clients that ask with the same position at the same revision. Raises
        DepartmentNotFound, and ResyncRequired when the log can't tell: another history, or older than the
        retention.
        """
        answer = self.current().since.get((position, limit))
        if answer is None or (answer.changes and self.ports.database.forgotten(answer.changes[0])):
            with self.lock():
                answer = self._changes_since(position, limit)
                self.cache.keep(position, limit, answer)
        return answer

    def _changes_since(self, position: Cursor, limit: int | None) -> ChangesSince:
        head = self.require_department()
        if position.log_id != self.log_id or position.revision > head.revision:
            raise ResyncRequired(self.log_id)
        if position.revision == head.revision:
            if not head.is_at(position):
                raise ResyncRequired(self.log_id)
            return ChangesSince(head.cursor, [], False)
        upto = head.revision if limit is None else min(head.revision, position.revision + limit)
        changes = self._history(position.revision, upto)
        complete = len(changes) == upto - position.revision
        if (
            not complete
            or changes[0].previous != position.change_id
            or self.ports.database.forgotten(changes[0])
        ):
            raise ResyncRequired(self.log_id)
        cursor = Cursor(self.log_id, upto, changes[-1].change_id)
        return ChangesSince(cursor, changes, upto < head.revision)

    def _history(self, after: int, upto: int) -> list[Change]:
        """Returns changes from memory if it reaches back so far; else they are read and kept."""
        assert self.head is not None
        oldest = self.recent[0].revision if self.recent else self.head.revision + 1
        if oldest <= after + 1:
            return [change for change in self.recent if after < change.revision <= upto]
        read_changes = self.ports.database.read_changes
        if self.head.revision - after > RECENT_CHANGES:
            return read_changes(self.log_id, after, upto)
        changes = read_changes(self.log_id, after, oldest - 1)
        if len(changes) == oldest - 1 - after:
            self.recent.extendleft(reversed(changes))
            changes = list(self.recent)
        return [change for change in changes if after < change.revision <= upto]
