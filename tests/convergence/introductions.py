"""How often each text came into the logs, and in which event: a write that was applied twice shows in it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from teamcal.domain.changes import EVENT_CREATED, REPAIRED
from teamcal.domain.event_fields import IMPORT_DIGEST
from teamcal.domain.events import is_series
from teamcal.domain.occurrences import occurrence, occurrence_id_from, removed

Row = dict[str, Any]


def shown_as(record: Row, event_id: str) -> Row | None:
    """The event with this id that the record is, or the occurrence that it has."""
    if record.get("id") == event_id:
        return record
    which = occurrence_id_from(event_id)
    if which is None or which.series_id != record.get("id") or not is_series(record):
        return None
    return None if record.get("deleted") else occurrence(record, which.original)


def answered_as(record: Row, event_id: str) -> Row | None:
    """As `shown_as`; of an occurrence that was deleted, what the deletion answers."""
    which = occurrence_id_from(event_id)
    event = shown_as(record, event_id)
    if event is None and which is not None and which.series_id == record.get("id"):
        return removed(record, which.original)
    return event


class Introductions:
    """Every create and update carries a text of its own. `made`: how often each was introduced.

    What is split off a series takes texts of exceptions along, and what is moved its text. Such events are
    of one family, and a text that a family has already isn't introduced by the copy.
    """

    def __init__(self, logs: dict[str, list[Row]]) -> None:
        self.made: Counter[str] = Counter()
        self._creators: dict[str, set[str]] = defaultdict(set)
        self._parents: dict[str, str] = {}
        self._removals: Counter[str] = Counter()
        self._of_record: dict[str, list[list[Row]]] = defaultdict(list)
        kinds: dict[str, list[str]] = defaultdict(list)
        for rows in logs.values():
            for row in rows:
                kinds[row["change_id"]].append(row["kind"])
        # Both changes of a move have one id; what a restore brings back is created and has one of its own.
        self._moves = {one for one, both in kinds.items() if len(both) == 2 and EVENT_CREATED in both}
        copies = [copy for rows in logs.values() for copy in self._read(rows)]
        for event_id, text in copies:
            for creator in self._creators[text]:
                self._join(event_id, creator)

    def _read(self, rows: list[Row]) -> Iterable[tuple[str, str]]:
        """Returns the copies of texts, (event, text)."""
        now: dict[str, Row] = {}
        histories: dict[str, list[Row]] = defaultdict(list)
        copies: list[tuple[str, str]] = []
        for row in rows:
            event = row["event"]
            if "id" not in event:
                continue
            event_id, before = event["id"], now.get(event["id"], {})
            histories[event_id].append(row)
            if event.get("deleted") and row["kind"] != REPAIRED:
                self._removals[event_id] += row["change_id"] not in self._moves
            elif row["kind"] == EVENT_CREATED and row["change_id"] in self._moves:
                copies += [(event_id, text) for text in _texts(event)]
            else:
                # What was split off a series is new and has its exceptions; an imported series has its own.
                is_new = row["kind"] == EVENT_CREATED and IMPORT_DIGEST not in event
                if is_new:
                    copies += [(event_id, text) for text in _texts_of_exceptions(event)]
                for text in [event["description"]] if is_new else _texts(event):
                    # A restore took the row of its deletion: a row of a repair made the event again.
                    if row["kind"] == REPAIRED or text not in _texts(before):
                        self.made[text] += 1
                        self._creators[text].add(event_id)
            now[event_id] = event
        for event_id, history in histories.items():
            self._of_record[event_id].append(history)
        return copies

    # Families

    def _root(self, event_id: str) -> str:
        while (parent := self._parents.get(event_id)) is not None:
            event_id = parent
        return event_id

    def _join(self, event_id: str, other: str) -> None:
        one, two = self._root(event_id), self._root(other)
        if one != two:
            self._parents[one] = two

    def roots_of(self, event_ids: Iterable[str]) -> set[str]:
        return {self._root(event_id) for event_id in event_ids}

    def creators_of(self, text: str) -> set[str]:
        return self.roots_of(self._creators[text])

    # Deletions

    def removals_of(self, event_id: str) -> int:
        """How often it was deleted, not moved; of an occurrence how often it ceased to be."""
        which = occurrence_id_from(event_id)
        if which is None:
            return self._removals[event_id]
        found = 0
        for history in self._of_record[which.series_id]:
            was_there = False
            for row in history:
                is_there = shown_as(row["event"], event_id) is not None
                found += was_there and not is_there
                was_there = is_there
        return found


def _texts_of_exceptions(event: Row) -> list[str]:
    patches = event.get("exceptions", {}).values()
    return [patch["description"] for patch in patches if patch.get("description")]


def _texts(event: Row) -> list[str]:
    return [text for text in (event.get("description"), *_texts_of_exceptions(event)) if text]
