"""What clients that don't know series see of a department: a pure function of its records and a day.

A series is its occurrences around the day, each an event of its own. The day moves only with the replica's
lock held, and the difference that it makes is published, so that cursors with the same day mean the same
events.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from teamcal.domain.changes import EVENT_CREATED, EVENT_DELETED, EVENT_UPDATED, Change
from teamcal.domain.events import is_series, public_event
from teamcal.domain.occurrences import ShownCounts, plain_events
from teamcal.domain.values import Record
from teamcal.sync.sorted_events import SortedEvents
from teamcal.sync.turns import in_turns

COUNT_BYTES = 150
"""Memory of how many occurrences a series shows."""
Effect = tuple[str, Record]
"""What a change does to one plain event: the kind of a message, and the event as it is afterwards."""


class PlainChange(NamedTuple):
    """What these clients are told of a change: its `effects`, and the days of their cursors before and after.

    All effects have the change's revision. Only the last one has its cursor, so that a client that is cut off
    before it gets them all again.
    """

    effects: list[Effect]
    day_before: str
    day: str


class PlainView:
    """`day` is "" while the department has no series: then everybody sees the same.

    The events in the order of lists are sorted when they are first asked for. Methods are called with the
    replica's lock held.
    """

    def __init__(self) -> None:
        self.day = ""
        self._series: dict[str, Record] = {}
        self._sorted: SortedEvents | None = None
        self._counts: ShownCounts | None = None

    @property
    def memory(self) -> int:
        counted = COUNT_BYTES * len(self._counts.by_id) if self._counts is not None else 0
        return counted + (self._sorted.memory if self._sorted is not None else 0)

    def reset(self, records: Iterable[Record], today: str) -> None:
        """Starts over with the records of another state."""
        self._series = {event["id"]: event for event in in_turns(records) if is_series(event)}
        self.day = today if self._series else ""
        self._sorted = self._counts = None

    def counts(self, day: str) -> ShownCounts:
        """Returns how many occurrences the series show on the day, which is mostly the last one asked for."""
        if self._counts is None or self._counts.day != day:
            self._counts = ShownCounts(self._series.values(), day)
        return self._counts

    def change(
        self, change: Change, before: Record | None, after: Record | None, today: Callable[[], str]
    ) -> PlainChange | None:
        """Takes up a change of one record. Returns None if it is the same for all clients."""
        touches = any(event is not None and is_series(event) for event in (before, after))
        if not self._series and not touches:
            return None
        day_before = self.day
        self._note(change.record["id"], after)
        self.day = (self.day or today()) if self._series else ""
        if not touches:
            self._replace([before] if before else [], [after] if after else [])
            kind = EVENT_DELETED if change.removes else change.kind
            return PlainChange([(kind, change.record)], day_before, self.day)
        reckoned = day_before or self.day
        old = plain_events(before, reckoned) if before else []
        new = plain_events(after, reckoned) if after else []
        self._replace(old, new)
        return PlainChange(effects_of(old, new), day_before, self.day)

    def turn(self, today: str) -> PlainChange | None:
        """Moves to another day. Returns what that changes; None if there is nothing to move."""
        if not self._series or self.day == today:
            return None
        day_before, self.day = self.day, today
        effects: list[Effect] = []
        for series in self._series.values():
            old, new = plain_events(series, day_before), plain_events(series, today)
            self._replace(old, new)
            effects += effects_of(old, new)
        return PlainChange(effects, day_before, today)

    def sorted(self, records: Mapping[str, Record]) -> SortedEvents:
        """Returns the events that these clients see, in order. There is a series among the records."""
        if self._sorted is None:
            events = [event for event in records.values() if event["id"] not in self._series]
            for series in self._series.values():
                events += plain_events(series, self.day)
            self._sorted = SortedEvents(events)
        return self._sorted

    def _note(self, event_id: str, after: Record | None) -> None:
        if self._counts is not None:
            self._counts.changed(event_id, after)
        if after is not None and is_series(after):
            self._series[event_id] = after
        else:
            self._series.pop(event_id, None)

    def _replace(self, old: Iterable[Record], new: Iterable[Record]) -> None:
        if self._sorted is None:
            return
        if not self._series:
            self._sorted = None  # the list that everybody sees is the same again
            return
        for event in old:
            self._sorted.replace(event, None)
        for event in new:
            self._sorted.replace(None, event)


def effects_of(old: Iterable[Record], new: Iterable[Record]) -> list[Effect]:
    """Returns what makes the plain events `old` those of `new`: deletions, updates, creations."""
    before = {event["id"]: event for event in old}
    after = {event["id"]: event for event in new}
    gone = [(EVENT_DELETED, event) for event_id, event in before.items() if event_id not in after]
    changed = [
        (EVENT_UPDATED, event)
        for event_id, event in after.items()
        if event_id in before and public_event(event) != public_event(before[event_id])
    ]
    return gone + changed + [(EVENT_CREATED, after[event_id]) for event_id in after if event_id not in before]
