"""Hostile files: bounded time, bounded memory, a reason, and nothing by halves."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from teamcal.ical import FileRefused
from tests.ical.files import calendar, read, vevent

ROOT = Path(__file__).parents[2]
ONE_MEGABYTE = 1_000_000
TIMED = "DTSTART:20261101T000000Z"


def many(number: int, *lines: str) -> bytes:
    return calendar("".join(vevent(TIMED, *lines, uid=str(index)) for index in range(number)))


FILES: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "1 MB line": (lambda: calendar(vevent(TIMED, "DESCRIPTION:" + "x" * ONE_MEGABYTE)), "line_too_long"),
    "1 MB line that nobody needs": (lambda: calendar(vevent(TIMED, "X-A:" + "x" * ONE_MEGABYTE)), None),
    "1 MB folded": (
        lambda: calendar(vevent(TIMED, "DESCRIPTION:" + "\r\n ".join(["x" * 60] * 16_000))),
        "line_too_long",
    ),
    "1 MB of backslashes": (lambda: calendar(vevent(TIMED, "DESCRIPTION:" + "\\" * 60_000)), None),
    "quotes in parameters": (lambda: calendar(vevent(TIMED, "X-A;B=" + '"a",' * 16_000 + '"a":x')), None),
    "parameters": (
        lambda: calendar(vevent(TIMED, "X-A" + "".join(f";P{n}=1" for n in range(9_000)) + ":x")),
        None,
    ),
    "nesting": (lambda: calendar("BEGIN:X-A\r\n" * 50_000 + "END:X-A\r\n" * 50_000), "not_an_event"),
    "nesting in an event": (
        lambda: calendar(vevent(TIMED, "BEGIN:X\r\n" * 50_000 + "END:X\r\n" * 49_999 + "END:X")),
        "too_deep",
    ),
    "never closed": (lambda: b"BEGIN:X-A\r\n" * 50_000, "not_an_event"),
    "events never closed": (lambda: b"BEGIN:VEVENT\r\n" * 9_000, "unterminated"),
    "60,000 excluded dates": (
        lambda: calendar(
            vevent(TIMED, "RRULE:FREQ=DAILY", *["EXDATE:" + ",".join(["20261101T000000Z"] * 3_000)] * 4)
        ),
        "too_many_exceptions",
    ),
    "30,000 guests": (
        lambda: calendar(vevent(TIMED, *(f"ATTENDEE;CN=a{n}:mailto:a{n}@x.example" for n in range(30_000)))),
        "too_many_lines",
    ),
    "categories": (lambda: calendar(vevent(TIMED, *["CATEGORIES:" + ",".join(["a"] * 30_000)] * 4)), None),
    "weekdays": (
        lambda: calendar(vevent(TIMED, "RRULE:FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 20_000))),
        "rule_too_long",
    ),
    "count": (lambda: calendar(vevent(TIMED, "RRULE:FREQ=DAILY;COUNT=1" + "0" * 40)), "rule_count"),
    "positions of nothing": (
        lambda: calendar(vevent(TIMED, "RRULE:FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5")),
        "rule_never",
    ),
    "hours and minutes and seconds": (
        lambda: calendar(
            vevent(TIMED, *[f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE=0,1,2"])
        ),
        "rule_too_fine",
    ),
    "year 1": (lambda: calendar(vevent("DTSTART:00010101T100000", "RRULE:FREQ=DAILY")), None),
    "year 9999": (
        lambda: calendar(vevent("DTSTART:99991230T100000", "RRULE:FREQ=DAILY;UNTIL=99991231")),
        None,
    ),
    "year 9999 with days to come": (
        lambda: calendar(vevent("DTSTART:99991231T100000", "DURATION:P999999D")),
        "unreadable",
    ),
    "controls": (lambda: calendar(vevent(TIMED, "SUMMARY:a\x00b\x01c")), None),
    "a path for a zone": (lambda: calendar(vevent("DTSTART;TZID=../../etc/passwd:20261101T010000")), None),
    "empty lines": (lambda: b"BEGIN:VCALENDAR\r\n" + b"\n" * 9_000_000 + calendar(vevent(TIMED)), None),
    "carriage returns": (lambda: b"BEGIN:VEVENT\r\nX:1" + b"\r" * 9_000_000, "unterminated"),
    "folds": (lambda: b"BEGIN:VEVENT\r\nX:1" + b"\n " * 4_500_000, "unterminated"),
    "noise": (lambda: calendar(vevent(TIMED)) + bytes(range(256)) * 30_000, None),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_hostile_files_take_at_most_two_seconds(name: str) -> None:
    build, reason = FILES[name]
    data = build()
    begin = time.process_time()
    readings = read(data)
    assert time.process_time() - begin < 2
    assert {reading.refused for reading in readings} == {reason}
    assert all(bool(reading.records) != bool(reading.refused) for reading in readings)


@pytest.mark.parametrize("number", [10_001, 80_000])
def test_too_many_entries(number: int) -> None:
    begin = time.process_time()
    with pytest.raises(FileRefused, match="too_many_entries"):
        read(many(number))
    assert time.process_time() - begin < 2


def test_no_entry_keeps_others_waiting() -> None:
    """The longest time between two chances for others, of the files that one entry makes slow."""
    for name in ("categories", "weekdays", "positions of nothing", "quotes in parameters", "parameters"):
        data = FILES[name][0]()
        begin = time.process_time()
        read(data)
        assert time.process_time() - begin < 0.3, name


_CHILD = """
import sys, zoneinfo
zoneinfo.reset_tzpath(())
from tests.ical.test_hostile import FILES, many
from tests.ical.files import read
build = many if sys.argv[1] == "10,000 events" else None
data = many(10_000, "DESCRIPTION:" + "x" * 800) if build else FILES[sys.argv[1]][0]()
print(len(read(data)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["10,000 events", *FILES])
def test_hostile_files_take_at_most_200_megabytes(name: str) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    command = [
        sys.executable,
        "-c",
        f"import resource\n{_CHILD}\nprint(resource.getrusage(0).ru_maxrss)",
        name,
    ]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=limited, check=True
    )
    entries, kilobytes = map(int, done.stdout.split())
    assert entries == 10_000 if name == "10,000 events" else entries
    assert kilobytes < 200_000
