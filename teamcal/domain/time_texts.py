"""The free text `time` of an event: which times it means, and the text that old clients see instead of times.

A text is understood as a whole or not at all. Where two readings are possible it stays a text, since a
reminder at a wrong hour is worse than none.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

_LONGEST_TEXT = 50  # the limit of the field, in NFC
TEXTS_KEPT = 1_024
"""Texts whose times are remembered, of at most 200 characters: an office writes the same few."""
_HOUR, _NOON, _DAY = 60, 12 * 60, 24 * 60  # minutes
_LONGEST_NIGHT = 16 * _HOUR  # of a text that doesn't say "the next day"; a night on duty is 17:00~09:00
_EVENING = 17 * _HOUR


class Times(NamedTuple):
    """Local times "HH:MM". `start` None means all day. `end` ≤ `start` is on the next day."""

    start: str | None
    end: str | None


def times_from(text: str) -> Times | None:
    """Returns the times that the text means; None if it stays a text.

    Hours 1–6 without a half of the day and without a leading zero are understood only beside another time
    that settles the half: `오후 2시~4시`, `2:00~4:00 PM`, `22시~2시`.
    """
    # A syllable of decomposed Hangul has up to three characters.
    return _times_in(text) if len(text) <= 4 * _LONGEST_TEXT else None


@lru_cache(TEXTS_KEPT)
def _times_in(text: str) -> Times | None:
    plain = _plain(text)
    for pattern, read in _FORMS:
        if match := pattern.fullmatch(plain):
            return read(match)
    return None


def text_of(event_date: str, start: str | None, end: str | None, end_date: str | None) -> str:
    """Returns the times as a Korean text of at most 50 characters, "" for all of one day.

    `오후 2:00~4:00`, `오후 10:00~오전 2:00`, `종일 (~11/11)`, `오후 2:00 (~11/11 오후 4:00)`. Dates are
    "YYYY-MM-DD", times "HH:MM" or None; `end_date` is the last day, None as in the event's record.
    """
    first = date.fromisoformat(event_date)
    is_next_day = start is not None and end is not None and end <= start
    last = date.fromisoformat(end_date) if end_date else first
    if last > first + timedelta(days=is_next_day):
        year = f"{last.year:04}/" if last.year != first.year else ""
        clock = f" {_shown(end)}" if start and end else ""
        return f"{_shown(start) if start else '종일'} (~{year}{last.month}/{last.day}{clock})"
    if start is None:
        return ""
    return _shown(start) + (f"~{_shown_end(start, end)}" if end else "")


def _shown(time: str) -> str:
    hour, minute = int(time[:2]), time[3:5]
    return f"{'오후' if hour >= 12 else '오전'} {hour % 12 or 12}:{minute}"


def _shown_end(start: str, end: str) -> str:
    """Returns the end as `times_from` reads it after this start."""
    half, clock = _shown(end).split()
    if start < end:
        return clock if _shown(start).startswith(half) else f"{half} {clock}"
    first, last = (int(time[:2]) * _HOUR + int(time[3:5]) for time in (start, end))
    return f"{half} {clock}" if _after(first, last) else f"다음 날 {half} {clock}"


# Full-width ASCII, and the tildes, dashes and colons that Korean keyboards and word processors write. This
# isn't NFKC, which would also make 1 of ① and of ¹.
_NOTATION: dict[int, int | str] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_NOTATION |= dict.fromkeys(map(ord, "∼〜˜"), "~") | dict.fromkeys(map(ord, "‐‑‒–—―−ㅡ"), "-")
_NOTATION |= {ord("∶"): ":", ord("㏂"): "am", ord("㏘"): "pm"}


def _plain(text: str) -> str:
    """Returns the text in lower case with single blanks; "" if it is too long for the field."""
    text = " ".join(unicodedata.normalize("NFC", text).translate(_NOTATION).lower().split())
    return text if len(text) <= _LONGEST_TEXT else ""


_LATIN_HALF = r"[ap](?:\. ?)?m(?![a-z])\.?"
_NUMERALS = ("한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두")
_CLOCK = (  # "@" becomes "_a" or "_b"
    rf"(?:(?:(?P<lead@>오전|오후|새벽|아침|점심|낮|저녁|밤|{_LATIN_HALF}) ?)?"
    rf"(?P<hour@>[0-9]{{1,2}}|{'|'.join(reversed(_NUMERALS))})"
    r"(?: ?: ?(?P<colon@>[0-9]{2})(?::00)?"
    r"|(?P<si@> ?시)(?: ?(?P<minute@>[0-9]{1,2}) ?분|(?P<minutes@>[0-9]{2})| ?(?P<half@>반))?)?"
    rf"(?: ?(?P<trail@>오전|오후|{_LATIN_HALF}))?"
    r"|(?P<word@>정오|자정))(?: ?정각)?"
)
_A, _B = _CLOCK.replace("@", "_a"), _CLOCK.replace("@", "_b")
_DURATION = (
    r"(?:(?P<hours>[0-9]{1,2})(?P<tenths>\.5)? ?(?:시간|hours?|hrs?|h)"
    r"(?: ?(?P<and_half>반)| ?(?P<and_minutes>[0-9]{1,2}) ?(?:분|min|m))?"
    r"|(?P<only_minutes>[0-9]{1,3}) ?(?:분|mins?|minutes))"
)
_TO = r"(?: ?(?:부터|에서)? ?[~-] ?| ?(?:부터|에서) ?| to )"
_NEXT_DAY = r"(?P<next_day>(?:다음 ?날|익일) ?)?"
_UNTIL_DAY = r" ?\(~ ?(?:[0-9]{4}/)?(?:1[0-2]|[1-9])/(?:3[01]|[12][0-9]|[1-9])"

_AM = {12: 0} | {hour: hour for hour in range(12)}
# 오후 14:00 and 14:00 PM are meant as they stand. 오후 0시 is left out: some mean noon, others are mistaken.
_PM = {12: 12} | {hour: hour + 12 for hour in range(1, 12)} | {hour: hour for hour in range(13, 24)}


def _hours(first: int, last: int) -> dict[int, int]:
    """Returns the hours of the day first..last by what a 12-hour and a 24-hour clock show for them."""
    hours = range(first, last + 1)
    return {hour % 12 or 12: hour for hour in hours} | {hour: hour for hour in hours if hour < 24}


_HALVES = {
    **{"오전": _AM, "오후": _PM, "am": _AM, "pm": _PM, "새벽": _hours(0, 7), "아침": _hours(4, 11)},
    **{"점심": _hours(11, 14), "낮": _hours(10, 17), "저녁": _hours(16, 23), "정오": {12: 12}},
    # Midnight and what comes after it at night belong to the next day: hours from 24 on.
    **{"밤": _hours(18, 27), "자정": {12: 24}},
}
"""By word for a part of the day: what the clock shows → the hour of the day."""


class _Clock(NamedTuple):
    """What is written. `half`: a key of _HALVES or "". `form`: "colon", "시", or "" for a bare number.

    `is_padded`: with a leading zero.
    """

    half: str
    is_trailing: bool
    hour: int
    minute: int
    is_padded: bool
    form: str

    @property
    def minutes(self) -> int:
        return self.hour * _HOUR + self.minute

    @property
    def is_whole(self) -> bool:
        """Whether it is a time of day without the help of another; 2pm is, 오후 2 and 2 aren't."""
        return bool(self.form) or (self.is_trailing and self.half in ("am", "pm"))


