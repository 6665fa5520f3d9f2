"""The newest changes of a log, kept in memory for clients that come back."""

from collections import deque
from collections.abc import Iterable, Sequence

from teamcal.domain.changes import Change, follows
from teamcal.domain.memory import CHANGE_BYTES, bytes_of_record

RECENT_CHANGES = 2_000
"""Changes that a replica keeps at most."""
RECENT_BYTES = 8 * 2**20
"""Bytes that they may take; 2,000 changes of ordinary events take 4 MB."""


class RecentChanges:
    """Consecutive changes up to the newest; the oldest go when there are too many or they are too big.

    `memory`: their bytes. A record that the replica holds as well counts twice.
    """

    def __init__(self) -> None:
        self._changes: deque[Change] = deque()
        self._sizes: deque[int] = deque()
        self.memory = 0

    @property
    def first(self) -> int | None:
        """The revision of the oldest change."""
        return self._changes[0].revision if self._changes else None

    def replace(self, changes: Iterable[Change]) -> None:
        """Forgets all and keeps `changes`, oldest first; of several histories the newest one's."""
        self._clear()
        for change in changes:
            if self._changes and change.previous != self._changes[-1].change_id:
                self._clear()
            self.append(change, bytes_of_record(change.record))

    def _clear(self) -> None:
        self._changes.clear()
        self._sizes.clear()
        self.memory = 0

    def append(self, change: Change, record_bytes: int) -> None:
        """Adds the next change, whose record takes `record_bytes`."""
        size = CHANGE_BYTES + record_bytes
        self._changes.append(change)
        self._sizes.append(size)
        self.memory += size
        while len(self._changes) > RECENT_CHANGES or self.memory > RECENT_BYTES:
            self.memory -= self._sizes.popleft()
            self._changes.popleft()

    def prepend(self, changes: Sequence[Change]) -> None:
        """Adds the newest of `changes`, oldest first, as far as there is room, if they lead up to `first`."""
        newest = changes[-1] if changes else None
        if newest is None or not self._changes:
            return
        if not follows([self._changes[0]], newest.revision, newest.change_id):
            return
        for change in reversed(changes):
            size = CHANGE_BYTES + bytes_of_record(change.record)
            if len(self._changes) == RECENT_CHANGES or self.memory + size > RECENT_BYTES:
                return
            self._changes.appendleft(change)
            self._sizes.appendleft(size)
            self.memory += size

    def between(self, after: int, upto: int) -> list[Change] | None:
        """Returns the changes `after` + 1 to `upto`; None if they aren't all here."""
        first = self.first
        if upto <= after:
            return []
        if first is None or first > after + 1 or self._changes[-1].revision < upto:
            return None
        return [change for change in self._changes if after < change.revision <= upto]

    def at(self, revision: int) -> Change | None:
        """Returns the change with this revision if it is here. Needs no lock."""
        try:
            change = self._changes[revision - self._changes[0].revision]
        except IndexError:
            return None
        return change if change.revision == revision else None
