"""Lists in which every series is its occurrences, in any range of dates; days until an event; statistics."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from teamcal.calendar.gateway import Gateway
from teamcal.domain.caller import Caller
from teamcal.domain.dates import days_between, moved
from teamcal.domain.events import contains, first_date, is_series, last_date, order_of, public_event
from teamcal.domain.occurrences import MAX_OCCURRENCES, occurrences, plain_events
from teamcal.domain.statistics import statistics_of
from teamcal.domain.values import Record
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.sync.sorted_events import EventFilter
from teamcal.sync.turns import in_short_turns, in_turns

MAX_DAYS = 3_660
"""Of a range in which series are expanded."""
MAX_COUNTED = 100_000
"""Occurrences that statistics are made of."""


@dataclass(frozen=True)
class Listing:
    """`day`: today, on which the answer depends if it has `d_day`."""

    events: list[dict[str, Any]]
    revision: int
    cursor: str
    day: str


class Expanded:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def list(
        self, caller: Caller, department_id: str, filter: EventFilter, expand: bool, series: bool, d_day: bool
    ) -> Listing:
        """Returns the events that pass the filter, in the order of lists.

        `expand`: every series as its occurrences between the filter's dates, both of which are needed; events
        that reach into the range count too. `d_day`: each with the days until it, negative for past ones.
        Raises DepartmentNotFound; InvalidInput for more than MAX_OCCURRENCES or MAX_DAYS.
        """
        if expand:
            _require_range(filter)
        replica, today = self._gateway.replica(caller, department_id), self._gateway.replicas.ports.today()
        with replica.lock():
            head, records = replica.require_department(), list(replica.records.values())
        if expand:
            found: Iterable[Record] = _in_range(records, filter.first or "", filter.last or "")
        else:
            found = _dated(records, filter, None if series else today)
        passing = (event for event in found if not filter.text or contains(event, filter.text))
        ordered = sorted(_at_most(MAX_OCCURRENCES, passing), key=order_of)[: filter.limit]
        public = [_counted(public_event(event), today if d_day else None) for event in in_turns(ordered)]
        cursor = head.cursor if series or expand else head.cursor._replace(day=replica.plain.day)
        return Listing(public, head.revision, cursor.text, today)

    def statistics(
        self, caller: Caller, department_id: str, filter: EventFilter
    ) -> tuple[dict[str, Any], str]:
        """Returns counts of what begins between the filter's dates, both of which are needed; and the cursor.

        Raises DepartmentNotFound; InvalidInput for more than MAX_COUNTED occurrences or MAX_DAYS.
        """
        _require_range(filter)
        replica = self._gateway.replica(caller, department_id)
        with replica.lock():
            head, records = replica.require_department(), list(replica.records.values())
        begun = _begun_in(records, filter.first or "", filter.last or "")
        return statistics_of(in_short_turns(_at_most(MAX_COUNTED, begun))), head.cursor.text


def _require_range(filter: EventFilter) -> None:
    for name, value in (("from", filter.first), ("to", filter.last)):
        if value is None:
            raise InvalidInput([FieldProblem(name, "required")])
    if days_between(filter.first or "", filter.last or "") > MAX_DAYS:
        raise InvalidInput([FieldProblem("to", "too_many_days", {"limit": MAX_DAYS})])


def _in_range(records: Iterable[Record], first: str, last: str) -> Iterator[Record]:
    for event in in_turns(records):
        if not is_series(event):
            if first_date(event) <= last and last_date(event) >= first:
                yield event
            continue
        days = days_between(first_date(event), last_date(event))
        for one in occurrences(event, moved(first, -days), last):
            if last_date(one) >= first:
                yield one


def _begun_in(records: Iterable[Record], first: str, last: str) -> Iterator[Record]:
    for event in records:
        if is_series(event):
            yield from occurrences(event, first, last)
        elif first <= first_date(event) <= last:
            yield event


def _dated(records: Iterable[Record], filter: EventFilter, day: str | None) -> Iterator[Record]:
    """Yields the events of the filter's dates; with `day`, occurrences around it in place of series."""
    for record in in_turns(records):
        for event in [record] if day is None else plain_events(record, day):
            if (filter.first or "") <= first_date(event) <= (filter.last or "9999-12-31"):
                yield event


def _at_most(limit: int, events: Iterable[Record]) -> Iterator[Record]:
    for number, event in enumerate(events):
        if number == limit:
            raise InvalidInput([FieldProblem("to", "too_many_occurrences", {"limit": limit})])
        yield event


def _counted(event: dict[str, Any], today: str | None) -> dict[str, Any]:
    """Other programs may have stored an event without a real date: that one has no `d_day`."""
    if today is None:
        return event
    with suppress(ValueError):
        return {**event, "d_day": days_between(today, first_date(event))}
    return event