def _clock(match: re.Match[str], which: str) -> _Clock | None:
    """Returns the clock `which` ("_a", "_b") of a match; None if no clock shows that."""
    if word := match["word" + which]:
        return _Clock(word, False, 12, 0, False, "시")
    lead, trail, written = (match[name + which] for name in ("lead", "trail", "hour"))
    colon, si = match["colon" + which], match["si" + which]
    minute = int(colon or match["minute" + which] or match["minutes" + which] or 0)
    if (lead and trail) or minute > 59 or (written in _NUMERALS and not si):
        return None
    hour = _NUMERALS.index(written) + 1 if written in _NUMERALS else int(written)
    form = "colon" if colon else "시" if si else ""
    half = re.sub("[. ]", "", lead or trail or "")  # a.m.
    minute = 30 if match["half" + which] else minute
    return _Clock(half, bool(trail), hour, minute, written[0] == "0", form)


def _marked(clock: _Clock) -> int | None:
    """Returns the minute of the day of a clock with a half; 1440 and more are on the next day."""
    hour = _HALVES[clock.half].get(clock.hour)
    if hour is None or (clock.half == "오전" and clock.hour == 12 and clock.form == "시"):
        return None  # some write 오전 12시 for noon
    return hour * _HOUR + clock.minute


def _unmarked(clock: _Clock) -> int | None:
    """Returns the minute of the day of a clock that no half of the day stands at."""
    if clock.minutes > _DAY or (1 <= clock.hour <= 6 and not clock.is_padded):
        return None
    return clock.minutes


