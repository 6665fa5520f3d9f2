"""Imported events keep their lines: one field is changed, and no other line."""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ical.files import (
    SEOUL,
    calendar,
    corpus,
    event_lines,
    lines_of,
    name_of,
    read,
    read_records,
    stored,
    vevent,
    written,
)

MORE = 'X-A;B="c:d":e\\,f'
STAMPS = {"SEQUENCE", "DTSTAMP", "LAST-MODIFIED"}
NOW = "2026-02-02T00:00:00.000Z"


def imported(*events: str, **changes: Any) -> dict[str, Any]:
    (record,) = read_records(calendar(*events))
    return stored(record, **changes)


def edited(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return stored(record, **{"version": 2, "last_modified": NOW, **changes})


def difference(before: list[str], after: list[str]) -> list[str]:
    """Lines that are gone, and with + those that are new, but for the stamps."""
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    lines = [*gone.elements(), *(f"+{line}" for line in new.elements())]
    return [line for line in lines if name_of(line.lstrip("+")) not in STAMPS]


def changes(record: dict[str, Any], **edit: Any) -> list[str]:
    before, after = event_lines(record, guests=True), event_lines(edited(record, **edit), guests=True)
    return difference(before, after)


def test_an_event_that_nobody_changed_is_byte_for_byte_as_it_came() -> None:
    attendee = "ATTENDEE:mailto:a@x.example"
    text = vevent("DTSTAMP:20200101T000000Z", "SUMMARY;LANGUAGE=ko:x\r\n y", "SEQUENCE:3", MORE, attendee)
    assert text.encode() in written(imported(text), guests=True)


def test_stamps_change_with_the_version() -> None:
    record = imported(vevent("DTSTAMP:20200101T000000Z", "SEQUENCE:3", MORE))
    lines = event_lines(edited(record))
    assert {"SEQUENCE:4", "DTSTAMP:20260202T000000Z", "LAST-MODIFIED:20260202T000000Z", MORE} <= {*lines}
    assert "SEQUENCE:3" in event_lines(record)


@pytest.mark.parametrize(
    ("lines", "edit", "expected"),
    [
        ((), {"title": "y, z"}, ["SUMMARY:x", "+SUMMARY:y\\, z"]),
        ((), {"location": "3층"}, ["+LOCATION:3층"]),
        (("LOCATION;ALTREP=\"a:b\":c",), {"location": None}, ["LOCATION;ALTREP=\"a:b\":c"]),
        (("CATEGORIES:a", "CATEGORIES:b"), {"categories": ["b"]}, ["CATEGORIES:a"]),
        (("COLOR:red",), {"color": "#123456"}, ["COLOR:red", "+X-TEAMCAL-COLOR:#123456"]),
        (("STATUS:CONFIRMED",), {"status": "tentative"}, ["STATUS:CONFIRMED", "+STATUS:TENTATIVE"]),
        (("TRANSP:TRANSPARENT",), {"busy": None}, ["TRANSP:TRANSPARENT"]),
        (
            ("DTEND;TZID=Asia/Seoul:20261102T110000",),
            {"end_time": "12:00"},
            ["DTEND;TZID=Asia/Seoul:20261102T110000", "+DTEND;TZID=Asia/Seoul:20261102T120000"],
        ),
        (
            ("DURATION:PT1H",),
            {"start_time": "14:00", "end_time": "15:00"},
            ["DTSTART;TZID=Asia/Seoul:20261102T100000", "+DTSTART;TZID=Asia/Seoul:20261102T140000"],
        ),
        (
            ("DURATION:PT1H",),
            {"end_time": "12:00"},
            ["DURATION:PT1H", "+DTEND;TZID=Asia/Seoul:20261102T120000"],
        ),
        (
            ("DTSTART;VALUE=DATE:20261102",),
            {"event_date": "2026-11-03"},
            ["DTSTART;VALUE=DATE:20261102", "+DTSTART;VALUE=DATE:20261103"],
        ),
        (
            ("RRULE:WKST=MO;FREQ=DAILY",),
            {"recurrence": "FREQ=DAILY;COUNT=3"},
            ["RRULE:WKST=MO;FREQ=DAILY", "+RRULE:FREQ=DAILY;COUNT=3"],
        ),
        (("RRULE:FREQ=DAILY;COUNT=5",), {"recurrence": None}, ["RRULE:FREQ=DAILY;COUNT=5"]),
        (
            ("RRULE:FREQ=DAILY", "EXDATE:20261103T010000Z"),
            {"exceptions": {"2026-11-03": {"excluded": True}, "2026-11-04": {"excluded": True}}},
            ["+EXDATE;TZID=Asia/Seoul:20261104T100000"],
        ),
        (
            ("RRULE:FREQ=DAILY", "EXDATE:20261103T010000Z,20261104T010000Z"),
            {"exceptions": {"2026-11-04": {"excluded": True}}},
            ["EXDATE:20261103T010000Z,20261104T010000Z", "+EXDATE;TZID=Asia/Seoul:20261104T100000"],
        ),
        ((), {"people": ["김"]}, ["+X-TEAMCAL-PEOPLE:김"]),
        ((), {"time": "오전 10:00"}, []),
    ],
)  # fmt: skip
def test_one_field_changes_its_own_lines(
    lines: tuple[str, ...], edit: dict[str, Any], expected: list[str]
) -> None:
    record = imported(vevent(*lines, MORE))
    assert sorted(changes(record, **edit)) == sorted(expected)


ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:a", "END:VALARM")
OTHER_ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "UID:b", "END:VALARM")


