"""Cases for the page's own expander of series (web/sync/src/recurrence): what the server's says to them.

`python -m tests.web.recurrence_cases` writes the file that both are held to.
"""

import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from teamcal.domain.event_edit import created
from teamcal.domain.event_fields import EXCEPTION_MARKS
from teamcal.domain.occurrences import occurrence, occurrences, rule_days
from teamcal.domain.recurrence import canonical, days, first_day, last_day
from teamcal.domain.rule_text import RuleRefused, rule_from
from teamcal.errors import InvalidInput

FILE = Path(__file__).with_name("recurrence_cases.json")
MOST_SHOWN = 12
"""Days or occurrences that a case lists of one window."""
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MARKS = {*EXCEPTION_MARKS, "series_version"}

# Rule, first date, start time, zone.
TRICKY: tuple[tuple[str, str, str | None, str | None], ...] = (
    ("FREQ=YEARLY", "2024-02-29", None, None),
    ("FREQ=YEARLY;COUNT=3", "1896-02-29", None, None),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "2024-02-29", None, None),
    ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31", None, None),
    ("FREQ=MONTHLY;BYMONTHDAY=-31", "2026-01-01", None, None),
    ("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-30", None, None),
    ("FREQ=MONTHLY;BYDAY=5MO", "2026-03-30", None, None),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-30", None, None),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-2,40", "2026-01-01", None, None),
    ("FREQ=MONTHLY;BYDAY=2SA,FR", "2026-01-02", None, None),
    ("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", "2026-02-13", None, None),
    ("FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11,12,13,14,15;COUNT=10", "1997-09-10", None, None),
    ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", None, None),
    ("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3,10", "2026-03-29", "02:30", "Europe/Berlin"),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12", None, None),
    ("FREQ=YEARLY;BYWEEKNO=53", "2020-12-31", None, None),
    ("FREQ=YEARLY;BYWEEKNO=1,-1;BYDAY=MO,SU;WKST=SU", "2023-12-31", None, None),
    ("FREQ=YEARLY;BYWEEKNO=1;BYMONTH=12", "2024-12-30", None, None),
    ("FREQ=YEARLY;BYYEARDAY=1,100,200,-1,366", "1997-01-01", None, None),
    ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996-11-05", None, None),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO;COUNT=4", "1997-08-05", None, None),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU;COUNT=4", "1997-08-05", None, None),
    ("FREQ=WEEKLY;BYMONTH=1,12;BYDAY=MO,FR;BYSETPOS=-1", "2025-12-01", None, None),
    ("FREQ=WEEKLY;INTERVAL=52", "2026-01-05", None, None),
    ("FREQ=DAILY;INTERVAL=7", "2026-01-05", None, None),
    ("FREQ=DAILY;INTERVAL=9999", "0001-01-01", None, None),
    ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SA", "2026-01-01", None, None),
    ("FREQ=DAILY;BYMONTHDAY=1,-1;BYSETPOS=2", "2026-01-01", None, None),
    ("FREQ=DAILY;COUNT=10000", "2026-01-01", None, None),
    ("FREQ=DAILY;UNTIL=20260101", "2026-01-01", None, None),
    ("FREQ=DAILY;UNTIL=20251231", "2026-01-01", None, None),
    ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01", None, None),
    ("FREQ=YEARLY;COUNT=9000", "2026-01-01", None, None),
    ("FREQ=DAILY", "9999-12-01", None, None),
    ("FREQ=MONTHLY;BYDAY=SU", "9999-11-07", None, None),
    ("FREQ=WEEKLY;BYDAY=MO,SU;WKST=WE", "0001-01-01", None, None),
    # UNTIL with a time: the last start at or before it, in the event's zone.
    ("FREQ=WEEKLY;UNTIL=20260330T003000Z", "2026-03-02", "02:30", "Europe/Berlin"),
    ("FREQ=DAILY;UNTIL=20260329T003000Z", "2026-03-20", "02:30", "Europe/Berlin"),
    ("FREQ=DAILY;UNTIL=20260329T012959Z", "2026-03-20", "02:30", "Europe/Berlin"),
    ("FREQ=DAILY;UNTIL=20260329T013000Z", "2026-03-20", "02:30", "Europe/Berlin"),
    ("FREQ=DAILY;UNTIL=20261025T003000Z", "2026-10-20", "02:30", "Europe/Berlin"),
    ("FREQ=DAILY;UNTIL=20261025T002959Z", "2026-10-20", "02:30", "Europe/Berlin"),
    ("FREQ=DAILY;UNTIL=20251102T053000Z", "2025-10-28", "01:30", "America/New_York"),
    ("FREQ=DAILY;UNTIL=20251102T052900Z", "2025-10-28", "01:30", "America/New_York"),
    ("FREQ=DAILY;UNTIL=20250405T154500Z", "2025-04-01", "01:45", "Australia/Lord_Howe"),
    ("FREQ=DAILY;UNTIL=20111230T100000Z", "2011-12-25", "12:00", "Pacific/Apia"),
    ("FREQ=DAILY;UNTIL=20111231T080000Z", "2011-12-25", "12:00", "Pacific/Apia"),
    ("FREQ=DAILY;UNTIL=20261231T145959Z", "2026-12-01", "23:59", "Asia/Seoul"),
    ("FREQ=DAILY;UNTIL=20261231T145859Z", "2026-12-01", "23:59", "Asia/Seoul"),
    ("FREQ=DAILY;UNTIL=20261231T150000Z", "2026-12-01", "00:00", "Asia/Seoul"),
    ("FREQ=DAILY;UNTIL=20261231T235960", "2026-12-01", "23:59", "Asia/Seoul"),
    ("FREQ=DAILY;UNTIL=20261231T100000", "2026-12-01", "23:59", "Asia/Seoul"),
    ("FREQ=DAILY;UNTIL=20261231T150000Z", "2026-12-01", None, None),
    ("FREQ=DAILY;UNTIL=99991231T235959Z", "2026-12-01", "09:00", "Asia/Seoul"),
    ("rrule:freq=weekly;byday=we,mo,mo;interval=1;wkst=mo;", "2026-01-05", None, None),
    ("FREQ=WEEKLY;BYHOUR=9;BYMINUTE=30;BYSECOND=0", "2026-01-05", "09:30", "Asia/Seoul"),
    ("FREQ=WEEKLY;BYHOUR=9,10", "2026-01-05", "09:30", "Asia/Seoul"),
    ("FREQ=WEEKLY;BYHOUR=9,10", "2026-01-05", None, None),
    ("FREQ=HOURLY", "2026-01-05", None, None),
    ("FREQ=WEEKLY;BYDAY=1MO", "2026-01-05", None, None),
    ("FREQ=WEEKLY;BYMONTHDAY=1", "2026-01-05", None, None),
    ("FREQ=DAILY;BYSETPOS=1", "2026-01-05", None, None),
    ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "2026-01-05", None, None),
    ("FREQ=DAILY;COUNT=0", "2026-01-05", None, None),
    ("FREQ=DAILY;COUNT=10001", "2026-01-05", None, None),
    ("FREQ=DAILY;INTERVAL=10000", "2026-01-05", None, None),
    ("FREQ=DAILY;UNTIL=20260230", "2026-01-05", None, None),
    ("FREQ=DAILY;UNTIL=20260101T240000", "2026-01-05", None, None),
    ("FREQ=MONTHLY;BYMONTHDAY=0", "2026-01-05", None, None),
    ("FREQ=MONTHLY;BYMONTHDAY=٣", "2026-01-05", None, None),
    ("FREQ=MONTHLY;BYDAY=54MO", "2026-01-05", None, None),
    ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "2026-01-05", None, None),
    ("FREQ=DAILY;X-FOO=1", "2026-01-05", None, None),
    ("FREQ=DAILY;FREQ=DAILY", "2026-01-05", None, None),
    ("FREQ=DAILY;;", "2026-01-05", None, None),
    ("", "2026-01-05", None, None),
)

