from datetime import date, timedelta
from itertools import islice
from random import Random

import pytest

from teamcal.domain.recurrence import Rule, RuleRefused, days, first_day, last_day, rule_from
from tests.domain.oracles import by_dateutil, by_rfc, known_difference, random_rule, random_start
from tests.domain.rfc_examples import EXAMPLES

FAR = date(9999, 12, 31)


def dates(text: str) -> list[date]:
    """`1997 9/2 9/4 1998 1/1` → three dates."""
    year, found = 0, []
    for word in text.split():
        if "/" in word:
            found.append(date(year, *map(int, word.split("/"))))
        else:
            year = int(word)
    return found


def some_days(text: str, start: date, most: int = 100) -> list[date]:
    rule = rule_from(text)
    return list(islice(days(rule, start, start, last_day(rule, start) or FAR), most))


@pytest.mark.parametrize(("text", "start", "listed"), EXAMPLES)
def test_an_example_of_the_rfc(text: str, start: str, listed: str) -> None:
    rule = rule_from(text, start_time="09:00", time_zone="America/New_York")
    begin, expected = dates(start)[0], dates(listed)
    end = last_day(rule, begin)
    assert end in (None, expected[-1])
    assert list(islice(days(rule, begin, begin, end or FAR), len(expected))) == expected
    assert first_day(rule, begin) == expected[0]


def test_the_last_example_of_a_bounded_year() -> None:
    rule = rule_from("FREQ=DAILY;UNTIL=19971224T000000Z", start_time="09:00", time_zone="America/New_York")
    found = list(days(rule, date(1997, 9, 2), date(1997, 9, 2), FAR))
    assert found == [date(1997, 9, 2) + timedelta(number) for number in range(113)]
    assert found[-1] == date(1997, 12, 23)


def test_500_random_rules_have_the_days_that_dateutil_gives() -> None:
    """Where dateutil is known to differ, or would never end, a slow reading of the RFC is asked instead."""
    random = Random(5545)
    for _ in range(500):
        text, start = random_rule(random), random_start(random)
        first = start + timedelta(random.choice((-10, 0, random.randrange(600))))
        last = max(start, first + timedelta(random.choice((0, 1, 31, 366))))
        rule = rule_from(text)
        found = list(days(rule, start, first, last))
        if known_difference(rule, start) or first_day(rule, start) is None:
            assert found == by_rfc(rule, start, first, last), (text, start, first, last)
        else:
            assert found == by_dateutil(text, start, first, last), (text, start, first, last)


def test_a_window_shows_the_part_of_the_series_that_is_in_it() -> None:
    random = Random(1)
    for _ in range(200):
        rule, start = rule_from(random_rule(random)), random_start(random)
        whole = list(days(rule, start, start, start + timedelta(1500)))
        assert whole == sorted({*whole})
        for _ in range(5):
            first = start + timedelta(random.randrange(-20, 1400))
            last = first + timedelta(random.randrange(-1, 100))
            assert list(days(rule, start, first, last)) == [day for day in whole if first <= day <= last]


# Where dateutil, and what is built on it, differ from the RFC: what is right here. known_difference has all.


def test_plain_and_numbered_weekdays_are_united() -> None:
    """RFC 5545 §3.3.10, BYDAY: each element names days; dateutil takes what all of them have in common."""
    found = some_days("FREQ=MONTHLY;BYDAY=2SA,FR", date(2026, 11, 1), 6)
    assert found == dates("2026 11/6 11/13 11/14 11/20 11/27 12/4")


def test_a_week_number_without_a_weekday_means_the_weekday_of_the_start() -> None:
    """RFC 5545 §3.3.10: what the rule lacks is "derived from DTSTART"; dateutil takes seven days."""
    found = some_days("FREQ=YEARLY;BYWEEKNO=20", date(2026, 5, 13), 3)
    assert found == dates("2026 5/13 2027 5/19 2028 5/17")