def _alone(clock: _Clock | None) -> int | None:
    """Returns the minute of the day of a time that begins on it.

    24:00, 자정 and 밤 1시 don't: whether the night before or after this day is meant, nobody knows.
    """
    if clock is None or not clock.is_whole:
        return None
    minutes = _marked(clock) if clock.half else _unmarked(clock)
    return minutes if minutes is not None and minutes < _DAY else None


def _after(start: int, end: int) -> int | None:
    """Returns `end` on the day of `start` or in the night after it; None if the texts don't say so."""
    if end > start:
        return end
    is_night = end < _NOON <= start and end + _DAY - start <= _LONGEST_NIGHT
    return end + _DAY if is_night else None


def _span(start: _Clock, end: _Clock) -> tuple[int, int] | None:
    """Returns the minutes of the day of both; the end's are 1440 and more on the next day."""
    if not _are_alike(start, end):
        return None
    if start.half:
        first = _marked(start)
        last = None if first is None else _end_of_marked(start, first, end)
    elif end.half:
        last = _marked(end)
        first = None if last is None else _start_of_marked(start, end, last)
        last = None if first is None or last is None else _after(first, last)
    else:
        first = _unmarked(start)
        last = None if first is None else _end_of_unmarked(start, first, end)
    if first is None or last is None or first >= _DAY:
        return None
    return (first, last) if last - first <= (_DAY if last <= _DAY else _LONGEST_NIGHT) else None


def _are_alike(start: _Clock, end: _Clock) -> bool:
    """Whether bare numbers are hours because of what stands at the other: 10~11시, 2-4pm, 오전 9~오후 6."""
    if end.is_whole:
        return start.is_whole or end.form == "시" or end.is_trailing
    halves = ({"오전", "오후"}, {"am", "pm"})
    return not start.is_whole and any({start.half, end.half} <= pair for pair in halves)


def _end_of_marked(start: _Clock, first: int, end: _Clock) -> int | None:
    """Returns the end after a start with a half; without one of its own it is the clock's next such time."""
    if end.half:
        last = _marked(end)
        return None if last is None else _after(first, last)
    if end.hour == 0 or end.hour > 12:
        return _after(first, end.minutes) if end.minutes <= _DAY else None
    # 오후 2:00~09:00: who pads the one and not the other changes the clock.
    if start.hour > 12 or (end.is_padded and start.hour < 10 and not start.is_padded):
        return None
    last = first + ((end.minutes - first) % _NOON or _NOON)
    if last // _NOON == first // _NOON:
        return last
    longest = 6 if first >= _NOON else 10 if first >= 6 * _HOUR else 0  # 오후 8시~2시, 오전 9시~6시
    return last if last - first <= longest * _HOUR else None


def _start_of_marked(start: _Clock, end: _Clock, last: int) -> int | None:
    """Returns the start before an end with a half, `last`, if only one half of the day fits the start."""
    if start.hour in (0, *range(13, 24)):
        return start.minutes
    if start.hour > 23 or last >= _DAY:
        return start.minutes if start.hour < 13 and start.is_padded else None
    morning = start.hour % 12 * _HOUR + start.minute
    evening = morning + _NOON
    if end.is_trailing:
        return _start_of_trailing(start, morning, evening, last)
    if start.hour in range(7, 12):
        return morning if morning < last <= evening else None  # not 7시~오후 9시
    if last >= _NOON and not start.is_padded and evening < last:
        has_half = end.half in ("오후", "pm", "낮", "점심") or start.hour == 12
        return evening if has_half else None  # 6시~밤 10시
    return morning if start.is_padded and morning < last < _NOON else None


