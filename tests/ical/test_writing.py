"""Events as iCalendar text."""

from functools import partial

import pytest

from teamcal.ical import calendar_text, fragment
from tests.ical.files import ID, SEOUL, STORED, event_lines, lines_of, read_records, stored, written

SERIES = {
    "start_time": "10:00",
    "end_time": "11:00",
    "time_zone": "America/New_York",
    "recurrence": "FREQ=WEEKLY;UNTIL=20270101;BYDAY=MO",
    "exceptions": {
        "2026-11-09": {"excluded": True, "version": 2},
        "2026-11-16": {"event_date": "2026-11-17", "start_time": "14:00", "end_time": "15:00", "version": 3},
        "2026-11-20": {"added": True, "version": 1},
        "2026-11-23": {"version": 4},
    },
}


def test_a_calendar() -> None:
    text = written(stored({"title": "회의"}), name="팀, 서울", refresh_minutes=30)
    assert lines_of(text) == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Team Calendar//Team Calendar//KO", "CALSCALE:GREGORIAN",
        "NAME:팀\\, 서울", "X-WR-CALNAME:팀\\, 서울", "REFRESH-INTERVAL;VALUE=DURATION:PT30M",
        "X-PUBLISHED-TTL:PT30M",
        "BEGIN:VEVENT", f"UID:{ID}@teamcal", "DTSTAMP:20260101T000000Z", "LAST-MODIFIED:20260101T000000Z",
        "SEQUENCE:0", "CREATED:20260101T000000Z", "DTSTART;VALUE=DATE:20261102", "DTEND;VALUE=DATE:20261103",
        "SUMMARY:회의", "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip


def test_a_file_that_is_read_once_has_no_name() -> None:
    assert "NAME" not in written(stored({})).decode()


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({"title": "a, b; c\\"}, ["SUMMARY:a\\, b\\; c\\\\"]),
        ({"description": "a\nb"}, ["DESCRIPTION:a\\nb"]),
        ({"title": "a\x00b\ud800"}, ["SUMMARY:ab"]),
        ({"description": "", "url": "", "time": ""}, []),
        ({"location": "3층"}, ["LOCATION:3층"]),
        ({"url": "https://x.example/a,b;c"}, ["URL:https://x.example/a,b;c"]),
        ({"categories": ["a", "b,c"]}, ["CATEGORIES:a,b\\,c"]),
        ({"color": "#ff0000"}, ["COLOR:red"]),
        ({"color": "#ff0001"}, ["X-TEAMCAL-COLOR:#ff0001"]),
        ({"status": "tentative"}, ["STATUS:TENTATIVE"]),
        ({"busy": False}, ["TRANSP:TRANSPARENT"]),
        ({"people": ["김", "이"]}, ["X-TEAMCAL-PEOPLE:김,이"]),
        ({"time": "점심"}, ["X-TEAMCAL-TIME:점심"]),
        ({"uid": "a\\,b"}, ["UID:a\\,b"]),
        (
            {"reminders": [0, 15]},
            [
                "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT0M", "END:VALARM",
                "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT15M", "END:VALARM",
            ],
        ),
        ({"sequence": 5, "version": 3}, ["SEQUENCE:7"]),
        ({"end_date": "2026-11-04"}, ["DTEND;VALUE=DATE:20261105"]),
        ({"event_date": "9999-12-31"}, ["DTSTART;VALUE=DATE:99991231"]),
    ],
)  # fmt: skip
def test_fields(fields: dict[str, object], lines: list[str]) -> None:
    added = [line for line in event_lines(stored(fields)) if line not in event_lines(stored({}))]
    assert added == lines


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        (
            {"time_zone": SEOUL, "end_time": "11:00"},
            ["DTSTART;TZID=Asia/Seoul:20261102T100000", "DTEND;TZID=Asia/Seoul:20261102T110000"],
        ),
        ({"time_zone": SEOUL}, ["DTSTART;TZID=Asia/Seoul:20261102T100000"]),
        ({"time_zone": SEOUL, "end_time": "09:00"}, ["DTEND;TZID=Asia/Seoul:20261103T090000"]),
        ({"time_zone": SEOUL, "end_time": "10:00"}, ["DTEND;TZID=Asia/Seoul:20261103T100000"]),
        (
            {"time_zone": SEOUL, "end_time": "11:00", "end_date": "2026-11-04"},
            ["DTEND;TZID=Asia/Seoul:20261104T110000"],
        ),
        (
            {"time_zone": SEOUL, "end_date": "2026-11-04"},
            ["DTEND;X-TEAMCAL-END=DAY;TZID=Asia/Seoul:20261105T000000"],
        ),
        ({"time_zone": "UTC"}, ["DTSTART:20261102T100000Z", "X-TEAMCAL-ZONE:UTC"]),
        ({}, ["DTSTART;TZID=Asia/Seoul:20261102T100000"]),
        ({"time_zone": "Mars/Olympus"}, ["DTSTART;TZID=Asia/Seoul:20261102T100000"]),
        ({"time_zone": SEOUL, "time": "오전 10:00"}, ["DTSTART;TZID=Asia/Seoul:20261102T100000"]),
    ],
)
def test_times(fields: dict[str, object], lines: list[str]) -> None:
    text = event_lines(stored({"start_time": "10:00", **fields}))
    assert set(lines) <= set(text)
    assert not any(line.startswith("X-TEAMCAL-TIME") for line in text)
    if "end_time" not in fields and "end_date" not in fields:
        assert not any(line.startswith("DTEND") for line in text)


