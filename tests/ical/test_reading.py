"""Single events: which fields the properties of a VEVENT become."""

import zlib

import pytest

from teamcal.ical import REFUSALS, WARNINGS
from teamcal.ical.extras import MOST_BYTES, unpacked
from tests.ical.files import (
    SEOUL,
    calendar,
    read,
    read_one,
    read_records,
    refusal,
    vevent,
    warnings,
)

ALL_DAY = "DTSTART;VALUE=DATE:20261102"
TIMED = {"event_date": "2026-11-02", "start_time": "10:00", "time_zone": SEOUL, "title": "x"}
WHOLE = {"event_date": "2026-11-02", "title": "x"}


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ((), TIMED),
        (("DTEND;TZID=Asia/Seoul:20261102T113000",), TIMED | {"end_time": "11:30"}),
        (("DTEND:20261102T023000Z",), TIMED | {"end_time": "11:30"}),
        (("DTEND:20261102T113000",), TIMED | {"end_time": "11:30"}),
        (("DTEND;TZID=Asia/Seoul:20261103T090000",), TIMED | {"end_time": "09:00"}),
        (("DTEND;TZID=Asia/Seoul:20261103T110000",), TIMED | {"end_time": "11:00", "end_date": "2026-11-03"}),
        (("DTEND;TZID=Asia/Seoul:20261105T000000",), TIMED | {"end_time": "00:00", "end_date": "2026-11-05"}),
        (("DTEND;TZID=Asia/Seoul:20261102T100000",), TIMED),
        (("DTEND;VALUE=DATE:20261103",), TIMED | {"end_time": "00:00"}),
        (("DURATION:PT90M",), TIMED | {"end_time": "11:30"}),
        (("DURATION:P1DT1H",), TIMED | {"end_time": "11:00", "end_date": "2026-11-03"}),
        (("DURATION:P1D",), TIMED | {"end_time": "10:00"}),
        (("DURATION:PT0S",), TIMED),
        (("DTSTART:20261102T100000",), TIMED),
        (("DTSTART:20261102T010000Z",), TIMED),
        (("DTSTART:2026-11-02T10:00:00",), TIMED),
        (("DTSTART;TZID=Asia/Seoul:20261102T1000",), TIMED),
        ((ALL_DAY,), WHOLE),
        (("DTSTART:20261102",), WHOLE),
        (("DTSTART;VALUE=DATE:20261102T000000",), WHOLE),
        ((ALL_DAY, "DTEND;VALUE=DATE:20261103"), WHOLE),
        ((ALL_DAY, "DTEND;VALUE=DATE:20261102"), WHOLE),
        ((ALL_DAY, "DTEND;VALUE=DATE:20261105"), WHOLE | {"end_date": "2026-11-04"}),
        ((ALL_DAY, "DTEND:20261104T180000"), WHOLE | {"end_date": "2026-11-04"}),
        ((ALL_DAY, "DURATION:P3D"), WHOLE | {"end_date": "2026-11-04"}),
        ((ALL_DAY, "DURATION:PT36H"), WHOLE | {"end_date": "2026-11-03"}),
        ((ALL_DAY, "DURATION:P1W"), WHOLE | {"end_date": "2026-11-08"}),
    ],
)
def test_times(lines: tuple[str, ...], fields: dict[str, str]) -> None:
    assert read_one(*lines) == fields


def test_hours_are_exact_and_days_are_not_over_a_change_of_the_clock() -> None:
    """RFC 5545 §3.3.6: in New York the night to 8 March 2026 is an hour short."""
    start = "DTSTART;TZID=America/New_York:20260307T220000"
    assert read_one(start, "DURATION:PT6H")["end_time"] == "05:00"
    assert read_one(start, "DURATION:P1D")["end_time"] == "22:00"
    gap = read_one("DTSTART;TZID=America/New_York:20260308T023000", "DURATION:PT30M")
    assert (gap["start_time"], gap["end_time"]) == ("02:30", "04:00")


def test_another_zone_is_kept_and_an_end_in_a_third_one_is_converted() -> None:
    lines = ("DTSTART;TZID=Asia/Tokyo:20261102T100000", "DTEND;TZID=America/New_York:20261102T000000")
    record = read_one(*lines)
    assert (record["time_zone"], record["end_time"]) == ("Asia/Tokyo", "14:00")
    assert warnings(*lines) == [("end_zone_converted", "")]
    assert record["ical"]


