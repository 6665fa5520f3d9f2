"""Days off in South Korea, and an installation's own: founding days, bridge days, temporary holidays. Pure.

Public holidays come from the package `holidays`, by the Public Holidays Act (공휴일에 관한 법률) and the
cabinet's decisions: 1948 to 2100, later lunar dates estimated.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic_core import PydanticCustomError

from teamcal.domain.text_rules import one_line
from teamcal.errors import FieldProblem, InvalidInput

PUBLIC, SUBSTITUTE, TEMPORARY, OWN = "public", "substitute", "temporary", "own"
MAX_OWN = 500
"""Own days of a list, of the file as of the stored one."""
MAX_FILE_BYTES = 256 * 1024
_LEAP_YEAR = 2000
_name = one_line(100, required=True)


class Holiday(NamedTuple):
    """`date`: YYYY-MM-DD. `name`: Korean; own ones have the same as `name_en`. `kind`: one of the above."""

    date: str
    name: str
    name_en: str
    kind: str


class OwnDay(NamedTuple):
    """A day of the installation's file; of every year if `year` is None."""

    year: int | None
    month: int
    day: int
    name: str


def holidays_between(
    first: date, last: date, own_days: Iterable[OwnDay] = (), stored: Mapping[str, str] | None = None
) -> list[Holiday]:
    """Returns the holidays from `first` to `last` inclusive, by date; a public one before own ones.

    Public holidays of one date are one, with both names; names that the installation gave are one each.
    `stored`: names by date. The caller bounds the time between the two dates.
    """
    holidays = [day for year in range(first.year, last.year + 1) for day in _public_of(year)]
    own = {(day, name): None for name, day in _dates_of(own_days, first, last)}
    own |= dict.fromkeys((stored or {}).items())
    holidays += [Holiday(day, name, name, OWN) for day, name in own]
    start, end = first.isoformat(), last.isoformat()
    within = [holiday for holiday in holidays if start <= holiday.date <= end]
    return sorted(within, key=lambda holiday: (holiday.date, holiday.kind == OWN))


def _dates_of(own_days: Iterable[OwnDay], first: date, last: date) -> Iterator[tuple[str, str]]:
    for own in own_days:
        for year in range(first.year, last.year + 1) if own.year is None else (own.year,):
            with suppress(ValueError):  # 29 February
                yield own.name, date(year, own.month, own.day).isoformat()


# Public holidays


@lru_cache(maxsize=200)  # more than there are years with holidays
def _public_of(year: int) -> tuple[Holiday, ...]:
    # The package takes 11 MB and 0.2 s, which a server needs only when somebody asks.
    from holidays import country_holidays

    korean, english = (
        country_holidays("KR", years=year, expand=False, language=language) for language in ("ko", "en_US")
    )
    temporary = _temporary_of(korean, year)
    return tuple(
        Holiday(
            day.isoformat(),
            ", ".join(map(_usual_name, korean.get_list(day))),
            ", ".join(english.get_list(day)),
            TEMPORARY if (day.month, day.day) in temporary else _kind_of(korean.get_list(day)),
        )
        for day in sorted(korean)
    )


_SUBSTITUTE = "대체 휴일"


def _usual_name(name: str) -> str:
    """Returns the name as Korean calendars print it; the package's is another one in two cases."""
    return "신정" if name == "신정연휴" else name.replace(_SUBSTITUTE, "대체공휴일")


def _kind_of(names: Iterable[str]) -> str:
    return SUBSTITUTE if all(_SUBSTITUTE in name for name in names) else PUBLIC


def _temporary_of(calendar: Any, year: int) -> set[tuple[int, int]]:
    """Returns (month, day) of the year's holidays that no law but a decision of the cabinet made."""
    special = calendar.special_public_holidays.get(year, ())
    return {day[:2] for day in (special if special and isinstance(special[0], tuple) else (special,)) if day}


# The installation's own


def holiday_name_from(body: Mapping[str, Any]) -> str:
    """Returns the field `name` of a request's body: one line of at most 100 characters.

    Raises InvalidInput.
    """
    if "name" not in body:
        raise InvalidInput([FieldProblem("name", "required")])
    try:
        return _name(body["name"])
    except PydanticCustomError as error:
        raise InvalidInput([FieldProblem("name", error.type, dict(error.context or {}))]) from None


_LINE = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})[ \t]+(\S.*)")
ALLOWED_LINES = "YYYY-MM-DD name, MM-DD name (every year), # comment"


class BrokenList(ValueError):
    """The file of own days can't be read. Its text says where, and why."""


def own_days_from(content: bytes) -> tuple[OwnDay, ...]:
    """Returns the days of a file: UTF-8, with or without a byte order mark, or CP949; see ALLOWED_LINES.

    Raises BrokenList: nothing of a file with an error is used.
    """
    if len(content) > MAX_FILE_BYTES:
        raise BrokenList(f"has more than {MAX_FILE_BYTES:,} bytes")
    days = []
    for number, line in enumerate(re.split("\r\n|\r|\n", _text_of(content)), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            days.append(_own_day_of(number, line))
    if len(days) > MAX_OWN:
        raise BrokenList(f"has more than {MAX_OWN} days")
    return tuple(days)


def _text_of(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp949"):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise BrokenList("is neither UTF-8 nor CP949")


def _own_day_of(number: int, line: str) -> OwnDay:
    match = _LINE.fullmatch(line.strip())
    try:
        if match is None:
            raise ValueError
        year, month, day = int(match[1]) if match[1] else None, int(match[2]), int(match[3])
        date(_LEAP_YEAR if year is None else year, month, day)
        return OwnDay(year, month, day, _name(match[4]))
    except (ValueError, PydanticCustomError):
        raise BrokenList(f"line {number} ({number}번째 줄) must be one of: {ALLOWED_LINES}") from None