def test_the_first_week_belongs_to_one_year_as_a_whole() -> None:
    """RFC 5545 §3.3.10, BYWEEKNO: "Week number one of the calendar year is the first week that contains at
    least four (4) days in that calendar year". dateutil cuts it at New Year, which shows with INTERVAL.
    """
    every_two = some_days("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO,TH", date(2024, 1, 1), 6)
    assert every_two == dates("2024 1/1 1/4 2025 12/29 2026 1/1 2028 1/3 1/6")
    first = some_days("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", date(2024, 1, 1), 4)
    assert first == dates("2024 1/1 12/30 2025 12/29 2027 1/4")


def test_a_series_with_weeks_begins_in_the_year_of_its_week() -> None:
    # 30 December 2024 is in week 1 of 2025.
    found = some_days("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO", date(2024, 12, 30), 3)
    assert found == dates("2024 12/30 2027 1/4 2029 1/1")
    # 1 January 2027 is in week 53 of 2026.
    found = some_days("FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR", date(2027, 1, 1), 2)
    assert found == dates("2027 1/1 2032 12/31")


def test_weeks_are_counted_from_the_end_of_their_year() -> None:
    """RFC 5545 §3.3.10, BYWEEKNO: -53 to -1. In a year of 52 weeks -52 is week 1, also in December."""
    found = some_days("FREQ=YEARLY;BYWEEKNO=-52;BYDAY=MO", date(2024, 1, 1), 4)
    assert found == dates("2024 1/1 12/30 2026 1/5 2027 1/4")
    found = some_days("FREQ=YEARLY;BYWEEKNO=-53;BYDAY=MO", date(2024, 1, 1), 2)
    assert found == dates("2025 12/29 2031 12/29")


def test_the_last_week_of_a_year_reaches_into_january() -> None:
    """RFC 5545 §3.3.10, BYWEEKNO: 1 January 2022 is in week 52 of 2021; dateutil takes it for week 53."""
    found = some_days("FREQ=YEARLY;BYWEEKNO=52;BYDAY=SA", date(2021, 1, 18), 2)
    assert found == dates("2022 1/1 12/31")


def test_positions_count_in_the_whole_first_week() -> None:
    """RFC 5545 §3.3.10, BYSETPOS: within "one interval", here a week; dateutil begins at the start's day."""
    found = some_days("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", date(2026, 11, 3), 2)
    assert found == dates("2026 11/4 11/11")
    assert some_days("FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=1", date(2026, 11, 4), 1) == dates("2026 11/9")


def test_a_numbered_weekday_that_a_month_never_has_is_ignored() -> None:
    """RFC 5545 §3.3.10: "instances that are invalid … MUST be ignored"; dateutil raises IndexError."""
    assert some_days("FREQ=YEARLY;BYMONTH=12;BYDAY=53TU,1MO", date(2026, 1, 1), 2) == dates(
        "2026 12/7 2027 12/6"
    )


# Other rules that programs read in different ways.


def test_a_day_that_a_month_or_year_lacks_is_left_out() -> None:
    assert some_days("FREQ=YEARLY", date(2024, 2, 29), 3) == dates("2024 2/29 2028 2/29 2032 2/29")
    assert some_days("FREQ=MONTHLY", date(2026, 1, 31), 3) == dates("2026 1/31 3/31 5/31")
    assert some_days("FREQ=YEARLY", date(2096, 2, 29), 2) == dates("2096 2/29 2104 2/29")
    assert some_days("FREQ=YEARLY;BYYEARDAY=366,-366", date(2026, 1, 1), 3) == dates(
        "2028 1/1 12/31 2032 1/1"
    )


def test_a_weekday_counts_in_the_month_with_bymonth_and_in_the_year_without() -> None:
    assert some_days("FREQ=YEARLY;BYMONTH=3;BYDAY=-1MO", date(2026, 1, 1), 2) == dates("2026 3/30 2027 3/29")
    assert some_days("FREQ=YEARLY;BYDAY=-1MO", date(2026, 1, 1), 2) == dates("2026 12/28 2027 12/27")
    both = some_days("FREQ=YEARLY;BYDAY=10MO,-1SU;BYMONTHDAY=9,27", date(2026, 1, 1), 3)
    assert both == dates("2026 3/9 12/27 2037 3/9")


