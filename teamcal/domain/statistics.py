"""How many events a calendar has by month, weekday and category. Pure."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from teamcal.domain.events import text_of
from teamcal.domain.values import Record

MAX_CATEGORIES = 1_000
"""Categories that are named; the events of rarer ones are counted together."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def statistics_of(events: Iterable[Record]) -> dict[str, Any]:
    """Returns counts of dated occurrences; series are expanded before. The answer:

        {"total": 3,
         "undated": 0,                                          with a date that is none, of other programs
         "months": [{"month": "2026-11", "count": 3}],          by month, only those with events
         "weekdays": [{"weekday": "monday", "count": 3}, …],    always seven, Monday first
         "categories": [{"category": "회의", "count": 2}],      the most frequent first, then by name
         "uncategorized": 1,                                    without a category
         "other": 0}                                            in categories beyond the first 1,000

    An occurrence counts once, in the month and on the weekday of its `event_date`, however long it lasts, and
    once in each of its categories. There are no hours: many events of an office have no end, so that a sum
    would mean nothing.
    """
    counts = _Counts()
    for event in events:
        counts.add(_day_of(event), _categories_of(event))
    return counts.answer()


class _Counts:
    def __init__(self) -> None:
        self._total = self._undated = self._uncategorized = 0
        self._months: Counter[str] = Counter()
        self._weekdays: Counter[int] = Counter()
        self._categories: Counter[str] = Counter()

    def add(self, day: date | None, categories: set[str]) -> None:
        self._total += 1
        self._uncategorized += not categories
        self._categories.update(categories)
        if day is None:
            self._undated += 1
        else:
            self._months[f"{day.year:04}-{day.month:02}"] += 1
            self._weekdays[day.weekday()] += 1

    def answer(self) -> dict[str, Any]:
        categories = sorted(self._categories.items(), key=lambda item: (-item[1], item[0]))
        named, others = categories[:MAX_CATEGORIES], categories[MAX_CATEGORIES:]
        weekdays = [(name, self._weekdays[number]) for number, name in enumerate(WEEKDAYS)]
        return {
            "total": self._total,
            "undated": self._undated,
            "months": _counts("month", sorted(self._months.items())),
            "weekdays": _counts("weekday", weekdays),
            "categories": _counts("category", named),
            "uncategorized": self._uncategorized,
            "other": sum(count for _, count in others),
        }


def _counts(name: str, counts: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{name: value, "count": count} for value, count in counts]


def _day_of(event: Record) -> date | None:
    text = text_of(event.get("event_date"))
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None  # 20261126 and 2026-W48-4 are no dates of events


def _categories_of(event: Record) -> set[str]:
    names = event.get("categories")
    return {name for name in names if isinstance(name, str) and name} if isinstance(names, list) else set()
