"""What setting fields makes of an event. Pure.

Whatever a client sends, `time` says what `start_time` and `end_time` say, the end isn't before the start, and
a series' exceptions fit its rule.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from teamcal.domain.dates import days_between, moved
from teamcal.domain.events import is_series, value_of
from teamcal.domain.series_edit import settle_series
from teamcal.domain.time_texts import text_of, times_from
from teamcal.domain.values import Record
from teamcal.errors import FieldProblem, InvalidInput

LONGEST_DAYS = 3_660
"""From an event's first day to its last."""
_CLOCKS = frozenset({"start_time", "end_time"})
_DAY_MINUTES = 24 * 60


def created(fields: Mapping[str, Any], zone: str) -> Record:
    """Returns the attributes of a new event; the zone is that of its times if `fields` name none.

    Raises InvalidInput where fields don't fit each other.
    """
    return edited({}, fields, zone)


def edited(event: Record, fields: Mapping[str, Any], zone: str) -> Record:
    """Returns the event with `fields` set, and whatever follows from them; `event` itself if nothing changes.

    None takes a field away. A field that is sent as it was changes nothing: clients send whole events back.
    Raises InvalidInput where fields don't fit each other.
    """
    changed = {name for name, value in fields.items() if value != value_of(event, name)}
    if not changed:
        return event
    new = {**event, **{name: fields[name] for name in fields if name in changed}}
    _remove(new, [name for name in changed if fields[name] is None])
    _move_end(event, new, changed)
    if changed & _CLOCKS:
        _keep_duration(event, new, fields)
    elif "time" in changed:
        _read_time(new)
    _settle_zone(new, changed, zone)
    _settle_end(new)
    _settle_text(event, new, changed)
    if is_series(event) or is_series(new):
        settle_series(event, new, changed, zone)
    return event if new == event else new


def with_times_read(event: Record, zone: str) -> Record:
    """Returns the event with the times that its `time` certainly means, as if the text had just been written.

    `event` itself if it has them, or the text tells none.
    """
    text = value_of(event, "time")
    if "start_time" in event or (times := times_from(text)) is None or times.start is None:
        return event
    return edited({**event, "time": ""}, {"time": text}, zone)


def _remove(event: Record, names: Iterable[str]) -> None:
    for name in names:
        event.pop(name, None)


def _move_end(event: Record, new: Record, changed: set[str]) -> None:
    """An event that is moved ends as many days later."""
    if "event_date" in changed and "end_date" not in changed and "end_date" in event:
        new["end_date"] = moved(event["end_date"], days_between(event["event_date"], new["event_date"]))


def _keep_duration(event: Record, new: Record, fields: Mapping[str, Any]) -> None:
    """An event of which only the start is sent ends as much later."""
    if fields.keys() & {"end_time", "end_date"} or "end_time" not in event:
        return
    if "start_time" in new:
        minutes = _minutes(new["start_time"]) + _duration(event)
        days, minutes = divmod(minutes, _DAY_MINUTES)
        new["end_time"] = f"{minutes // 60:02}:{minutes % 60:02}"
        new["end_date"] = moved(new["event_date"], days)


def _duration(event: Record) -> int:
    """Returns the minutes from the start to the end of an event that has both."""
    minutes = _minutes(event["end_time"]) - _minutes(event["start_time"])
    if "end_date" in event:
        return minutes + _DAY_MINUTES * days_between(event["event_date"], event["end_date"])
    return minutes if minutes > 0 else minutes + _DAY_MINUTES


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _read_time(new: Record) -> None:
    """Takes the times from the text; those of a text that can't be read are gone."""
    times = times_from(new["time"])
    _remove(new, ("start_time", "end_time"))
    if times is not None and times.start is not None:
        new["start_time"] = times.start
        if times.end is not None:
            new["end_time"] = times.end


def _settle_zone(new: Record, changed: set[str], zone: str) -> None:
    if "start_time" in new:
        new.setdefault("time_zone", zone)
    elif "end_time" in changed and "end_time" in new:
        raise InvalidInput([FieldProblem("end_time", "needs_start_time")])
    else:
        _remove(new, ("end_time", "time_zone"))


def _settle_end(new: Record) -> None:
    """Takes an `end_date` away that says nothing more. Raises InvalidInput for an end before the start."""
    if "end_date" not in new:
        return
    days = days_between(new["event_date"], new["end_date"])
    is_past_midnight = "end_time" in new and new["end_time"] <= new["start_time"]
    if days < 0 or (days == 0 and is_past_midnight):
        raise InvalidInput([FieldProblem("end_time" if days == 0 else "end_date", "ends_before_start")])
    if days > LONGEST_DAYS:
        raise InvalidInput([FieldProblem("end_date", "too_long_event", {"limit": LONGEST_DAYS})])
    if days == (1 if is_past_midnight else 0):
        del new["end_date"]


def _settle_text(event: Record, new: Record, changed: set[str]) -> None:
    """Writes the times into `time` for clients that know only the text, unless it is a text of the user's."""
    if "time" in changed and not changed & _CLOCKS:
        return
    if "start_time" not in new and times_from(new.get("time", "")) is None:
        is_derived = new.get("time", "") == time_text(event)
        if not is_derived:
            return
    if changed & {*_CLOCKS, "end_date"} or ("event_date" in changed and "end_date" in new):
        new["time"] = time_text(new)


def time_text(event: Record) -> str:
    """Returns the text that stands for the event's times; "" for one day without a time."""
    if "event_date" not in event:
        return ""
    return text_of(event["event_date"], event.get("start_time"), event.get("end_time"), event.get("end_date"))
