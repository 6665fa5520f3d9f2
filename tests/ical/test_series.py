"""Series: RRULE, EXDATE, RDATE and RECURRENCE-ID as one rule and a map of exceptions."""

from datetime import date

import pytest

from teamcal.ical.extras import unpacked
from tests.ical.files import calendar, read, read_one, read_records, refusal, starts, vevent, warnings

SEOUL_START = "DTSTART;TZID=Asia/Seoul:20261102T100000"
END = "DTEND;TZID=Asia/Seoul:20261102T110000"
ALL_DAY = "DTSTART;VALUE=DATE:20261102"
DAILY = "RRULE:FREQ=DAILY;COUNT=4"
EXCLUDED = {"excluded": True}


def series(*lines: str) -> dict[str, object]:
    record = read_one(*lines)
    return {name: record[name] for name in ("recurrence", "exceptions") if name in record}


def with_override(*lines: str, master: tuple[str, ...] = (END, DAILY)) -> dict[str, object]:
    (record,) = read_records(calendar(vevent(*master), vevent(*lines)))
    return {name: record[name] for name in ("recurrence", "exceptions") if name in record}


@pytest.mark.parametrize(
    ("rule", "canonical"),
    [
        ("RRULE:FREQ=DAILY;UNTIL=20261105", "FREQ=DAILY;UNTIL=20261105"),
        ("RRULE:FREQ=DAILY;UNTIL=20261105T100000", "FREQ=DAILY;UNTIL=20261105"),
        ("RRULE:FREQ=DAILY;UNTIL=20261105T010000Z", "FREQ=DAILY;UNTIL=20261105"),
        ("RRULE:FREQ=DAILY;UNTIL=20261105T005959Z", "FREQ=DAILY;UNTIL=20261104"),
        ("RRULE:BYDAY=MO;FREQ=WEEKLY;BYHOUR=10;BYMINUTE=0", "FREQ=WEEKLY;BYDAY=MO"),
        ("RRULE:FREQ=DAILY\r\nRRULE:FREQ=DAILY", "FREQ=DAILY"),
    ],
)
def test_rules(rule: str, canonical: str) -> None:
    assert series(rule) == {"recurrence": canonical}


def test_an_empty_rule_is_none() -> None:
    assert series("RRULE:") == {}


@pytest.mark.parametrize(
    ("until", "day"),
    [("20261105", "20261105"), ("20261105T000000Z", "20261105"), ("20261104T150000Z", "20261105")],
)
def test_until_of_an_event_that_lasts_all_day(until: str, day: str) -> None:
    """Outlook writes the local midnight in UTC, others the date at midnight in UTC."""
    assert series(ALL_DAY, f"RRULE:FREQ=DAILY;UNTIL={until}") == {"recurrence": f"FREQ=DAILY;UNTIL={day}"}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("RRULE:FREQ=SECONDLY",), "rule_too_fine"),
        (("RRULE:FREQ=HOURLY;COUNT=3",), "rule_too_fine"),
        (("RRULE:FREQ=DAILY;BYHOUR=9,10",), "rule_too_fine"),
        (("RRULE:FREQ=DAILY;INTERVAL=0",), "rule_interval"),
        (("RRULE:FREQ=DAILY;COUNT=" + "9" * 40,), "rule_count"),
        (("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",), "rule_never"),
        (("RRULE:FREQ=DAILY;UNTIL=20261001T000000Z",), "rule_never"),
        (("RRULE:FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 10_000),), "rule_too_long"),
        (("RRULE:every day",), "rule_syntax"),
        (("RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), "several_rules"),
        (("RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"), "exclusion_rule"),
        ((DAILY, "EXDATE:20261102,20261103,20261104,20261105"), "no_occurrence"),
        ((DAILY, "EXDATE:yesterday"), "bad_date"),
        (("RRULE:FREQ=DAILY", "EXDATE:" + ",".join(["20261105"] * 5_001)), "too_many_exceptions"),
    ],
)  # fmt: skip
def test_rules_that_are_refused(lines: tuple[str, ...], reason: str) -> None:
    assert refusal(*lines) == reason


def test_more_exceptions_than_an_event_may_have() -> None:
    days = [
        f"20{year}{month:02}{day:02}" for year in (27, 28) for month in range(1, 13) for day in range(1, 29)
    ]
    assert refusal("RRULE:FREQ=DAILY", "EXDATE:" + ",".join(days[:501])) == "too_many_exceptions"
    exceptions = read_one("RRULE:FREQ=DAILY", "EXDATE:" + ",".join(days[:500]))["exceptions"]
    assert len(exceptions) == 500


@pytest.mark.parametrize(
    "line",
    [
        "EXDATE;TZID=Asia/Seoul:20261103T100000",
        "EXDATE:20261103T010000Z",
        "EXDATE:20261103T100000",
        "EXDATE;VALUE=DATE:20261103",
        "EXDATE:20261103",
        "EXDATE;TZID=Asia/Seoul:20261103T000000",
        "EXDATE:20261103T000000Z",
        "EXDATE;TZID=America/New_York:20261102T200000",
        "EXDATE;TZID=Asia/Seoul:20261103T100000,20261209T100000",
    ],
)
def test_forms_of_excluded_dates(line: str) -> None:
    assert series(DAILY, line)["exceptions"] == {"2026-11-03": EXCLUDED}


@pytest.mark.parametrize(
    "line", ["EXDATE;VALUE=DATE:20261103", "EXDATE:20261103T000000", "EXDATE:20261102T150000Z"]
)
def test_excluded_dates_of_an_event_that_lasts_all_day(line: str) -> None:
    assert series(ALL_DAY, DAILY, line)["exceptions"] == {"2026-11-03": EXCLUDED}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("RDATE;TZID=Asia/Seoul:20261110T100000",), {"2026-11-10": {"added": True}}),
        (("RDATE;VALUE=DATE:20261110",), {"2026-11-10": {"added": True}}),
        (("RDATE;TZID=Asia/Seoul:20261103T100000",), None),
        (
            ("RDATE;TZID=Asia/Seoul:20261110T130000",),
            {"2026-11-10": {"added": True, "start_time": "13:00", "end_time": "14:00"}},
        ),
        (
            ("RDATE;VALUE=PERIOD;TZID=Asia/Seoul:20261110T130000/PT3H",),
            {"2026-11-10": {"added": True, "start_time": "13:00", "end_time": "16:00"}},
        ),
        (
            ("RDATE;VALUE=PERIOD:20261110T010000Z/20261110T020000Z",),
            {"2026-11-10": {"added": True}},
        ),
        (("RDATE:20261110", "EXDATE:20261110"), None),
    ],
)
def test_added_dates(lines: tuple[str, ...], expected: object) -> None:
    assert series(END, DAILY, *lines).get("exceptions") == expected