# Fields of series with exceptions.
SERIES: tuple[dict[str, Any], ...] = (
    {
        "event_date": "2026-11-02",
        "start_time": "10:00",
        "end_time": "11:00",
        "recurrence": "FREQ=WEEKLY;COUNT=8;BYDAY=MO",
        "exceptions": {
            "2026-11-09": {"excluded": True},
            "2026-11-16": {"event_date": "2026-11-17", "start_time": "14:00", "end_time": "15:00"},
            "2026-11-20": {"added": True, "title": "추가"},
        },
    },
    {
        "event_date": "2026-01-30",
        "end_date": "2026-02-02",
        "recurrence": "FREQ=MONTHLY;BYDAY=-1FR",
        "exceptions": {
            "2026-02-27": {"end_date": None},
            "2026-03-27": {"end_date": "2026-03-28", "location": "부산"},
            "2026-04-24": {"event_date": "2026-05-04", "end_date": "2026-05-09"},
        },
    },
    {
        "event_date": "2026-03-01",
        "start_time": "22:00",
        "end_time": "02:00",
        "time_zone": "Europe/Berlin",
        "recurrence": "FREQ=DAILY;INTERVAL=14",
        "exceptions": {"2026-03-29": {"start_time": None}, "2026-04-12": {"time_zone": "Asia/Seoul"}},
    },
    {"event_date": "2026-12-30", "end_date": "2027-01-02", "recurrence": "FREQ=YEARLY"},
    {
        "event_date": "2026-12-30",
        "start_time": "14:00",
        "end_time": "16:00",
        "end_date": "2027-01-02",
        "recurrence": "FREQ=YEARLY",
    },
    {
        "event_date": "2024-02-29",
        "recurrence": "FREQ=YEARLY;UNTIL=20360301",
        "exceptions": {
            "2028-02-29": {"title": "윤년", "people": ["김하늘"], "busy": False},
            "2026-02-28": {"added": True},
        },
    },
    {
        "event_date": "2026-05-05",
        "exceptions": {"2026-05-07": {"added": True}, "2026-05-05": {"added": True}},
    },
    {
        "event_date": "2026-06-01",
        "recurrence": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "exceptions": {"2026-06-03": {"start_time": "09:00"}, "2026-06-04": {"event_date": "2027-06-04"}},
    },
    {
        "event_date": "2026-06-01",
        "time": "점심",
        "end_date": "2026-06-02",
        "recurrence": "FREQ=WEEKLY;INTERVAL=3",
    },
)