def test_a_weekly_rule_gives_the_weekday_of_its_start() -> None:
    assert some_days("FREQ=WEEKLY;BYMONTH=2", date(2026, 1, 27), 5) == dates(
        "2026 2/3 2/10 2/17 2/24 2027 2/2"
    )


# The first and the last day.


def test_the_first_day_may_come_after_the_start() -> None:
    assert first_day(rule_from("FREQ=WEEKLY;BYDAY=MO"), date(2026, 11, 3)) == date(2026, 11, 9)
    # 29 February on a Monday.
    rare = rule_from("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO")
    assert first_day(rare, date(2072, 3, 1)) == date(2112, 2, 29)


def test_a_rule_that_never_gives_a_day_has_no_first_and_no_last_one() -> None:
    rule = rule_from("FREQ=WEEKLY;BYDAY=MO;UNTIL=20261102")
    assert first_day(rule, date(2026, 11, 3)) is None
    for text in ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2"):
        assert first_day(rule_from(text), date(2026, 1, 1)) is None
        assert last_day(rule_from(text), date(2026, 1, 1)) is None  # endless, though empty
        for end in (";COUNT=1", ";UNTIL=20301231"):
            with pytest.raises(RuleRefused) as refused:
                last_day(rule_from(text + end), date(2026, 1, 1))
            assert refused.value.reason == "rule_never"


def test_an_endless_series_has_no_last_day() -> None:
    assert last_day(rule_from("FREQ=DAILY"), date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("FREQ=DAILY;COUNT=10000", date(2053, 5, 18)),
        ("FREQ=DAILY;COUNT=1", date(2026, 1, 1)),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", date(2026, 5, 31)),
        ("FREQ=YEARLY;COUNT=500", date(2525, 1, 1)),
        ("FREQ=DAILY;UNTIL=20260101", date(2026, 1, 1)),
        ("FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20260730", date(2026, 5, 31)),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;UNTIL=21031231", date(2096, 2, 29)),
        ("FREQ=YEARLY;INTERVAL=9999;UNTIL=99991231", date(2026, 1, 1)),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;UNTIL=21120228", date(2072, 2, 29)),
    ],
)
def test_the_last_day(text: str, last: date) -> None:
    assert last_day(rule_from(text), date(2026, 1, 1)) == last


def test_the_last_day_is_found_however_long_before_until_it_is() -> None:
    rule = rule_from("FREQ=DAILY;INTERVAL=31;BYMONTH=2;BYMONTHDAY=29;BYDAY=FR;UNTIL=99991231")
    assert last_day(rule, date(2104, 2, 29)) == date(8132, 2, 29)


def test_a_count_that_is_not_reached_before_the_year_10000_is_refused() -> None:
    with pytest.raises(RuleRefused) as refused:
        last_day(rule_from("FREQ=YEARLY;COUNT=10000"), date(2026, 1, 1))
    assert refused.value.reason == "rule_count"


def test_the_last_day_is_the_last_of_all_days() -> None:
    random = Random(2)
    for _ in range(200):
        text, start = random_rule(random), random_start(random)
        all_days = list(days(rule_from(text), start, start, start + timedelta(3000)))
        for count in {1, len(all_days) // 2, len(all_days)} - {0}:
            if len(all_days) >= count:
                assert last_day(rule_from(f"{text};COUNT={count}"), start) == all_days[count - 1]
        until = start + timedelta(random.randrange(3000))
        if before := [day for day in all_days if day <= until]:
            assert last_day(rule_from(f"{text};UNTIL={until:%Y%m%d}"), start) == before[-1]


def test_until_ends_every_window() -> None:
    rule = Rule("DAILY", until=date(2026, 1, 3))
    start = date(2026, 1, 1)
    assert list(days(rule, start, start, FAR)) == dates("2026 1/1 1/2 1/3")
    assert list(days(rule, start, date(2026, 1, 4), FAR)) == []
    assert list(days(rule, start, date(2025, 1, 1), date(2025, 12, 31))) == []
