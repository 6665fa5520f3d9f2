"""What rules cost, in CPU time: the bounds are about five times what an idle machine needs."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from itertools import islice
from random import Random

import pytest

from teamcal.domain.recurrence import Rule, RuleRefused, days, first_day, last_day, rule_from

NOVEMBER = date(2026, 11, 1), date(2026, 11, 30)
ALL_DAYS = "MO,TU,WE,TH,FR,SA,SU"
# As many numbered weekdays as a rule has room for; none of them is in February.
MANY_DAYS = ",".join(f"{number}{day}" for number in range(20, 53) for day in ALL_DAYS.split(","))[:899]
ALL_WEEKS = ",".join(str(number) for number in range(1, 54))

OFFICE_RULES = {
    "FREQ=WEEKLY;BYDAY=MO": 30,
    "FREQ=WEEKLY;BYDAY=MO,WE,FR": 15,
    "FREQ=DAILY": 5,
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": 10,
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH": 12,
    "FREQ=MONTHLY;BYMONTHDAY=25": 8,
    "FREQ=MONTHLY;BYDAY=1MO": 6,
    "FREQ=MONTHLY;BYDAY=-1FR": 4,
    "FREQ=YEARLY": 5,
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1": 3,
    "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU": 2,
}
HOSTILE_RULES = (
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=9999",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11",
    "FREQ=DAILY;INTERVAL=31;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;INTERVAL=9999;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=DAILY;BYDAY=MO;BYSETPOS=2",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5",
    "FREQ=WEEKLY;BYMONTH=1;BYDAY=MO",
    "FREQ=WEEKLY;BYMONTH=1;BYDAY=MO;BYSETPOS=7",
    "FREQ=WEEKLY;INTERVAL=9999;BYMONTH=2",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYDAY=53MO",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=366",
    "FREQ=MONTHLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    f"FREQ=MONTHLY;BYDAY={MANY_DAYS}",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;INTERVAL=9999",
    "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    f"FREQ=YEARLY;BYWEEKNO={ALL_WEEKS};BYMONTH=6;BYYEARDAY=1",
    f"FREQ=YEARLY;BYWEEKNO={ALL_WEEKS};BYDAY={ALL_DAYS};BYSETPOS=366",
    f"FREQ=YEARLY;BYDAY={MANY_DAYS};BYMONTH=2",
    f"FREQ=YEARLY;BYDAY={MANY_DAYS};BYMONTHDAY=30;BYSETPOS=366",
    f"FREQ=YEARLY;BYDAY={ALL_DAYS};BYSETPOS=366,-366",
)
STARTS = (date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31))


def seconds(function: Callable[[], object]) -> float:
    """CPU time, without what measuring coverage adds."""
    trace = sys.gettrace()
    sys.settrace(None)
    began = time.process_time()
    try:
        function()
    finally:
        spent = time.process_time() - began
        sys.settrace(trace)
    return spent


def office_series(random: Random) -> tuple[Rule, date, date]:
    """A series that is up to six years old, and its last day, if it ends before November 2026."""
    (text,) = random.choices(list(OFFICE_RULES), weights=list(OFFICE_RULES.values()))
    start, kind = date(2020, 11, 2) + timedelta(random.randrange(1800)), random.random()
    if kind < 0.15:
        text += f";COUNT={random.randrange(4, 200)}"
    elif kind < 0.35:
        text += f";UNTIL={start + timedelta(random.randrange(400, 900)):%Y%m%d}"
    rule = rule_from(text)
    return rule, start, min(NOVEMBER[1], last_day(rule, start) or NOVEMBER[1])


def test_a_month_of_a_thousand_series_takes_milliseconds() -> None:
    random = Random(7)
    thousand = [office_series(random) for _ in range(1000)]

    def month() -> int:
        return sum(1 for rule, start, last in thousand for _ in days(rule, start, NOVEMBER[0], last))

    assert 4_500 < month() < 6_500
    assert min(seconds(month) for _ in range(10)) < 0.015


def test_the_age_of_a_series_costs_nothing() -> None:
    old, new = date(1, 1, 1), date(2026, 10, 1)
    for text in OFFICE_RULES:
        rule = rule_from(text)
        cost_of_old, cost_of_new = (
            min(seconds(lambda: list(days(rule, start, *NOVEMBER))) for _ in range(20))  # noqa: B023
            for start in (old, new)
        )
        assert cost_of_old < 3 * cost_of_new + 20e-6, text


def _written(text: str, start: date) -> None:
    """What a write asks."""
    for end in ("", ";COUNT=10000", ";UNTIL=99991231"):
        rule = rule_from(text + end)
        with suppress(RuleRefused):
            last_day(rule, start)
        first_day(rule, start)


@pytest.mark.parametrize("start", STARTS, ids=str)
@pytest.mark.parametrize("text", HOSTILE_RULES, ids=lambda text: text[5:60])
def test_a_hostile_rule_costs_little(text: str, start: date) -> None:
    rule = rule_from(text)
    assert seconds(lambda: list(days(rule, start, *NOVEMBER))) < 0.005
    assert seconds(lambda: _written(text, start)) < 0.4


@pytest.mark.parametrize("text", HOSTILE_RULES, ids=lambda text: text[5:60])
def test_the_widest_window_ends(text: str) -> None:
    # 120,000 months, 520,000 weeks.
    window = date.min, date.min, date.max
    assert seconds(lambda: list(islice(days(rule_from(text), *window), 10_000))) < 3
