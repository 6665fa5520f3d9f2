from datetime import date, timedelta
from itertools import islice
from random import Random

import pytest

from teamcal.domain.recurrence import (
    Rule,
    RuleRefused,
    canonical,
    days,
    first_day,
    last_day,
    rule_from,
    rule_of,
)
from tests.domain.oracles import random_rule

SEOUL = {"start_time": "10:00", "time_zone": "Asia/Seoul"}


def reason(text: str, **event: str) -> str:
    with pytest.raises(RuleRefused) as refused:
        rule_from(text, **event)
    return refused.value.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("RRULE:FREQ=DAILY", "FREQ=DAILY"),
        ("rrule:freq=weekly;byday=fr,mo,fr", "FREQ=WEEKLY;BYDAY=MO,FR"),
        (" FREQ=DAILY;INTERVAL=1;WKST=MO; ", "FREQ=DAILY"),
        ("FREQ=DAILY;INTERVAL=007", "FREQ=DAILY;INTERVAL=7"),
        ("WKST=SU;BYDAY=SU;INTERVAL=2;FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU"),
        ("FREQ=MONTHLY;BYDAY=+2SA,FR,-1FR", "FREQ=MONTHLY;BYDAY=-1FR,FR,2SA"),
        ("FREQ=MONTHLY;BYMONTHDAY=31,-1,+1,01", "FREQ=MONTHLY;BYMONTHDAY=-1,1,31"),
        ("FREQ=DAILY;UNTIL=20261231", "FREQ=DAILY;UNTIL=20261231"),
        ("FREQ=DAILY;UNTIL=00010101", "FREQ=DAILY;UNTIL=00010101"),
        ("FREQ=DAILY;COUNT=10000", "FREQ=DAILY;COUNT=10000"),
        (
            "BYSETPOS=1;BYDAY=MO;BYMONTHDAY=1;BYYEARDAY=1;BYWEEKNO=1;BYMONTH=1;COUNT=1;INTERVAL=2;FREQ=YEARLY",
            "FREQ=YEARLY;INTERVAL=2;COUNT=1;BYMONTH=1;BYWEEKNO=1;BYYEARDAY=1;BYMONTHDAY=1;BYDAY=MO;BYSETPOS=1",
        ),
    ],
)
def test_the_canonical_text(text: str, expected: str) -> None:
    assert canonical(rule_from(text)) == expected
    assert canonical(rule_of(expected)) == expected