def test_a_rule_that_ends_before_its_first_day_is_a_single_event() -> None:
    lines = (ALL_DAY, "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4MO;UNTIL=20261110")
    assert series(*lines) == {}
    assert [code for code, _ in warnings(*lines)] == ["rule_dropped"]


def test_added_dates_without_a_rule() -> None:
    assert series("RDATE;TZID=Asia/Seoul:20261104T100000,20261109T100000") == {
        "recurrence": "FREQ=DAILY;COUNT=1",
        "exceptions": {"2026-11-04": {"added": True}, "2026-11-09": {"added": True}},
    }


def test_a_second_occurrence_on_one_day_is_named() -> None:
    lines = (DAILY, "RDATE;TZID=Asia/Seoul:20261103T150000")
    assert warnings(*lines) == [("date_dropped", "2026-11-03")]
    assert read_one(*lines)["ical"]


def test_a_start_that_the_rule_does_not_give_is_added() -> None:
    assert series("DTSTART;TZID=Asia/Seoul:20261103T100000", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3") == {
        "recurrence": "FREQ=WEEKLY;COUNT=3;BYDAY=MO",
        "exceptions": {"2026-11-03": {"added": True}},
    }


# Overrides


@pytest.mark.parametrize(
    "line",
    [
        "RECURRENCE-ID;TZID=Asia/Seoul:20261103T100000",
        "RECURRENCE-ID:20261103T010000Z",
        "RECURRENCE-ID;VALUE=DATE:20261103",
    ],
)
def test_forms_of_the_date_that_an_override_names(line: str) -> None:
    patch = {"start_time": "15:00", "end_time": "16:30"}
    lines = ("DTSTART;TZID=Asia/Seoul:20261103T150000", "DTEND;TZID=Asia/Seoul:20261103T163000")
    assert with_override(line, *lines)["exceptions"] == {"2026-11-03": patch}


RID = "RECURRENCE-ID;TZID=Asia/Seoul:20261103T100000"
SAME = ("DTSTART;TZID=Asia/Seoul:20261103T100000", "DTEND;TZID=Asia/Seoul:20261103T110000")


@pytest.mark.parametrize(
    ("lines", "patch"),
    [
        (SAME, None),
        ((*SAME, "SUMMARY:y"), {"title": "y"}),
        ((*SAME, "LOCATION:3층", "STATUS:CANCELLED"), {"location": "3층", "status": "cancelled"}),
        (SAME[:1], {"end_time": None}),
        (
            ("DTSTART;TZID=Asia/Seoul:20261105T100000", "DTEND;TZID=Asia/Seoul:20261105T110000"),
            {"event_date": "2026-11-05"},
        ),
        (
            ("DTSTART;TZID=America/New_York:20261102T210000", "DURATION:PT1H"),
            {"start_time": "11:00", "end_time": "12:00"},
        ),
        (("DTSTART;VALUE=DATE:20261103",), {"start_time": None, "end_time": None}),
        (
            ("DTSTART;TZID=Asia/Seoul:20261103T100000", "DTEND;TZID=Asia/Seoul:20261105T110000"),
            {"end_date": "2026-11-05"},
        ),
    ],
)
def test_what_an_override_changes(lines: tuple[str, ...], patch: object) -> None:
    expected = {"2026-11-03": patch} if patch else None
    assert with_override(RID, *lines).get("exceptions") == expected