def test_a_series() -> None:
    text = event_lines(stored(SERIES, version=5))
    assert [line for line in text if line.startswith(("RRULE", "EXDATE", "RDATE"))] == [
        "RRULE:FREQ=WEEKLY;UNTIL=20270101T150000Z;BYDAY=MO",
        "EXDATE;TZID=America/New_York:20261109T100000",
        "RDATE;TZID=America/New_York:20261120T100000",
    ]
    override = text[text.index("END:VEVENT") + 1 :]
    assert override.count("BEGIN:VEVENT") == 1
    assert [line for line in override if line.startswith(("UID", "RECURRENCE-ID", "DT", "SEQ", "RRULE"))] == [
        f"UID:{ID}@teamcal", "DTSTAMP:20260101T000000Z", "SEQUENCE:4",
        "DTSTART;TZID=America/New_York:20261117T140000", "DTEND;TZID=America/New_York:20261117T150000",
        "RECURRENCE-ID;TZID=America/New_York:20261116T100000",
    ]  # fmt: skip


def test_a_start_that_the_rule_does_not_give_is_excluded_for_other_programs() -> None:
    record = stored({"recurrence": "FREQ=WEEKLY;BYDAY=TU"})
    assert "EXDATE;VALUE=DATE:20261102" in event_lines(record)
    (again,) = read_records(written(record))
    assert "exceptions" not in again
    added = stored(record, exceptions={"2026-11-02": {"added": True}})
    assert not any(line.startswith("EXDATE") for line in event_lines(added))


def test_until_is_a_date_where_the_event_lasts_all_day() -> None:
    record = stored(
        {"recurrence": "FREQ=DAILY;UNTIL=20261105", "exceptions": {"2026-11-03": {"excluded": True}}}
    )
    assert {"RRULE:FREQ=DAILY;UNTIL=20261105", "EXDATE;VALUE=DATE:20261103"} <= {*event_lines(record)}


def test_an_occurrence_ends_as_many_days_later_as_the_first_one() -> None:
    patch = {"event_date": "2026-12-10"}
    record = stored(
        {"end_date": "2026-11-04", "recurrence": "FREQ=MONTHLY", "exceptions": {"2026-12-02": patch}}
    )
    assert {"DTSTART;VALUE=DATE:20261210", "DTEND;VALUE=DATE:20261213"} <= {*event_lines(record)}


