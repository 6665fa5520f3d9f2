"""Fields of an event that aren't times, from the lines of a VEVENT."""

import re
import unicodedata
from collections.abc import Iterable

from teamcal.domain.text_rules import is_web_address
from teamcal.domain.values import Record
from teamcal.domain.visible_text import trimmed
from teamcal.ical.colors import color_of
from teamcal.ical.content_lines import Component, unescaped, unescaped_list
from teamcal.ical.notes import Notes
from teamcal.ical.values import Duration, duration_from

UNTITLED = "(제목 없음)"
MOST_REMINDERS = 5
MOST_MINUTES = 40_320

# What an event's texts must not hold, see teamcal/domain/fields.py.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")
_STATUS = {"TENTATIVE": "tentative", "CANCELLED": "cancelled"}


def text_fields(component: Component, notes: Notes, title: str = "") -> Record:
    """Returns the fields that the component has. `title`: what it is called if it has no SUMMARY."""
    fields: Record = {"title": _one_line(component, "SUMMARY", "title", 200, notes) or title}
    if not fields["title"]:
        notes.warn("title_missing")
        fields["title"] = UNTITLED
    values = {
        "description": _description(component, notes),
        "location": _one_line(component, "LOCATION", "location", 200, notes),
        "time": _one_line(component, "X-TEAMCAL-TIME", "time", 50, notes),
        "url": _url(component, notes),
        "categories": _list(component, "CATEGORIES", "categories", (10, 50), notes),
        "people": _list(component, "X-TEAMCAL-PEOPLE", "people", (20, 100), notes),
        "color": _color(component),
        "status": _STATUS.get(_value(component, "STATUS").upper(), ""),
    }
    fields.update({name: value for name, value in values.items() if value})
    if _value(component, "TRANSP").upper() == "TRANSPARENT":
        fields["busy"] = False
    if _value(component, "CLASS").upper() in ("PRIVATE", "CONFIDENTIAL"):
        notes.lossy("private")
    return fields


def reminders(component: Component, notes: Notes) -> list[int]:
    """Returns the minutes before the start of the alarms that are no more than that."""
    minutes: list[int] = []
    for alarm in component.children():
        before = minutes_before(alarm)
        if before is None or len(minutes) == MOST_REMINDERS:
            notes.says_more = True
        elif before not in minutes:
            minutes.append(before)
    return minutes


def minutes_before(alarm: Component) -> int | None:
    """Returns what an alarm is as a reminder; None if it says anything else."""
    trigger = alarm.line("TRIGGER")
    others = {line.name for line in alarm.lines()} - {"ACTION", "TRIGGER", "DESCRIPTION"}
    if alarm.kind != "VALARM" or not trigger or others or alarm.children():
        return None
    related = trigger.parameter("RELATED") or "START"
    if related.upper() != "START" or _value(alarm, "ACTION").upper() not in ("DISPLAY", "AUDIO"):
        return None
    days, seconds = duration_from(trigger.value) or Duration(1, 0)
    before = -(days * 86_400 + seconds)
    return before // 60 if before % 60 == 0 and 0 <= before <= MOST_MINUTES * 60 else None


def _value(component: Component, name: str) -> str:
    line = component.line(name)
    return line.value.strip() if line else ""


def _one_line(component: Component, name: str, field: str, limit: int, notes: Notes) -> str:
    # Escapes at most double a text; what is longer is cut anyway.
    raw = _value(component, name)
    return _fitting(unescaped(raw[: 4 * limit]), field, limit, notes, cut=len(raw) > 4 * limit)


def _fitting(text: str, field: str, limit: int, notes: Notes, *, cut: bool = False) -> str:
    """Returns one trimmed line in NFC of at most `limit` characters."""
    text = trimmed(_LINE_BREAK.sub(" ", _clean(text, field, notes)))
    if len(text) > limit or (cut and text):
        notes.lossy("text_cut", field)
        return text[:limit].rstrip()
    return text


def _clean(text: str, field: str, notes: Notes) -> str:
    cleaned = _REFUSED.sub("", text)
    if cleaned != text:
        notes.lossy("characters_removed", field)
    return cleaned if cleaned.isascii() else unicodedata.normalize("NFC", cleaned)


def _description(component: Component, notes: Notes) -> str:
    limit = 10_000
    raw = _value(component, "DESCRIPTION")
    text = _clean(unescaped(raw[: 4 * limit]), "description", notes)
    if len(text) > limit or len(raw) > 4 * limit:
        notes.lossy("text_cut", "description")
    return text[:limit]


def _list(component: Component, name: str, field: str, limits: tuple[int, int], notes: Notes) -> list[str]:
    """Returns the values of all lines, each once. `limits`: of values, and of their characters."""
    most, longest = limits
    items: list[str] = []
    for line in component.lines(name)[: 2 * most]:
        for value in unescaped_list(line.value[: 4 * most * longest]):
            item = _fitting(value, field, longest, notes)
            if item and item not in items:
                items.append(item)
    if len(items) > most or len(component.lines(name)) > 2 * most:
        notes.lossy("categories_dropped" if field == "categories" else "text_cut", field)
    return items[:most]


def _url(component: Component, notes: Notes) -> str:
    url = _value(component, "URL")
    if url and (len(url) > 2048 or _REFUSED.search(url) or not is_web_address(url)):
        notes.lossy("url_dropped")
        return ""
    return url


def _color(component: Component) -> str:
    lines: Iterable[str] = (_value(component, name) for name in ("X-TEAMCAL-COLOR", "COLOR"))
    return next((color for text in lines if (color := color_of(text))), "")