def _random_rule(random: random.Random) -> str:
    frequency = random.choice(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
    parts = [f"FREQ={frequency}"]
    if random.random() < 0.5:
        parts.append(f"INTERVAL={random.choice((2, 3, 5, 7, 13, 100))}")
    chosen = [name for name in _PARTS if random.random() < _PARTS[name][0]]
    for name in chosen:
        parts.append(f"{name}={_PARTS[name][1](random, frequency)}")
    match random.random():
        case x if x < 0.25:
            parts.append(f"COUNT={random.choice((1, 2, 10, 52, 700))}")
        case x if x < 0.4:
            parts.append(f"UNTIL={_random_day(random):%Y%m%d}")
    return ";".join(parts)


def _random_day(random: random.Random) -> date:
    return date(2015, 1, 1) + timedelta(random.randrange(9_000))


def _some(values: range) -> Any:
    def chosen(random: random.Random, _: str) -> str:
        count = random.randint(1, 4)
        return ",".join(str(value) for value in random.sample([v for v in values if v], count))

    return chosen


def _some_weekdays(random: random.Random, frequency: str) -> str:
    names = random.sample(_WEEKDAYS, random.randint(1, 5))
    if frequency in ("MONTHLY", "YEARLY") and random.random() < 0.5:
        names = [f"{random.choice((1, 2, 3, 5, -1, -2))}{name}" for name in names]
    return ",".join(names)


_PARTS: dict[str, tuple[float, Any]] = {
    "BYDAY": (0.5, _some_weekdays),
    "BYMONTHDAY": (0.25, _some(range(-31, 32))),
    "BYMONTH": (0.3, _some(range(1, 13))),
    "BYYEARDAY": (0.08, _some(range(-366, 367))),
    "BYWEEKNO": (0.1, _some(range(-53, 54))),
    "BYSETPOS": (0.25, _some(range(-5, 6))),
    "WKST": (0.2, lambda random, _: random.choice(_WEEKDAYS)),
}


def _rules() -> Iterator[tuple[str, str, str | None, str | None]]:
    yield from TRICKY
    source = random.Random(13)
    for _ in range(500):
        yield _random_rule(source), _random_day(source).isoformat(), None, None


def _rule_case(rule: str, begin: str, start: str | None, zone: str | None) -> dict[str, Any]:
    case: dict[str, Any] = {"rule": rule, "event_date": begin, "start_time": start, "time_zone": zone}
    try:
        parsed = rule_from(rule, start_time=start, time_zone=zone)
        case["canonical"] = canonical(parsed)
        first = date.fromisoformat(begin)
        found = first_day(parsed, first)
        case["first_day"] = found and found.isoformat()
        last = last_day(parsed, first)
        case["last_day"] = last and last.isoformat()
    except RuleRefused as refused:
        return case | {"refused": refused.reason}
    source = random.Random(rule + begin)
    case["windows"] = [_window(parsed, first, last, source) for _ in range(2)]
    return case


def _window(rule: Any, start: date, last: date | None, source: random.Random) -> dict[str, Any]:
    begin = _shifted(start, source.choice((-20, 0, 300, 4_000)))
    end = _shifted(begin, source.choice((40, 400, 2_000)))
    until = min(end, last) if last else end
    found = [day.isoformat() for day in islice(days(rule, start, begin, until), MOST_SHOWN)]
    return {"from": begin.isoformat(), "to": end.isoformat(), "days": found}


def _shifted(day: date, by: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + by, 1), date.max.toordinal()))


