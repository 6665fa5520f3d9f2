"""A department's events in the order of lists, each with its JSON."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from teamcal.domain.events import contains, event_json, is_series, last_date, order_of
from teamcal.domain.values import Record, compact
from teamcal.sync.turns import in_turns, sorted_in_turns

ENTRY_BYTES = 200
"""Memory of an event's place in a sorted list, besides its JSON."""


class EventFilter(NamedTuple):
    """Filter of an event list: inclusive range of dates, search text, maximum number.

    `touching`: also what begins before the range and reaches into it, and every series. `first` and `last`
    are needed then.
    """

    first: str | None = None
    last: str | None = None
    text: str | None = None
    limit: int | None = None
    touching: bool = False

    @property
    def is_window(self) -> bool:
        """Whether it is a range of days and nothing else, which many clients ask for."""
        return not self.text and self.limit is None


def _reaches(event: Record, day: str) -> bool:
    return ("end_date" in event and last_date(event) >= day) or is_series(event)


def _date_of(key: tuple[str, str, str]) -> str:
    return key[0]


class SortedEvents:
    """`events` in order and `json`, each of them as clients see it, kept up to date change by change.

    So a list after a change takes the JSON of one event and joins the pieces: 3 ms for 10,000 events
    instead of 110. `memory`: bytes of the JSON and the lists, without the events.
    """

    def __init__(self, events: Iterable[Record]) -> None:
        by_key = {order_of(event): event for event in in_turns(events)}
        self._keys = sorted_in_turns(list(by_key))
        self.events = [by_key[key] for key in in_turns(self._keys)]
        self.json = [compact(event_json(event)) for event in in_turns(self.events)]
        self.memory = sum(map(len, self.json)) + ENTRY_BYTES * len(self.json)

    def replace(self, before: Record | None, after: Record | None) -> None:
        """Replaces an event; `before` is None for a new one, `after` for one that is gone."""
        if before is not None:
            index = bisect_left(self._keys, order_of(before))
            self.memory -= len(self.json[index]) + ENTRY_BYTES
            del self._keys[index], self.events[index], self.json[index]
        if after is not None:
            key, content = order_of(after), compact(event_json(after))
            self.memory += len(content) + ENTRY_BYTES
            index = bisect_left(self._keys, key)
            self._keys.insert(index, key)
            self.events.insert(index, after)
            self.json.insert(index, content)

    def select(self, filter: EventFilter | None) -> list[bytes]:
        """Returns the JSON of the events that pass the filter, in order."""
        if filter is None:
            return self.json
        indexes: Sequence[int] = self.between(filter.first, filter.last)
        if filter.touching:
            indexes = self._touching(filter.first or "", self.between(filter.first, filter.last))
        if filter.text:
            indexes = [index for index in indexes if contains(self.events[index], filter.text)]
        return [self.json[index] for index in indexes[: filter.limit]]

    def _touching(self, first: str, within: range) -> list[int]:
        """Returns the indexes of those `within`, which begin on `first` or later, of events that reach into
        the range from before it, and of all series.
        """
        before = [i for i in in_turns(range(within.start)) if _reaches(self.events[i], first)]
        after = (i for i in in_turns(range(within.stop, len(self.events))) if is_series(self.events[i]))
        return [*before, *within, *after]

    def between(self, first: str | None, last: str | None) -> range:
        """Returns the index range of the events dated `first` to `last`, inclusive."""
        begin = bisect_left(self._keys, first, key=_date_of) if first else 0
        end = bisect_right(self._keys, last, key=_date_of) if last else len(self._keys)
        return range(begin, end)