def test_reminders_change_the_alarms_that_they_are() -> None:
    record = imported(vevent(*ALARM, *OTHER_ALARM))
    assert record["reminders"] == [15]
    added = [
        "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT30M", "END:VALARM",
    ]  # fmt: skip
    gone = ["TRIGGER:-PT15M", "DESCRIPTION:a", "+DESCRIPTION:x", "+TRIGGER:-PT30M"]
    assert sorted(changes(record, reminders=[30])) == sorted(gone)
    assert sorted(changes(record, reminders=[15, 30])) == sorted(f"+{line}" for line in added)


def test_new_lines_come_before_the_alarms() -> None:
    lines = event_lines(edited(imported(vevent(*OTHER_ALARM)), location="3층"))
    assert lines.index("LOCATION:3층") < lines.index("BEGIN:VALARM")


DAILY = ("RRULE:FREQ=DAILY", "DTEND;TZID=Asia/Seoul:20261102T110000")
OVERRIDE = (
    "RECURRENCE-ID;TZID=Asia/Seoul:20261103T100000", "DTSTART;TZID=Asia/Seoul:20261103T150000",
    "DTEND;TZID=Asia/Seoul:20261103T160000", "X-OVERRIDE:1",
)  # fmt: skip


def series(**edit: Any) -> dict[str, Any]:
    return imported(vevent(*DAILY, MORE), vevent(*OVERRIDE), **edit)


def test_a_field_of_the_series_changes_its_overrides_too() -> None:
    assert sorted(changes(series(), title="y")) == ["+SUMMARY:y", "+SUMMARY:y", "SUMMARY:x", "SUMMARY:x"]


def test_a_field_of_one_occurrence() -> None:
    patch = {**series()["exceptions"]["2026-11-03"], "title": "y", "version": 2}
    assert sorted(changes(series(), exceptions={"2026-11-03": patch})) == ["+SUMMARY:y", "SUMMARY:x"]


def test_another_occurrence_becomes_a_new_component() -> None:
    exceptions = {**series()["exceptions"], "2026-11-05": {"title": "y"}}
    added = changes(series(), exceptions=exceptions)
    assert all(line.startswith("+") for line in added)
    assert "+RECURRENCE-ID;TZID=Asia/Seoul:20261105T100000" in added


@pytest.mark.parametrize("exceptions", [None, {"2026-11-03": {"version": 2}}])
def test_an_exception_that_is_undone_takes_its_component_away(exceptions: Any) -> None:
    gone = changes(series(), exceptions=exceptions)
    assert "X-OVERRIDE:1" in gone
    assert not any(line.startswith("+") for line in gone)


def test_an_occurrence_that_is_taken_away() -> None:
    found = changes(series(), exceptions={"2026-11-03": {"excluded": True}})
    assert "X-OVERRIDE:1" in found
    assert [line for line in found if line.startswith("+")] == ["+EXDATE;TZID=Asia/Seoul:20261103T100000"]


def test_the_first_date_moves_the_dates_of_the_overrides() -> None:
    exceptions = {"2026-11-04": series()["exceptions"]["2026-11-03"]}
    found = changes(series(), event_date="2026-11-03", exceptions=exceptions)
    assert "+RECURRENCE-ID;TZID=Asia/Seoul:20261104T100000" in found
    assert "+DTSTART;TZID=Asia/Seoul:20261104T150000" in found
    assert "X-OVERRIDE:1" not in found


def test_another_start_time_moves_what_names_the_occurrences() -> None:
    excluded = "EXDATE;TZID=Asia/Seoul:20261105T100000"
    record = imported(vevent(*DAILY, MORE, excluded), vevent(*OVERRIDE))
    found = changes(record, start_time="10:30")
    assert {"+EXDATE;TZID=Asia/Seoul:20261105T103000", "+RECURRENCE-ID;TZID=Asia/Seoul:20261103T103000"} <= {
        *found
    }
    assert "DTSTART;TZID=Asia/Seoul:20261103T150000" not in found


def test_a_series_that_becomes_a_single_event_loses_its_overrides() -> None:
    text = event_lines(edited(series(), recurrence=None, exceptions=None))
    assert text.count("BEGIN:VEVENT") == 1
    assert MORE in text