def test_the_parts_of_a_rule() -> None:
    text = "FREQ=YEARLY;UNTIL=20300101;INTERVAL=2;BYMONTH=3,1;BYDAY=-1SU,MO;BYSETPOS=-1;WKST=SU"
    assert rule_from(text) == Rule(
        "YEARLY",
        interval=2,
        until=date(2030, 1, 1),
        by_day=((0, 0), (6, -1)),
        by_month=(1, 3),
        by_set_position=(-1,),
        week_start=6,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "rule_syntax"),
        ("RRULE:", "rule_syntax"),
        ("FREQ", "rule_syntax"),
        ("FREQ=", "rule_syntax"),
        ("=DAILY", "rule_syntax"),
        ("INTERVAL=2", "rule_syntax"),
        ("FREQ=FORTNIGHTLY", "rule_syntax"),
        ("FREQ=DAILY;;COUNT=1", "rule_syntax"),
        ("FREQ=DAILY;FREQ=DAILY", "rule_syntax"),
        ("FREQ=DAILY\r\nCOUNT=2", "rule_syntax"),
        ("FREQ=DAİLY", "rule_syntax"),
        ("FREQ=DAILY;BYMONTH=१", "rule_syntax"),
        ("FREQ=DAILY;COUNT=٣", "rule_syntax"),
        ("FREQ=WEEKLY;BYDAY=", "rule_syntax"),
        ("FREQ=WEEKLY;BYDAY=MO,", "rule_syntax"),
        ("FREQ=WEEKLY;BYDAY=XX", "rule_syntax"),
        ("FREQ=WEEKLY;BYDAY=MO TU", "rule_syntax"),
        ("FREQ=MONTHLY;BYDAY=0MO", "rule_syntax"),
        ("FREQ=MONTHLY;BYDAY=54MO", "rule_syntax"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "rule_syntax"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "rule_syntax"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "rule_syntax"),
        ("FREQ=MONTHLY;BYMONTHDAY=1_0", "rule_syntax"),
        ("FREQ=MONTHLY;BYMONTHDAY=--1", "rule_syntax"),
        ("FREQ=YEARLY;BYMONTH=13", "rule_syntax"),
        ("FREQ=YEARLY;BYMONTH=-1", "rule_syntax"),
        ("FREQ=YEARLY;BYMONTH=5L", "rule_syntax"),  # RFC 7529
        ("FREQ=YEARLY;BYYEARDAY=367", "rule_syntax"),
        ("FREQ=YEARLY;BYWEEKNO=54", "rule_syntax"),
        ("FREQ=WEEKLY;WKST=1", "rule_syntax"),
        ("FREQ=DAILY;BYSETPOS=0;BYDAY=MO", "rule_syntax"),
        ("FREQ=DAILY;BYHOUR=X", "rule_syntax"),
        ("FREQ=HOURLY", "rule_too_fine"),
        ("FREQ=MINUTELY", "rule_too_fine"),
        ("FREQ=SECONDLY", "rule_too_fine"),
        ("FREQ=DAILY;INTERVAL=0", "rule_interval"),
        ("FREQ=DAILY;INTERVAL=-1", "rule_interval"),
        ("FREQ=DAILY;INTERVAL=10000", "rule_interval"),
        ("FREQ=DAILY;INTERVAL=2.0", "rule_interval"),
        ("FREQ=DAILY;COUNT=0", "rule_count"),
        ("FREQ=DAILY;COUNT=10001", "rule_count"),
        ("FREQ=DAILY;COUNT=" + "9" * 500, "rule_count"),
        ("FREQ=DAILY;COUNT=1e3", "rule_count"),
        ("FREQ=DAILY;UNTIL=20261301", "rule_until"),
        ("FREQ=DAILY;UNTIL=20260230", "rule_until"),
        ("FREQ=DAILY;UNTIL=00000101", "rule_until"),
        ("FREQ=DAILY;UNTIL=2026-12-31", "rule_until"),
        ("FREQ=DAILY;UNTIL=20261231T", "rule_until"),
        ("FREQ=DAILY;UNTIL=20261231T240000Z", "rule_until"),
        ("FREQ=DAILY;UNTIL=20261231T100000+0900", "rule_until"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "rule_count_and_until"),
        ("FREQ=DAILY;BYEASTER=0", "rule_part"),
        ("FREQ=YEARLY;RSCALE=CHINESE", "rule_part"),
        ("FREQ=DAILY;X-NAME=1", "rule_part"),
        # RFC 5545 §3.3.10: parts that must not be there with this frequency, or alone.
        ("FREQ=DAILY;BYYEARDAY=1", "rule_part"),
        ("FREQ=WEEKLY;BYYEARDAY=1", "rule_part"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "rule_part"),
        ("FREQ=DAILY;BYWEEKNO=1", "rule_part"),
        ("FREQ=WEEKLY;BYWEEKNO=1", "rule_part"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "rule_part"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "rule_part"),
        ("FREQ=DAILY;BYDAY=1MO", "rule_part"),
        ("FREQ=WEEKLY;BYDAY=1MO", "rule_part"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "rule_part"),
        ("FREQ=DAILY;BYSETPOS=1", "rule_part"),
        ("FREQ=DAILY;BYHOUR=10;BYSETPOS=1", "rule_part"),
        ("FREQ=DAILY" + " " * 1000, "rule_too_long"),
    ],
)
def test_a_rule_is_refused(text: str, expected: str) -> None:
    assert reason(text) == expected
    assert reason(text, **SEOUL) == expected


def test_a_time_that_repeats_the_start_is_dropped() -> None:
    for part in ("BYHOUR=10", "BYMINUTE=0", "BYSECOND=0", "BYHOUR=10,10;BYMINUTE=00;BYSECOND=0"):
        assert canonical(rule_from(f"FREQ=DAILY;{part}", **SEOUL)) == "FREQ=DAILY"


def test_another_time_is_refused() -> None:
    for part in ("BYHOUR=9", "BYHOUR=10,11", "BYMINUTE=30", "BYSECOND=30", "BYHOUR=10;BYMINUTE=0,30"):
        assert reason(f"FREQ=DAILY;{part}", **SEOUL) == "rule_too_fine"


def test_times_of_an_event_that_lasts_all_day_are_ignored() -> None:
    """RFC 5545 §3.3.10: "These rule parts MUST be ignored" beside a DTSTART that is a date."""
    assert canonical(rule_from("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0;BYSECOND=0")) == "FREQ=DAILY"


