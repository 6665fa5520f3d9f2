"""Files cut into entries, without reading their values."""

import pytest

from teamcal.ical import LARGEST_FILE, CalendarFile, FileRefused, calendar_file
from teamcal.ical.calendar_file import DEEPEST, LONGEST_LINE, MOST_ENTRIES, MOST_LINES
from tests.ical.files import calendar, read_records, vevent


def problems(data: bytes) -> list[str | None]:
    return [part.problem for entry in calendar_file(data).entries for part in entry.parts]


def test_components_of_one_uid_are_one_entry_wherever_they_are() -> None:
    data = calendar(vevent(uid="a"), vevent(uid="b")) + calendar(vevent("RECURRENCE-ID:20261103", uid="a"))
    entries = calendar_file(data).entries
    assert [(entry.uid, len(entry.parts)) for entry in entries] == [("a", 2), ("b", 1)]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\r\n"])
def test_line_breaks(end: str) -> None:
    data = calendar(vevent("DESCRIPTION:a\r\n b")).decode().replace("\r\n", end).encode()
    assert read_records(data)[0]["description"] == "ab"


def test_byte_order_mark_and_lower_case() -> None:
    data = b"\xef\xbb\xbf" + calendar(vevent("SUMMARY:회의")).replace(b"BEGIN:", b"begin:")
    assert read_records(data)[0]["title"] == "회의"


def test_cp949() -> None:
    data = calendar(vevent("SUMMARY:주간 회의")).decode().encode("cp949")
    assert read_records(data)[0]["title"] == "주간 회의"


def test_an_event_outside_of_a_calendar() -> None:
    assert len(calendar_file(vevent().encode()).entries) == 1


def test_an_empty_calendar_has_no_entries() -> None:
    assert calendar_file(calendar()) == CalendarFile([], [])


def test_time_zones_and_the_name_of_the_calendars_zone() -> None:
    zone = "BEGIN:VTIMEZONE\r\nTZID:A\r\nEND:VTIMEZONE\r\n"
    file = calendar_file(calendar("X-WR-TIMEZONE:Europe/Berlin\r\n", zone, vevent()))
    assert file.time_zones == [zone.encode()]
    assert file.zone_name == "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BEGIN:VEVENT\r\nUID:a\r\n", ["unterminated"]),
        ("BEGIN:VEVENT\r\nUID:a\r\nBEGIN:VEVENT\r\nUID:b\r\nEND:VEVENT\r\n", ["unterminated", None]),
        ("BEGIN:VEVENT\r\nBEGIN:VALARM\r\nEND:VEVENT\r\n" + vevent(), ["unterminated", None]),
        ("END:VALARM\r\n" + vevent(), [None]),
        ("BEGIN:VEVENT\r\nUID:a\r\nEND:VALARM\r\nEND:VEVENT\r\n", ["unterminated"]),
    ],
)
def test_one_damaged_component_is_reported_and_fails_no_other(text: str, expected: list[str | None]) -> None:
    assert problems(calendar(text)) == expected


def test_what_is_too_deep_or_has_too_many_lines() -> None:
    def nested(times: int) -> str:
        return vevent("BEGIN:X\r\n" * times + "A:1\r\n" + "END:X\r\n" * (times - 1) + "END:X")

    assert problems(calendar(nested(DEEPEST - 1))) == [None]
    assert problems(calendar(nested(DEEPEST))) == ["too_deep"]
    assert problems(calendar(vevent(*["X-A:1"] * (MOST_LINES - 6)))) == [None]
    assert problems(calendar(vevent(*["X-A:1"] * MOST_LINES))) == ["too_many_lines"]
    assert problems(calendar(vevent(*["X-A:" + "x" * 60_000] * 5))) == ["too_large"]


def test_a_long_line_is_left_out_unless_the_event_needs_it() -> None:
    long = "x" * LONGEST_LINE
    (entry,) = calendar_file(calendar(vevent(f"X-A:{long}", f"ATTACH:{long}"))).entries
    assert entry.parts[0].left_out == ["X-A", "ATTACH"]
    assert len(entry.parts[0].text) < 200
    assert problems(calendar(vevent(f"DESCRIPTION:{long}"))) == ["line_too_long"]
    assert problems(calendar(vevent("X-A:" + "x" * (LONGEST_LINE - 6)))) == [None]
    after = calendar(vevent(f"X-A:{long * 3}"), vevent(uid="b"))
    assert [entry.uid for entry in calendar_file(after).entries] == ["u", "b"]


def test_lines_longer_than_a_piece_are_whole() -> None:
    value = "".join(f"{number} " for number in range(8_000))[:40_000]
    assert calendar_file(calendar(vevent(f"X-A:{value}"))).entries[0].parts[0].text.count(value.encode()) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not_a_calendar"),
        (b"\x00" * 1000, "not_a_calendar"),
        (b"x" * (LARGEST_FILE + 1), "file_too_large"),
        (calendar("".join(vevent(uid=str(n)) for n in range(MOST_ENTRIES + 1))), "too_many_entries"),
        (calendar("BEGIN:VEVENT\r\nEND:VEVENT\r\n" * (MOST_ENTRIES + 1)), "too_many_entries"),
    ],
    ids=["empty", "zeros", "large", "many", "many without UID"],
)
def test_files_that_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(FileRefused) as caught:
        calendar_file(data)
    assert caught.value.reason == reason


def test_pauses_after_every_16_kilobytes() -> None:
    data = calendar("".join(vevent("DESCRIPTION:" + "x" * 500, uid=str(n)) for n in range(3_000)))
    pauses: list[int] = []
    calendar_file(data, lambda: pauses.append(1))
    assert len(pauses) >= len(data) / 20_000