def test_a_calendar_s_own_zone_is_that_of_times_without_one() -> None:
    data = calendar("X-WR-TIMEZONE:Europe/Berlin\r\n", vevent("DTSTART:20261102T100000"))
    assert read_records(data)[0]["time_zone"] == "Europe/Berlin"


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (("SUMMARY:a\\, b\\; c\\\\ d\\ne",), {"title": "a, b; c\\ d e"}),
        (("SUMMARY;LANGUAGE=ko: 회의 ",), {"title": "회의"}),
        (("DESCRIPTION:a\\nb",), {"description": "a\nb"}),
        (("LOCATION:3층\\n회의실",), {"location": "3층 회의실"}),
        (("URL:https://x.example/a,b",), {"url": "https://x.example/a,b"}),
        (("CATEGORIES:a,b\\,c", "CATEGORIES:a,d"), {"categories": ["a", "b,c", "d"]}),
        (("COLOR:Turquoise",), {"color": "#40e0d0"}),
        (("COLOR:#FF2968FF",), {"color": "#ff2968"}),
        (("COLOR:no colour",), {}),
        (("STATUS:TENTATIVE",), {"status": "tentative"}),
        (("STATUS:CANCELLED",), {"status": "cancelled"}),
        (("STATUS:CONFIRMED", "TRANSP:OPAQUE"), {}),
        (("TRANSP:TRANSPARENT",), {"busy": False}),
        (("X-TEAMCAL-PEOPLE:김\\, 이,박",), {"people": ["김, 이", "박"]}),
        ((ALL_DAY, "X-TEAMCAL-TIME:점심"), {"time": "점심"}),
        (("X-TEAMCAL-TIME:점심",), {}),
        (("SEQUENCE:7",), {"sequence": 7}),
        (("SEQUENCE:-1",), {}),
        (("SEQUENCE:" + "9" * 60_000,), {"sequence": 2**31 - 1}),
    ],
)
def test_texts(lines: tuple[str, ...], fields: dict[str, object]) -> None:
    record = read_one(*lines)
    expected = {"title": "x", **fields}
    assert {name: value for name, value in record.items() if name not in (*TIMED, "ical")} == {
        name: value for name, value in expected.items() if name != "title"
    }
    assert record["title"] == expected["title"]


