"""The properties of a VEVENT that fields of an event become: for new components and for changed lines."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from teamcal.domain.recurrence import days, rule_of
from teamcal.domain.values import Record
from teamcal.ical.colors import color_name
from teamcal.ical.content_lines import escaped
from teamcal.ical.occurrences import end_day, shifted
from teamcal.ical.values import date_text, moment_text, stamp_text, utc_text

# No TEXT may hold them (RFC 5545 §3.3.11); records of older versions could.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NEVER = "19700101T000000Z"


def _text(name: str, value: Any) -> list[str]:
    text = _CONTROLS.sub("", str(value or ""))
    return [f"{name}:{escaped(text)}"] if text else []


def _texts(name: str, values: Any) -> list[str]:
    items = [escaped(_CONTROLS.sub("", str(value))) for value in values or ()]
    return [f"{name}:{','.join(items)}"] if items else []


def _url(fields: Record) -> list[str]:
    url = re.sub(r"[\x00-\x20\x7f]", "", str(fields.get("url") or ""))
    return [f"URL:{url}"] if url else []


def _color(fields: Record) -> list[str]:
    name = color_name(fields.get("color", ""))
    return [f"COLOR:{name}"] if name else []


def _own_color(fields: Record) -> list[str]:
    color = fields.get("color")
    return [f"X-TEAMCAL-COLOR:{color}"] if color and not color_name(color) else []


def _time_text(fields: Record) -> list[str]:
    """A free text; that of an event with a beginning says nothing more than DTSTART and DTEND."""
    return [] if fields.get("start_time") else _text("X-TEAMCAL-TIME", fields.get("time"))


def _own_zone(fields: Record) -> list[str]:
    """Tells an event whose zone is UTC from one whose times another program has converted."""
    return ["X-TEAMCAL-ZONE:UTC"] if fields.get("time_zone") == "UTC" else []


def start(fields: Record) -> list[str]:
    clock = fields.get("start_time")
    return [f"DTSTART{moment_text(fields['event_date'], clock, fields.get('time_zone'))}"]


def end(fields: Record) -> list[str]:
    """DTEND is exclusive: of an event that lasts all day it is the day after its last one."""
    day, clock, zone = end_day(fields), fields.get("end_time"), fields.get("time_zone")
    if fields.get("start_time") and clock:
        return [f"DTEND{moment_text(day, clock, zone)}"]
    has_start = bool(fields.get("start_time"))
    if (has_start and "end_date" not in fields) or day == date.max.isoformat():
        return []
    if has_start:
        # A beginning and a last day: other programs see its midnight, this one reads the parameter.
        return [f"DTEND;X-TEAMCAL-END=DAY{moment_text(shifted(day, 1), '00:00', zone)}"]
    return [f"DTEND{moment_text(shifted(day, 1), None, zone)}"]


def rule(fields: Record) -> list[str]:
    """UNTIL in UTC for an event with a time, as DATE otherwise: the forms that all programs read alike."""
    text = fields.get("recurrence")
    if not text:
        return []
    until = rule_of(text).until
    if until and (clock := fields.get("start_time")):
        moment = utc_text(until.isoformat(), clock, fields["time_zone"])
        text = text.replace(f"UNTIL={date_text(until.isoformat())}", f"UNTIL={moment}")
    return [f"RRULE:{text}"]


def added(fields: Record) -> list[str]:
    """Returns the dates that the rule doesn't give, in order."""
    exceptions = fields.get("exceptions") or {}
    return sorted(day for day, patch in exceptions.items() if patch.get("added"))


def excluded(fields: Record) -> list[str]:
    """Returns the dates without an occurrence, in order.

    Also the first date if the rule doesn't give it: other programs show DTSTART whatever the rule says.
    """
    exceptions = fields.get("exceptions") or {}
    days_excluded = [day for day, patch in exceptions.items() if patch.get("excluded")]
    start = fields["event_date"]
    if fields.get("recurrence") and start not in exceptions and not _gives(fields["recurrence"], start):
        days_excluded.append(start)
    return sorted(days_excluded)


def _gives(text: str, start: str) -> bool:
    first = date.fromisoformat(start)
    return next(days(rule_of(text), first, first, first), None) is not None


DATES: Mapping[str, Callable[[Record], list[str]]] = {"EXDATE": excluded, "RDATE": added}


def date_line(name: str, day: str, fields: Record) -> str:
    """Returns an EXDATE, RDATE or RECURRENCE-ID: the start that the series has or would have on a date."""
    return f"{name}{moment_text(day, fields.get('start_time'), fields.get('time_zone'))}"


def sequence(record: Record) -> int:
    return max(0, int(record.get("sequence") or 0) + int(record.get("version") or 1) - 1)


def stamps(record: Record) -> dict[str, list[str]]:
    """DTSTAMP is the last change's moment, so that the same version gives the same bytes (§3.8.7.2)."""
    modified = stamp_text(record.get("last_modified")) or stamp_text(record.get("created_at")) or _NEVER
    return {
        "DTSTAMP": [f"DTSTAMP:{modified}"],
        "LAST-MODIFIED": [f"LAST-MODIFIED:{modified}"],
        "SEQUENCE": [f"SEQUENCE:{sequence(record)}"],
    }


def created(record: Record) -> list[str]:
    moment = stamp_text(record.get("created_at"))
    return [f"CREATED:{moment}"] if moment else []


PROPERTIES: Mapping[str, Callable[[Record], list[str]]] = {
    "SUMMARY": lambda fields: _text("SUMMARY", fields.get("title")),
    "DESCRIPTION": lambda fields: _text("DESCRIPTION", fields.get("description")),
    "LOCATION": lambda fields: _text("LOCATION", fields.get("location")),
    "URL": _url,
    "CATEGORIES": lambda fields: _texts("CATEGORIES", fields.get("categories")),
    "COLOR": _color,
    "X-TEAMCAL-COLOR": _own_color,
    "STATUS": lambda fields: _text("STATUS", str(fields.get("status") or "").upper()),
    "TRANSP": lambda fields: ["TRANSP:TRANSPARENT"] if fields.get("busy") is False else [],
    "X-TEAMCAL-TIME": _time_text,
    "X-TEAMCAL-ZONE": _own_zone,
    "X-TEAMCAL-PEOPLE": lambda fields: _texts("X-TEAMCAL-PEOPLE", fields.get("people")),
}
"""Property → function of an event's fields that returns its content lines, without folds."""


def alarm(fields: Record, minutes: int) -> list[str]:
    """Returns the VALARM of a reminder, so many minutes before the start (§3.6.6)."""
    description = _text("DESCRIPTION", fields.get("title")) or ["DESCRIPTION:-"]
    return ["BEGIN:VALARM", "ACTION:DISPLAY", *description, f"TRIGGER:-PT{minutes}M", "END:VALARM"]