def _start_of_trailing(start: _Clock, morning: int, evening: int, last: int) -> int | None:
    """Returns the start in 2:00~4:00 PM, 10:00-1:00 PM or 10:00-11:00 AM."""
    if last < _NOON:
        return morning if morning < last and start.hour != 12 else None
    if evening < last:
        return None if start.is_padded and start.hour >= 7 else evening  # not 08:00~10:00 PM
    return morning if start.hour in range(7, 12) else None


def _end_of_unmarked(start: _Clock, first: int, end: _Clock) -> int | None:
    """Returns the end where neither has a half, as on a 24-hour clock, if a 12-hour clock gives no other."""
    last = end.minutes
    if end.hour >= 13:
        return last if first < last <= _DAY else None
    if end.hour == 0:
        return last if last > first else last + _DAY if first >= 13 * _HOUR else None
    if last > first:
        return last if end.is_padded or end.hour >= 7 or start.hour == 0 else None
    # Into the night: 18:00~09:00, 22시~2시, but not 18시~9시.
    is_clear = end.hour != 12 and (end.is_padded or last + _NOON <= first)
    is_night = first >= _EVENING and last + _DAY - first <= _LONGEST_NIGHT
    return last + _DAY if is_clear and is_night else None


def _next_day_span(start: _Clock, end: _Clock) -> tuple[int, int] | None:
    """Returns the minutes of both where the text says that the end is on the next day."""
    first, last = _alone(start), _alone(end)
    if first is not None and first >= _EVENING and not end.half and end.is_whole and end.hour < 12:
        last = end.minutes  # 22:00~익일 2:00
    # Not 8시~익일 7시 nor 22시~익일 12시: each has another reading.
    is_clear = start.half or start.is_padded or start.hour not in range(1, 13)
    if first is None or last is None or last > first or not is_clear or (end.hour == 12 and not end.half):
        return None
    return first, last + _DAY


def _time(minutes: int) -> str:
    return f"{minutes // _HOUR % 24:02}:{minutes % _HOUR:02}"


def _single(match: re.Match[str]) -> Times | None:
    start = _alone(_clock(match, "_a"))
    return None if start is None else Times(_time(start), None)


def _several_days(match: re.Match[str]) -> Times | None:
    start, end = _alone(_clock(match, "_a")), _alone(_clock(match, "_b"))
    return None if start is None or end is None else Times(_time(start), _time(end))


def _range(match: re.Match[str]) -> Times | None:
    start, end = _clock(match, "_a"), _clock(match, "_b")
    if start is None or end is None:
        return None
    span = _next_day_span(start, end) if match["next_day"] else _span(start, end)
    if span is None or (match["duration"] and span[1] - span[0] != _duration(match)):
        return None
    return Times(_time(span[0]), _time(span[1]))


def _lasting(match: re.Match[str]) -> Times | None:
    clock, duration = _clock(match, "_a"), _duration(match)
    start = _alone(clock)
    if clock is None or start is None or not 0 < duration <= _DAY:
        return None
    # 오후 2시 30분간 is a duration or a time.
    is_loose = match["from"] in (" ", ", ") and match["only_minutes"]
    if ("(" in match["from"]) != match[0].endswith(")") or (is_loose and clock.form != "colon"):
        return None
    return Times(_time(start), _time(start + duration))


def _duration(match: re.Match[str]) -> int:
    """Returns the minutes of a duration."""
    if match["only_minutes"]:
        return int(match["only_minutes"])
    half = 30 if match["tenths"] or match["and_half"] else 0
    return int(match["hours"]) * _HOUR + half + int(match["and_minutes"] or 0)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Times | None]], ...] = (
    (re.compile(rf"{_A}(?:에| ?부터(?: 시작)?| ?시작| ?~|{_UNTIL_DAY}\))?"), _single),
    (re.compile(rf"{_A}{_TO}{_NEXT_DAY}{_B}(?: ?까지)?(?P<duration> ?\( ?{_DURATION} ?\))?"), _range),
    (re.compile(rf"{_A}(?P<from> ?\( ?| ?부터 ?|,? ){_DURATION}(?: ?\)| ?동안|간)?"), _lasting),
    (re.compile(rf"{_A}{_UNTIL_DAY} {_B}\)"), _several_days),
    (re.compile(rf"(?:하루 ?|온)?종일|종일{_UNTIL_DAY}\)|all[ -]?day"), lambda _: Times(None, None)),
)