def test_an_override_without_a_title_has_the_series_title() -> None:
    override = vevent(RID, *SAME).replace("SUMMARY:x\r\n", "")
    (record,) = read_records(calendar(vevent("SUMMARY:회의", END, DAILY), override))
    assert "exceptions" not in record


def test_fields_that_the_occurrence_lacks_are_null() -> None:
    master = (END, DAILY, "LOCATION:3층", "CATEGORIES:a")
    patch = {"location": None, "categories": None}
    assert with_override(RID, *SAME, master=master)["exceptions"] == {"2026-11-03": patch}


def test_an_override_of_a_date_that_the_rule_does_not_give_is_added() -> None:
    lines = ("RECURRENCE-ID;TZID=Asia/Seoul:20261120T100000", "DTSTART;TZID=Asia/Seoul:20261120T100000")
    patch = {"end_time": None, "added": True}
    assert with_override(*lines)["exceptions"] == {"2026-11-20": patch}


def test_an_override_beside_an_excluded_date_counts_unless_the_series_is_newer() -> None:
    """A later revision of the series took the occurrence away (RFC 5546 §2.1.5)."""
    override = (RID, *SAME, "SUMMARY:y", "SEQUENCE:1")
    excluded = "EXDATE;TZID=Asia/Seoul:20261103T100000"
    same = with_override(*override, master=(END, DAILY, excluded, "SEQUENCE:1"))
    assert same["exceptions"] == {"2026-11-03": {"title": "y"}}
    newer = with_override(*override, master=(END, DAILY, excluded, "SEQUENCE:2"))
    assert newer["exceptions"] == {"2026-11-03": EXCLUDED}


def test_overrides_of_an_event_without_a_rule() -> None:
    assert with_override(RID, *SAME, master=(END,)) == {
        "recurrence": "FREQ=DAILY;COUNT=1",
        "exceptions": {"2026-11-03": {"added": True}},
    }


def test_overrides_without_their_series_are_events() -> None:
    lines = ("DTSTART;TZID=Asia/Seoul:20261103T150000",)
    (reading,) = read(calendar(vevent(RID, *lines)))
    (record,) = reading.records
    assert (record["uid"], record["start_time"]) == ("u_20261103", "15:00")
    assert [note.code for note in reading.warnings] == ["no_series"]
    assert "recurrence" not in record


def test_an_override_that_says_more_is_kept_with_the_series() -> None:
    (record,) = read_records(calendar(vevent(END, DAILY), vevent(RID, *SAME, "X-A:1")))
    assert (unpacked(record["ical"]) or b"").count(b"BEGIN:VEVENT") == 2


# Series in UTC


def test_a_series_in_utc_comes_into_a_zone_that_never_changes() -> None:
    record = read_one("DTSTART:20261102T010000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO")
    assert (record["start_time"], record["time_zone"]) == ("10:00", "Asia/Seoul")


@pytest.mark.parametrize(
    ("start", "zone"), [("20261102T010000Z", "Europe/Berlin"), ("20261102T200000Z", "Asia/Seoul")]
)
def test_a_series_in_utc_stays_there_if_its_days_or_times_would_change(start: str, zone: str) -> None:
    record = read_one(f"DTSTART:{start}", "RRULE:FREQ=WEEKLY;BYDAY=MO", default_zone=zone)
    assert (record["event_date"], record["time_zone"]) == ("2026-11-02", "UTC")


# RANGE=THISANDFUTURE

RANGE = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Asia/Seoul:20261104T100000"


def test_this_and_future_becomes_two_series() -> None:
    lines = ("DTSTART;TZID=Asia/Seoul:20261104T150000", "DTEND;TZID=Asia/Seoul:20261104T160000")
    excluded = "EXDATE;TZID=Asia/Seoul:20261102T100000,20261105T100000"
    (reading,) = read(calendar(vevent(END, DAILY, excluded), vevent(RANGE, *lines, "SUMMARY:y")))
    first, second = reading.records
    assert (first["uid"], second["uid"]) == ("u", "u_20261104")
    assert first["recurrence"] == "FREQ=DAILY;UNTIL=20261103"
    assert first["exceptions"] == {"2026-11-02": EXCLUDED}
    assert (second["title"], second["start_time"], second["recurrence"]) == (
        "y",
        "15:00",
        "FREQ=DAILY;COUNT=2",
    )
    assert second["exceptions"] == {"2026-11-05": EXCLUDED}
    assert [note.code for note in reading.warnings] == ["series_split"]