def alarm(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VALARM", *lines, "END:VALARM")


def test_reminders() -> None:
    simple = [
        *alarm("ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:x"),
        *alarm("ACTION:AUDIO", "TRIGGER:-P1D"),
    ]
    record = read_one(*simple)
    assert record["reminders"] == [15, 1440]
    assert "ical" not in record


@pytest.mark.parametrize(
    "lines",
    [
        ("ACTION:EMAIL", "TRIGGER:-PT15M", "ATTENDEE:mailto:a@x.example"),
        ("ACTION:DISPLAY", "TRIGGER;RELATED=END:-PT15M"),
        ("ACTION:DISPLAY", "TRIGGER;VALUE=DATE-TIME:20261101T000000Z"),
        ("ACTION:DISPLAY", "TRIGGER:PT15M"),
        ("ACTION:DISPLAY", "TRIGGER:-P60D"),
        ("ACTION:DISPLAY", "TRIGGER:-PT15M", "REPEAT:3"),
        ("ACTION:DISPLAY",),
    ],
)
def test_alarms_that_are_more_than_a_reminder_stay_as_they_are(lines: tuple[str, ...]) -> None:
    record = read_one(*alarm(*lines))
    assert "reminders" not in record
    assert "\r\n".join(lines).encode() in (unpacked(record["ical"]) or b"")


@pytest.mark.parametrize(
    ("lines", "warning"),
    [
        (("SUMMARY:" + "가" * 201,), ("text_cut", "title")),
        (("SUMMARY:" + "\\\\" * 5_000,), ("text_cut", "title")),
        (("DESCRIPTION:" + "가" * 10_001,), ("text_cut", "description")),
        (("LOCATION:" + "a" * 201,), ("text_cut", "location")),
        (("SUMMARY:a\x00b\x1fc",), ("characters_removed", "title")),
        (("SUMMARY:",), ("title_missing", "")),
        (("SUMMARY:\u200b \u2800",), ("title_missing", "")),
        (("URL:javascript:alert(1)",), ("url_dropped", "")),
        (("URL:/relative",), ("url_dropped", "")),
        (("CATEGORIES:" + ",".join(map(str, range(11))),), ("categories_dropped", "categories")),
        (("CATEGORIES:" + "a" * 51,), ("text_cut", "categories")),
        (("DTSTART:20261102T100030",), ("seconds_dropped", "")),
        (("DTEND;TZID=Asia/Seoul:20261101T100000",), ("end_dropped", "")),
        (("DURATION:-PT1H",), ("end_dropped", "")),
        ((ALL_DAY, "DTEND;VALUE=DATE:20261030"), ("end_dropped", "")),
        (("CLASS:PRIVATE",), ("private", "")),
        (("X-A:" + "x" * 65_536,), ("lines_dropped", "X-A")),
        (("ATTACH;VALUE=BINARY;ENCODING=BASE64:" + "x" * 65_536,), ("attachment_dropped", "ATTACH")),
    ],
)  # fmt: skip
def test_what_is_changed_is_named(lines: tuple[str, ...], warning: tuple[str, str]) -> None:
    assert warnings(*lines) == [warning]
    assert warning[0] in WARNINGS
    if warning[0] not in ("title_missing", "attachment_dropped", "lines_dropped"):
        assert read_one(*lines)["ical"]


def test_lengths_are_those_of_the_fields() -> None:
    record = read_one("SUMMARY:" + "가" * 300, "DESCRIPTION:" + "나" * 20_000, "LOCATION:" + "다" * 300)
    assert [len(record[name]) for name in ("title", "description", "location")] == [200, 10_000, 200]
    assert read_one("SUMMARY:")["title"] == "(제목 없음)"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("DTSTART:today",), "bad_date"),
        (("DTSTART;VALUE=DATE:20260230",), "bad_date"),
        (("DTSTART:20261102T250000",), "bad_date"),
        (("DTSTART:00000101",), "bad_date"),
        (("DTSTART:２０２６1102",), "bad_date"),
        (("DTEND:x",), "bad_date"),
        (("DURATION:1 hour",), "bad_date"),
        (("DURATION:P",), "bad_date"),
        (("DTSTART;TZID=America/New_York:99991231T230000", "DTEND:99991231T235900Z"), None),
        (("DTSTART:00010101T000000Z",), None),
        (("DTSTART;TZID=Asia/Seoul:00010101T000000", "DURATION:PT1H"), "unreadable"),
        (("DTSTART:99991231T235900Z",), "unreadable"),
        (("DTSTART;VALUE=DATE:99991231", "DURATION:P9999D"), "unreadable"),
    ],
)
def test_what_is_no_time_is_refused(lines: tuple[str, ...], reason: str | None) -> None:
    (reading,) = read(calendar(vevent(*lines)))
    assert reading.refused == reason
    assert reason is None or reason in REFUSALS


def test_no_start() -> None:
    data = calendar("BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:회의\r\nEND:VEVENT\r\n")
    (reading,) = read(data)
    assert (reading.refused, reading.title, reading.uid) == ("no_start", "회의", "a")


@pytest.mark.parametrize("kind", ["VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY", "X-OTHER"])
def test_other_components_are_named(kind: str) -> None:
    data = calendar(f"BEGIN:{kind}\r\nUID:t\r\nSUMMARY:할 일\r\nEND:{kind}\r\n", vevent())
    other, event = read(data)
    assert (other.refused, other.detail, other.title) == ("not_an_event", kind, "할 일")
    assert event.records


def test_a_damaged_component_keeps_its_name_in_the_report() -> None:
    (reading,) = read(calendar("BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:회의\r\n"))
    assert (reading.refused, reading.title, reading.uid) == ("unterminated", "회의", "a")


# UIDs