def test_feeds_have_no_addresses() -> None:
    lines = (
        "ORGANIZER;CN=a:mailto:a@x.example",
        "ATTENDEE:mailto:b@x.example",
        "X-MS-OLK-SENDER:mailto:c@x.example",
    )
    alarm = ("BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER:-PT5M", "ATTENDEE:mailto:d@x.example", "END:VALARM")
    record = imported(vevent(*lines, MORE, *alarm))
    assert "@x.example" not in written(record).decode()
    assert MORE in event_lines(record)
    assert written(record, guests=True).decode().count("@x.example") == 4


def test_the_zone_of_a_name_that_is_not_iana_s() -> None:
    record = imported(vevent('DTSTART;TZID="(UTC+09:00) Seoul":20261102T100000', MORE))
    text = written(record).decode()
    assert "TZID:(UTC+09:00) Seoul\r\n" in text
    assert 'DTSTART;TZID="(UTC+09:00) Seoul":20261102T100000' in text
    assert read_records(text.encode())[0]["time_zone"] == SEOUL


def test_one_name_for_two_zones_in_one_calendar() -> None:
    custom = "DTSTART;TZID=Customized Time Zone:20261102T100000"
    first = imported(vevent(custom, MORE, uid="a"), time_zone=SEOUL)
    second = imported(vevent(custom, MORE, uid="b"), time_zone="Europe/Berlin", id="2")
    records = read_records(written(first, second))
    assert [record["time_zone"] for record in records] == [SEOUL, "Europe/Berlin"]


def test_a_hostile_name_of_a_zone_is_replaced() -> None:
    record = imported(vevent(f"DTSTART;TZID={'x' * 60_000}:20261102T100000", MORE))
    assert "DTSTART;TZID=Asia/Seoul:20261102T100000" in lines_of(written(record))


def test_lines_that_cannot_be_read_any_more_are_written_anew() -> None:
    for damaged in (b"", b"x", imported(vevent(MORE))["ical"][:-5]):
        lines = event_lines(imported(vevent(MORE), ical=damaged))
        assert "SUMMARY:x" in lines
        assert MORE not in lines


def test_lines_that_are_no_event_any_more_are_written_anew() -> None:
    text = vevent(MORE, "RRULE:FREQ=SECONDLY").encode()
    assert MORE not in event_lines(stored({"ical": zlib.compress(text)}))
    assert MORE not in event_lines(stored({"ical": zlib.compress(text * 2)}))


def edits(record: dict[str, Any]) -> Iterator[tuple[dict[str, Any], set[str]]]:
    """One field each, and the properties that may change with it."""
    yield {"title": "새 제목; 하나, 둘 " + "가" * 60}, {"SUMMARY"}
    yield {"description": "새\n설명"}, {"DESCRIPTION"}
    yield {"location": "3층"}, {"LOCATION"}
    yield {"url": "https://new.example/"}, {"URL"}
    yield {"categories": ["휴가"]}, {"CATEGORIES"}
    yield {"color": "#123456"}, {"COLOR", "X-TEAMCAL-COLOR"}
    yield {"status": "cancelled" if record.get("status") == "tentative" else "tentative"}, {"STATUS"}
    yield {"people": ["김"]}, {"X-TEAMCAL-PEOPLE"}
    if "recurrence" not in record and "start_time" in record:
        yield {"start_time": "06:07"}, {"DTSTART", "DTEND", "DURATION"}


def check_edits(record: dict[str, Any]) -> int:
    before = event_lines(record, guests=True)
    number = 0
    for edit, may_change in edits(record):
        number += 1
        after = event_lines(edited(record, **edit), guests=True)
        names = {name_of(line.lstrip("+")) for line in difference(before, after)}
        assert names <= may_change, (edit, difference(before, after))
        (again,) = read_records(
            written(edited(record, **edit), guests=True), record.get("time_zone") or SEOUL
        )
        for name, value in edit.items():
            assert again[name] == value
    return number


# Entries some of whose lines are already changed at import, because programs read them in different ways.
_CHANGED = {"no_series", "uid_repeated", "uid_replaced", "series_split", "unknown_zone"}


def edited_records(paths: Iterable[Path]) -> tuple[int, int]:
    """Imports and edits what the files have; every event gets a line that no field has. Returns how many
    records and edits there were."""
    records = number = 0
    for path in paths:
        data = path.read_bytes().replace(b"END:VEVENT", MORE.encode() + b"\r\nEND:VEVENT")
        original = Counter(lines_of(data))
        for reading in read(data) if b"BEGIN:VEVENT" in data else ():
            for record in map(stored, reading.records):
                if not {note.code for note in reading.warnings} & _CHANGED:
                    assert not Counter(event_lines(record, guests=True)) - original, path
                records += 1
                number += check_edits(record)
    return records, number


def test_events_of_other_programs() -> None:
    records, number = edited_records(corpus())
    assert records > 100
    assert number > 800


@pytest.mark.slow
def test_a_thousand_events_of_other_programs(other_python: Path) -> None:
    records, number = edited_records(sorted(other_python.parents[1].rglob("*.ics")))
    print(f"{records} records, {number} edits")
    assert records > 1_000
    assert number > 8_000