def test_this_and_future_moves_the_days_of_a_weekly_rule() -> None:
    master = vevent(SEOUL_START, "RRULE:FREQ=WEEKLY;BYDAY=MO,WE")
    move = ("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Asia/Seoul:20261109T100000",)
    moved = vevent(*move, "DTSTART;TZID=Asia/Seoul:20261110T100000")
    override = vevent(
        "RECURRENCE-ID;TZID=Asia/Seoul:20261111T100000", "DTSTART;TZID=Asia/Seoul:20261113T120000"
    )
    records = read_records(calendar(master, moved, override))
    found = sorted(
        start for record in records for start in starts(record, date(2026, 11, 1), date(2026, 11, 19))
    )
    assert found == [
        "2026-11-02T01:00Z", "2026-11-04T01:00Z",
        "2026-11-10T01:00Z", "2026-11-13T03:00Z", "2026-11-17T01:00Z", "2026-11-19T01:00Z",
    ]  # fmt: skip


def test_this_and_future_from_the_first_date_on_is_the_whole_series() -> None:
    whole = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Asia/Seoul:20261102T100000"
    (record,) = read_records(calendar(vevent(DAILY), vevent(whole, SEOUL_START, "SUMMARY:y")))
    assert (record["title"], record["uid"], record["recurrence"]) == ("y", "u", "FREQ=DAILY;COUNT=4")


def test_days_of_a_monthly_rule_cannot_be_moved() -> None:
    (reading,) = read(
        calendar(
            vevent("RRULE:FREQ=MONTHLY;BYDAY=1MO"),
            vevent(
                "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Asia/Seoul:20261207T100000",
                "DTSTART;TZID=Asia/Seoul:20261208T100000",
            ),
        )
    )
    assert reading.refused == "range_unsupported"


def test_an_override_that_repeats_another_is_named() -> None:
    (reading,) = read(
        calendar(vevent(END, DAILY), vevent(RID, *SAME, "SUMMARY:y"), vevent(RID, *SAME, "SUMMARY:z"))
    )
    assert reading.records[0]["exceptions"] == {"2026-11-03": {"title": "z"}}
    assert [tuple(note) for note in reading.warnings] == [("override_repeated", "2026-11-03")]


def test_exceptions_that_are_too_large() -> None:
    overrides = (
        vevent(
            f"RECURRENCE-ID;VALUE=DATE:2027{month:02}{day:02}",
            f"DTSTART;TZID=Asia/Seoul:2027{month:02}{day:02}T100000",
            "DESCRIPTION:" + "가" * 3_000,
        )
        for month in range(1, 3)
        for day in range(1, 8)
    )
    (reading,) = read(calendar(vevent("RRULE:FREQ=DAILY"), *overrides))
    assert reading.refused == "too_many_exceptions"


def test_this_and_future_twice_with_exceptions_between() -> None:
    def from_day(day: int, *lines: str) -> str:
        moment = f";RANGE=THISANDFUTURE;TZID=Asia/Seoul:202611{day:02}T100000"
        return vevent(f"RECURRENCE-ID{moment}", *lines)

    override = ("RECURRENCE-ID;TZID=Asia/Seoul:20261105T100000", "DTSTART;TZID=Asia/Seoul:20261105T180000")
    added = "RDATE;TZID=Asia/Seoul:20270105T100000"
    (reading,) = read(
        calendar(
            vevent("RRULE:FREQ=DAILY;UNTIL=20261110T010000Z", added),
            vevent(*override, "X-A:1"),
            from_day(8, "SUMMARY:z", "DTSTART;TZID=Asia/Seoul:20261108T120000"),
            from_day(4, "SUMMARY:y").replace("DTSTART;TZID=Asia/Seoul:20261102T100000\r\n", ""),
        )
    )
    first, second, third = reading.records
    assert [note.code for note in reading.warnings] == ["series_split", "extras_dropped"]
    assert "exceptions" not in first
    assert second["exceptions"] == {"2026-11-05": {"start_time": "18:00", "title": "x"}}
    assert (second["start_time"], third["start_time"]) == ("10:00", "12:00")
    assert third["recurrence"] == "FREQ=DAILY;UNTIL=20261110"
    assert third["exceptions"] == {"2027-01-05": {"added": True}}


def test_too_many_cuts() -> None:
    cuts = (
        vevent(f"RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Asia/Seoul:202611{day:02}T100000")
        for day in range(3, 25)
    )
    (reading,) = read(calendar(vevent("RRULE:FREQ=DAILY"), *cuts))
    assert reading.refused == "too_many_exceptions"
