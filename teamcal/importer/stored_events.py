"""Finds the events of the files in the tables, wherever they are by now and whichever version wrote them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from teamcal.domain.values import Record
from teamcal.importer.placement import EventImport
from teamcal.importer.target import Target


class StoredEvent(NamedTuple):
    """`is_earlier`: it has the id that an earlier version gave it."""

    record: Record
    is_earlier: bool


class StoredEvents:
    """`department_ids` are those of the departments in which events may be."""

    def __init__(self, target: Target, department_ids: Sequence[str]) -> None:
        self._target, self._department_ids = target, department_ids

    def find(self, events: Sequence[EventImport]) -> dict[str, StoredEvent]:
        """Returns the events that are stored, tombstones included, by `EventImport.id`."""
        copies = self._copies(events)
        found = {item.id: stored for item in events if (stored := self._own(item, copies))}
        absent = [item for item in events if _is_absent(found.get(item.id))]
        for department_id in self._department_ids:
            self._read(absent, department_id, copies)
        found |= {item.id: stored for item in absent if (stored := self._anywhere(item, copies))}
        return found

    def _copies(self, events: Sequence[EventImport]) -> "Copies":
        """Reads the events in the departments that they go to."""
        copies: Copies = defaultdict(list)
        by_department: defaultdict[str, list[EventImport]] = defaultdict(list)
        for item in events:
            by_department[item.department_id].append(item)
        for department_id, items in by_department.items():
            self._read(items, department_id, copies)
        return copies

    def _read(self, events: Sequence[EventImport], department_id: str, copies: "Copies") -> None:
        ids = {id_ for item in events for id_ in (item.id, item.event.earlier_id) if id_}
        for id_, record in self._target.read_events((id_, department_id) for id_ in ids).items():
            if record not in copies[id_]:
                copies[id_].append(record)

    def _own(self, item: EventImport, copies: "Copies") -> StoredEvent | None:
        """Returns the event as it is in its own department."""
        return _best(
            [StoredEvent(record, False) for record in copies[item.id]]
            + [StoredEvent(record, True) for record in copies[item.event.earlier_id or ""]]
        )

    def _anywhere(self, item: EventImport, copies: "Copies") -> StoredEvent | None:
        """Returns the event wherever it is. An earlier version's may be another folder's event."""
        candidates = [StoredEvent(record, False) for record in copies[item.id]]
        earlier = copies[item.event.earlier_id or ""]
        if earlier and self._is_of_these_files(item, earlier):
            candidates += [StoredEvent(record, True) for record in earlier]
        return _best(candidates)

    def _is_of_these_files(self, item: EventImport, copies: list[Record]) -> bool:
        """Returns whether an earlier version wrote `copies` for this event; if nothing tells, it did.

        It gave one id to equal records of two folders, and so imported only the first of them.
        """
        homes = {home.id for home in item.homes}
        if any(record["department_id"] in homes for record in copies):
            return True
        if all(record.get("version", 1) == 1 for record in copies):
            return False  # a move would have made another version
        # Only what was in a department before its last change can have been moved out of it.
        latest = max(record.get("last_modified") or "" for record in copies)
        if all(home.created_at > latest for home in item.homes):
            return False
        first = self._target.department_of_creation(copies[0]["id"])
        return first is None or first in homes


Copies = defaultdict[str, list[Record]]
"""By id: the records in one department after the other, live ones and tombstones."""


def _is_absent(stored: StoredEvent | None) -> bool:
    return stored is None or bool(stored.record.get("deleted"))


def _best(candidates: list[StoredEvent]) -> StoredEvent | None:
    """Returns a live one rather than a tombstone, and the newer id rather than the earlier."""
    return min(candidates, key=lambda stored: bool(stored.record.get("deleted")), default=None)