def test_an_occurrence_with_a_time_in_a_series_without_one() -> None:
    record = stored({"recurrence": "FREQ=DAILY", "exceptions": {"2026-11-03": {"start_time": "09:00"}}})
    assert "DTSTART;TZID=Asia/Seoul:20261103T090000" in event_lines(record)
    assert "RECURRENCE-ID;VALUE=DATE:20261103" in event_lines(record)
    assert b"TZID:Asia/Seoul" in written(record)


def test_an_occurrence_with_a_zone_of_its_own() -> None:
    patch = {"start_time": "10:00", "time_zone": "Europe/Berlin", "version": 2}
    record = stored({"recurrence": "FREQ=DAILY;COUNT=3", "exceptions": {"2026-11-03": patch}})
    text = written(record).decode()
    assert "DTSTART;TZID=Europe/Berlin:20261103T100000" in text
    assert text.count("BEGIN:VTIMEZONE") == text.count("TZID:Europe/Berlin") == 1
    (again,) = read_records(text.encode())  # the same moment, in the department's zone
    assert again["exceptions"]["2026-11-03"] == {"start_time": "18:00", "time_zone": "Asia/Seoul"}


def test_an_occurrence_without_a_time_in_a_series_with_one() -> None:
    patch = {"start_time": None, "end_time": None}
    record = stored(SERIES, exceptions={"2026-11-16": patch}, time="오전 10:00")
    override = event_lines(record)[event_lines(record).index("END:VEVENT") :]
    assert "DTSTART;VALUE=DATE:20261116" in override
    assert not any(line.startswith("X-TEAMCAL-TIME") for line in override)


def test_the_zones_that_are_used_come_once() -> None:
    times = {"start_time": "10:00"}
    records = [
        stored({**times, "time_zone": zone, "event_date": day})
        for zone, day in (
            (SEOUL, "2026-11-02"), ("America/New_York", "2026-11-02"), ("America/New_York", "2003-11-02"),
            ("UTC", "2026-11-02"),
        )
    ]  # fmt: skip
    text = written(*records).decode()
    assert [line for line in text.splitlines() if line.startswith("TZID")] == [
        "TZID:America/New_York", "TZID:Asia/Seoul",
    ]  # fmt: skip
    assert "RDATE:20000402T020000" in text
    assert text.index("END:VTIMEZONE") < text.index("BEGIN:VEVENT")


def test_the_same_version_gives_the_same_bytes() -> None:
    assert written(stored(SERIES), name="a") == written(stored(SERIES), name="a")
    assert fragment(stored(SERIES), SEOUL) == fragment(dict(reversed(stored(SERIES).items())), SEOUL)


def test_no_line_is_longer_than_75_octets() -> None:
    text = written(stored({"title": "가" * 200, "description": "나 a" * 3_000}))
    assert max(map(len, text.split(b"\r\n"))) <= 75
    assert all(line.decode() for line in text.split(b"\r\n")[:-1])


@pytest.mark.parametrize(
    "changes",
    [
        {"event_date": "someday"},
        {"event_date": None},
        {"created_at": "", "last_modified": "yesterday"},
        {"created_at": None, "last_modified": None},
        {"version": None},
    ],
)
def test_records_of_other_programs_do_not_fail_a_calendar(changes: dict[str, object]) -> None:
    text = written(stored({}, **changes), stored({"title": "other"}))
    assert b"SUMMARY:other" in text


def test_chunks_let_others_run() -> None:
    records = [
        {**STORED, "title": "x", "event_date": "2026-11-02", "id": str(number)} for number in range(250)
    ]
    chunks = list(calendar_text(records, partial(fragment, default_zone=SEOUL)))
    assert len(chunks) >= 20
    assert max(chunk.count(b"BEGIN:VEVENT") for chunk in chunks) <= 25