def _series_case(fields: dict[str, Any]) -> dict[str, Any]:
    simple = {"title": "회의", "description": "", "url": "", "time": ""}
    series = {"id": "3f2b8c1e-7d4a-4b6f-9a10-5c8e2d7f6b01", "department_id": "d"}
    series |= _public(created({**simple, **fields}, "Asia/Seoul"))
    windows = []
    start = date.fromisoformat(series["event_date"])
    for before, after in ((-40, 20), (0, 70), (60, 500), (700, 2_900)):
        first, last = (_shifted(start, by).isoformat() for by in (before, after))
        shown = [_public(event) for event in islice(occurrences(series, first, last), MOST_SHOWN)]
        windows.append({"from": first, "to": last, "occurrences": shown})
    days_of_interest = [*series.get("exceptions", {}), series["event_date"], "2026-07-15", "2027-06-04"]
    single = {day: (found := occurrence(series, day)) and _public(found) for day in days_of_interest}
    return {"series": series, "windows": windows, "single": single}


def _public(event: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in event.items() if name not in _MARKS and value is not None}
    if "exceptions" in shown:
        shown["exceptions"] = {
            day: {name: value for name, value in patch.items() if name not in _MARKS}
            for day, patch in shown["exceptions"].items()
        }
    return shown


def _random_series() -> Iterator[dict[str, Any]]:
    source = random.Random(26)
    while True:
        rule, begin = _random_rule(source), _random_day(source)
        fields: dict[str, Any] = {"event_date": begin.isoformat(), "recurrence": rule}
        if source.random() < 0.5:
            fields |= {
                "start_time": f"{source.randrange(24):02}:30",
                "end_time": f"{source.randrange(24):02}:15",
            }
        if source.random() < 0.3:
            fields["end_date"] = (begin + timedelta(source.randint(1, 9))).isoformat()
        try:
            series = created({"title": "회의", **fields}, "Asia/Seoul")
        except InvalidInput:
            continue
        own = list(islice(rule_days(series, begin.isoformat(), "2045-01-01"), 6))
        patches = (
            {"excluded": True},
            {"title": "다른"},
            {"start_time": "07:05"},
            {"event_date": _random_day(source).isoformat()},
        )
        exceptions = {day: source.choice(patches) for day in own if source.random() < 0.5}
        yield fields | {"exceptions": exceptions}


def cases() -> dict[str, Any]:
    """Returns all cases with what the server's expander answers."""
    series = [*SERIES, *islice(_random_series(), 24)]
    return {
        "rules": [_rule_case(*rule) for rule in _rules()],
        "series": [_series_case(one) for one in series],
    }


def text() -> str:
    """Returns the file's text: one case a line."""
    lines = ",\n".join(
        f'"{kind}": [\n' + ",\n".join(json.dumps(case, ensure_ascii=False) for case in some) + "\n]"
        for kind, some in cases().items()
    )
    return f'{{"most_shown": {MOST_SHOWN},\n{lines}\n}}\n'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