def test_events_without_a_uid_get_the_same_one_every_time() -> None:
    def without(stamp: str, title: str = "x") -> str:
        event = vevent(f"DTSTAMP:{stamp}", f"SUMMARY:{title}")
        (record,) = read_records(calendar(event.replace("UID:u\r\n", "")))
        return str(record["uid"])

    assert without("20260101T000000Z") == without("20260202T000000Z")
    assert without("20260101T000000Z") != without("20260101T000000Z", "y")


def test_a_uid_that_is_too_long_is_replaced() -> None:
    (reading,) = read(calendar(vevent(uid="x" * 300)))
    assert len(reading.records[0]["uid"]) < 60
    assert [note.code for note in reading.warnings] == ["uid_replaced"]


def test_one_uid_for_several_events() -> None:
    data = calendar(vevent("SUMMARY:a"), vevent("SUMMARY:b"), vevent("SUMMARY:b"))
    first, second, third = read(data)
    assert [record["title"] for record in (*first.records, *second.records)] == ["a", "b"]
    assert [record["uid"] for record in (*first.records, *second.records)] == ["u", "u_2"]
    assert [note.code for note in second.warnings] == ["uid_repeated"]
    assert third.refused == "older_revision"


def test_the_last_revision_counts() -> None:
    data = calendar(vevent("SUMMARY:a", "SEQUENCE:1"), vevent("SUMMARY:b", "SEQUENCE:3"))
    newest, older = read(data)
    assert newest.records[0]["title"] == "b"
    assert older.refused == "older_revision"


# The original lines


@pytest.mark.parametrize(
    "line",
    [
        "X-A:1",
        "ATTENDEE;CN=a:mailto:a@x.example",
        "SUMMARY;LANGUAGE=ko:x",
        "GEO:1;2",
        "PRIORITY:5",
        "CLASS:PRIVATE",
        "SUMMARY:x\r\nSUMMARY:y",
    ],
)
def test_lines_that_say_more_are_kept(line: str) -> None:
    record = read_one(line)
    assert line.encode() in (unpacked(record["ical"]) or b"")


def test_an_event_that_the_fields_express_keeps_no_lines() -> None:
    lines = (
        "DTEND;TZID=Asia/Seoul:20261102T110000", "DTSTAMP:20260101T000000Z", "CREATED:20260101T000000Z",
        "LAST-MODIFIED:20260101T000000Z", "SEQUENCE:1", "DESCRIPTION:a", "LOCATION:b", "URL:https://x.example/",
        "CATEGORIES:a", "COLOR:red", "STATUS:CONFIRMED", "TRANSP:OPAQUE", "CLASS:PUBLIC", "PRIORITY:0",
    )  # fmt: skip
    assert "ical" not in read_one(*lines)


def test_kept_lines_have_one_form_of_line_break_and_encoding() -> None:
    data = calendar(vevent("SUMMARY:회의", "X-A:a\x00b")).decode().replace("\r\n", "\n").encode("cp949")
    text = unpacked(read_records(data)[0]["ical"])
    assert text
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert "SUMMARY:회의" in text.decode()
    assert b"X-A:ab\r\n" in text


def test_attachments_are_dropped_where_the_event_would_be_too_large() -> None:
    attachment = "ATTACH;VALUE=BINARY;ENCODING=BASE64;FILENAME=a.png:" + "A" * 60_000
    lines = ("X-A:1", attachment, attachment)
    text = unpacked(read_one(*lines)["ical"])
    assert text
    assert b"X-A:1" in text
    assert b"ATTACH" not in text
    assert warnings(*lines) == [("attachment_dropped", "a.png")]
    assert b"ATTACH" in (unpacked(read_one(attachment)["ical"]) or b"")


def test_lines_that_are_too_large_even_so_are_not_kept() -> None:
    lines = ["X-A:" + "x" * 50_000] * 3
    assert "ical" not in read_one(*lines)
    assert warnings(*lines) == [("extras_dropped", "")]


def test_kept_lines_are_unpacked_with_a_bound() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    assert len(bomb) < MOST_BYTES
    assert unpacked(bomb) is None
    assert unpacked(b"no zlib") is None
    assert unpacked(zlib.compress(b"a" * 100)[:-3]) is None


def test_refusal_codes_are_listed() -> None:
    assert refusal("RRULE:FREQ=SECONDLY") in REFUSALS
