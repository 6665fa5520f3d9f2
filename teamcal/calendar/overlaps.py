"""Events at the same place at the same time as another."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from teamcal.calendar.gateway import Gateway
from teamcal.domain.caller import Caller
from teamcal.domain.dates import moved
from teamcal.domain.events import is_series, last_date
from teamcal.domain.occurrences import DAYS_AFTER, occurrences
from teamcal.domain.values import Record
from teamcal.zones import zone_of

MAX_OVERLAPS = 20
MAX_SERIES = 50
"""Series at the same place that are looked at."""
_SHORTEST = timedelta(minutes=1)
Span = tuple[datetime, datetime]


class Overlaps:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def of(self, caller: Caller, event: Record) -> list[str]:
        """Returns the ids of at most MAX_OVERLAPS events of the event's department that meet it at its place.

        Of a series its occurrences of the next three months count. Only what has a start and isn't cancelled
        can meet another.
        """
        place, own_id = _place(event), event.get("series_id", event["id"])
        if not place or not _takes_place(event):
            return []
        replica = self._gateway.replica(caller, event["department_id"])
        with replica.lock():
            others = [one for one in replica.records.values() if _place(one) == place and one["id"] != own_id]
        wanted = list(_spans(event, event["event_date"], moved(event["event_date"], DAYS_AFTER)))
        if not wanted:
            return []
        first, last = event["event_date"], max(event["event_date"], moved(event["event_date"], DAYS_AFTER))
        found = [
            one_id for one_id, span in _all_spans(others, moved(first, -1), last) if _meets(span, wanted)
        ]
        return list(dict.fromkeys(found))[:MAX_OVERLAPS]


def _place(event: Record) -> str:
    return str(event.get("location", "")).casefold()


def _takes_place(event: Record) -> bool:
    return event.get("status") != "cancelled" and event.get("busy", True) is not False


def _all_spans(others: Iterable[Record], first: str, last: str) -> Iterator[tuple[str, Span]]:
    series = 0
    for event in others:
        series += is_series(event)
        if series > MAX_SERIES and is_series(event):
            continue
        for one in _single(event, first, last):
            if _takes_place(one) and (span := span_of(one)) is not None:
                yield one["id"], span


def _spans(event: Record, first: str, last: str) -> Iterator[Span]:
    for one in _single(event, first, last):
        if (span := span_of(one)) is not None:
            yield span


def _single(event: Record, first: str, last: str) -> Iterable[Record]:
    return occurrences(event, first, last) if is_series(event) else [event]


def _meets(span: Span, wanted: list[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in wanted)


def span_of(event: Record) -> Span | None:
    """Returns the moments at which an event begins and ends; None for one without times.

    One without an end takes a minute.
    """
    if "start_time" not in event:
        return None
    zone = zone_of(event["time_zone"])
    start = datetime.fromisoformat(f"{event['event_date']}T{event['start_time']}").replace(tzinfo=zone)
    if "end_time" not in event:
        return start.astimezone(UTC), start.astimezone(UTC) + _SHORTEST
    last = last_date(event)
    if "end_date" not in event and event["end_time"] <= event["start_time"]:
        last = moved(last, 1)
    end = datetime.fromisoformat(f"{last}T{event['end_time']}").replace(tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)
