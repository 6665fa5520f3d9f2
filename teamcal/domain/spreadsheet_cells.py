"""What a cell of a spreadsheet's table says: text that no program computes, dates, times and lists. Pure."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date
from typing import Any

import orjson

# Formulas

_FORMULA = "=+\\-@＝＋－＠"
"""What formulas begin with; Excel with an East Asian language also reads the wide forms."""
_FILL = "[ \u00a0\u3000']*"
"""What a program may skip before it, and guards."""
_AT_START = rf"(?={_FILL}[{_FORMULA}\t\r\n])"
# A program that splits at another separator, or doesn't know the quotes, begins a cell within the text.
_AFTER_SEPARATOR = r'(?<=[,;|\t\r\n"])'
_INSIDE = rf"(?={_FILL}[{_FORMULA}])"
_UNGUARDED = re.compile(rf"\A{_AT_START}|{_AFTER_SEPARATOR}{_INSIDE}")
_GUARDED = re.compile(rf"\A'{_AT_START}|{_AFTER_SEPARATOR}'{_INSIDE}")


def guarded(text: str) -> str:
    """Returns the text with an apostrophe wherever a spreadsheet would begin to compute.

    At its start before = + - @, a tab or a line break, and inside it before = + - @ after a separator, a
    quote or a line break. A text that has such apostrophes gets one more, so `unguarded` restores any text.
    """
    return _UNGUARDED.sub("'", text)


def unguarded(text: str) -> str:
    return _GUARDED.sub("", text)


# Dates and times

_LONGEST_DATE = 50
_YEAR_FIRST = re.compile(
    r"([0-9]{4})\s*[-./년]\s*([0-9]{1,2})\s*[-./월]\s*([0-9]{1,2})\s*[.일]?"
    r"(?:\s*\(?[월화수목금토일](?:요일)?\)?)?(?:\s+0?0:00(?::00)?)?"
)
_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-./]([0-9]{1,2})[-./]([0-9]{4})(?:\s+0?0:00(?::00)?)?")
_CLOCK = re.compile(
    r"(오전|오후|AM|PM)?\s*([0-9]{1,2}):([0-9]{2})(?::00)?\s*(AM|PM)?", re.IGNORECASE | re.ASCII
)


def date_from(cell: str) -> str:
    """Returns a date as `YYYY-MM-DD`; the text as it is if it is none, or could be two.

    2026-11-26, 2026. 11. 26., 2026/11/26, 2026년 11월 26일, 20261126; 11/26/2026 and 26/11/2026, but not
    11/12/2026.
    """
    text = cell.strip()
    if len(text) > _LONGEST_DATE:
        return text
    if match := _YEAR_FIRST.fullmatch(text) or _DIGITS.fullmatch(text):
        dates = _real_dates([(match[1], match[2], match[3])])
    elif match := _YEAR_LAST.fullmatch(text):
        dates = _real_dates([(match[3], match[1], match[2]), (match[3], match[2], match[1])])
    else:
        return text
    return dates.pop() if len(dates) == 1 else text


def _real_dates(candidates: Iterable[tuple[str, str, str]]) -> set[str]:
    dates = set()
    for year, month, day in candidates:
        with suppress(ValueError):
            dates.add(date(int(year), int(month), int(day)).isoformat())
    return dates


def _clock_from(cell: str) -> str:
    """Returns a time as `HH:MM` of 9:00, 09:00:00, 오후 2:30 and 2:30 PM; any other text as it is."""
    text = cell.strip()
    match = _CLOCK.fullmatch(text) if len(text) <= _LONGEST_DATE else None
    if match is None or (match[1] and match[4]):
        return text
    half, hour, minute = (match[1] or match[4] or "").lower(), int(match[2]), match[3]
    if half:
        if not 1 <= hour <= 12:
            return text
        hour = hour % 12 + (12 if half in ("오후", "pm") else 0)
    return f"{hour:02}:{minute}" if hour < 24 and minute < "60" else text


# Lists

_LINE_END = re.compile("\r\n|[\r\n]")
_SEPARATOR = re.compile("[,;、，]")


def list_text(items: Iterable[Any]) -> str:
    """Returns the items with commas between them; if one has a comma itself, each on a line that ends."""
    texts = [str(item) for item in items]
    if any(map(_SEPARATOR.search, texts)):
        return "".join(f"{text}\n" for text in texts)
    return ", ".join(texts)


def _list_from(cell: str) -> list[str]:
    split = _LINE_END if _LINE_END.search(cell) else _SEPARATOR
    return [item for part in split.split(cell) if (item := part.strip())]


def _numbers_from(cell: str) -> list[int | str]:
    """Returns a list of numbers; what is none stays a text, for the field's rule to refuse."""
    return [int(item) if re.fullmatch("[0-9]{1,9}", item) else item for item in _list_from(cell)]


# Words

_NO = frozenset({"아니요", "아니오", "no", "n", "false", "0", "free", "한가함"})
_YES = frozenset({"예", "네", "yes", "y", "true", "1", "busy", "바쁨", "종일"})
STATUS_NAMES = {"tentative": "미정", "cancelled": "취소"}
_STATUSES = {name: status for status, name in STATUS_NAMES.items()} | {
    "canceled": "cancelled", "confirmed": "", "확정": "",
}  # fmt: skip
FREE = "아니요"


def is_yes(cell: str) -> bool:
    return cell.strip().casefold() in _YES


def _busy_from(cell: str) -> bool | str:
    """Returns False for free, "" (absent) for busy; any other text as it is."""
    word = cell.strip().casefold()
    return False if word in _NO else "" if word in _YES else cell


def _status_from(cell: str) -> str:
    word = cell.strip().casefold()
    return _STATUSES.get(word, word)


def _object_from(cell: str) -> Any:
    """Returns the JSON in the cell; the text as it is if it is none, or too deep to be written again."""
    try:
        value = orjson.loads(cell)
        orjson.dumps(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return cell
    return value


def _as_it_is(cell: str) -> str:
    return cell


VALUES_FROM: dict[str, Callable[[str], Any]] = {
    "event_date": date_from,
    "end_date": date_from,
    "start_time": _clock_from,
    "end_time": _clock_from,
    "description": _as_it_is,
    "categories": _list_from,
    "people": _list_from,
    "exceptions": _object_from,
    "status": _status_from,
    "busy": _busy_from,
    "reminders": _numbers_from,
}
"""Field → its value of a cell's text; of the other fields it is the text without blanks around it."""