@pytest.mark.parametrize(
    ("until", "start_time", "time_zone", "last"),
    [
        # A date is that whole day, whatever the zone.
        ("20261110", None, None, date(2026, 11, 10)),
        ("20261110", "23:59", "Asia/Seoul", date(2026, 11, 10)),
        # A local time is compared with the start.
        ("20261110T100000", "10:00", "Asia/Seoul", date(2026, 11, 10)),
        ("20261110T095959", "10:00", "Asia/Seoul", date(2026, 11, 9)),
        ("20261110T095959", None, None, date(2026, 11, 10)),
        # UTC becomes local first: 9 hours later in Seoul, 5 earlier in New York.
        ("20261110T010000Z", "10:00", "Asia/Seoul", date(2026, 11, 10)),
        ("20261110T005959Z", "10:00", "Asia/Seoul", date(2026, 11, 9)),
        ("20261109T150000Z", "00:00", "Asia/Seoul", date(2026, 11, 10)),
        ("20261109T145959Z", "00:00", "Asia/Seoul", date(2026, 11, 9)),
        ("20261110T020000Z", "21:00", "America/New_York", date(2026, 11, 9)),
        ("20261110T015959Z", "21:00", "America/New_York", date(2026, 11, 8)),
        # Without the zone, or a start, the date is all there is.
        ("20261110T235959Z", None, None, date(2026, 11, 10)),
        ("20261110T235959Z", None, "Asia/Seoul", date(2026, 11, 11)),
        ("20261110T000000Z", "10:00", None, date(2026, 11, 10)),
        # A leap second.
        ("20261110T235960Z", None, None, date(2026, 11, 10)),
        # 02:30 isn't there on 8 March 2026 in New York and stands for 03:30 EDT, 07:30 UTC.
        ("20260308T073000Z", "02:30", "America/New_York", date(2026, 3, 8)),
        ("20260308T072959Z", "02:30", "America/New_York", date(2026, 3, 7)),
        # 01:30 is there twice on 1 November; the series takes the first, 05:30 UTC. 06:15 UTC is 01:15 again.
        ("20261101T061500Z", "01:30", "America/New_York", date(2026, 11, 1)),
        # The ends of the calendar.
        ("99991231T235959Z", "10:00", "Asia/Seoul", date(9999, 12, 31)),
        ("00010101T000000Z", "10:00", "America/New_York", date(1, 1, 1)),
        ("00010101T000000", "10:00", None, date(1, 1, 1)),
    ],
)
def test_until_is_the_last_date_with_a_start(
    until: str, start_time: str | None, time_zone: str | None, last: date
) -> None:
    rule = rule_from(f"FREQ=DAILY;UNTIL={until}", start_time=start_time, time_zone=time_zone)
    assert rule.until == last
    assert canonical(rule) == f"FREQ=DAILY;UNTIL={last.isoformat().replace('-', '')}"


def test_the_canonical_text_of_a_rule_is_read_as_that_rule() -> None:
    random = Random(3)
    for _ in range(2000):
        rule = rule_from(random_rule(random) + random.choice(("", ";COUNT=3", ";UNTIL=20301231T120000Z")))
        assert rule_of(canonical(rule)) == rule
        assert canonical(rule_of(canonical(rule))) == canonical(rule)


VALUES = (
    "1",
    "-1",
    "0",
    "",
    ",",
    "MO",
    "1MO",
    "٣",
    "²",
    "९",
    "99999999999999999999",
    "1,2",
    "+",
    "\0",
    "T",
    "1.5",
)
NAMES = (
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYDAY",
    "BYMONTHDAY",
    "BYMONTH",
    "BYSETPOS",
    "BYHOUR",
    "X-A",
    "ſ",
)


def damaged(random: Random, text: str) -> str:
    for _ in range(random.randrange(1, 3)):
        place = random.randrange(len(text) + 1)
        kind = random.randrange(5)
        if kind == 0:
            text = text[:place] + random.choice("=;,:+-TZ 059٣ıſ\n\udc80é") + text[place:]
        elif kind == 1:
            text = text[:place] + text[place + 1 :]
        elif kind == 2:
            text = f"{text};{random.choice(NAMES)}={random.choice(VALUES)}"
        elif kind == 3:
            text = text[:place] + str(random.randrange(-40, 400)) + text[place:]
        else:
            day = date(1, 1, 1) + timedelta(random.randrange(3652059))
            text += f";UNTIL={day:%Y%m%d}{random.choice(('', 'T000000Z', 'T235960', 'T999999Z'))}"
    return text


def test_whatever_the_text_is_it_gives_a_rule_or_is_refused() -> None:
    random, accepted = Random(4), 0
    for _ in range(6000):
        text = damaged(random, random_rule(random))
        event = random.choice(({}, SEOUL, {"start_time": "23:59", "time_zone": "America/New_York"}))
        try:
            rule = rule_from(text, **event)
        except RuleRefused:
            continue
        accepted += 1
        assert rule_of(canonical(rule)) == rule
        _expand(rule, random)
    assert accepted > 500


def _expand(rule: Rule, random: Random) -> None:
    """Nothing is raised but RuleRefused, also at the ends of the calendar."""
    start = random.choice((date(1, 1, 1), date(2026, 1, 31), date(9999, 12, 1), date(9999, 12, 31)))
    for first, last in ((date.min, date.max), (date(9999, 1, 1), date.max), (date.max, date.min)):
        found = list(islice(days(rule, start, first, last), 3 if first == date.min else None))
        assert all(max(start, first) <= day <= last for day in found)
    first_day(rule, start)
    try:
        last = last_day(rule, start)
    except RuleRefused:
        return
    assert last is None or last >= start
