"""Content lines: taken apart as another library does it, folded as RFC 5545 §3.1 asks."""

import time

import pytest
from icalendar.parser import Contentline

from teamcal.ical.content_lines import (
    components,
    content_line,
    decoded,
    escaped,
    folded,
    raw_lines,
    unescaped,
    unescaped_list,
    unfolded,
)
from tests.ical.files import corpus


def parsed(text: str) -> tuple[str, str, str]:
    line = content_line(text.encode() + b"\r\n")
    return line.name, line.parameters, line.value


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("SUMMARY:a:b;c", ("SUMMARY", "", "a:b;c")),
        ('X;A="b:c;d":e', ("X", ';A="b:c;d"', "e")),
        ("dtstart;tzid=Asia/Seoul:2026", ("DTSTART", ";tzid=Asia/Seoul", "2026")),
        ('X;A="b:c', ("X", ';A="b', "c")),
        ("nothing", ("NOTHING", "", "")),
        ("", ("", "", "")),
    ],
)
def test_parts(text: str, parts: tuple[str, str, str]) -> None:
    assert parsed(text) == parts


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('X;TZID="(UTC+09:00) Seoul":1', "(UTC+09:00) Seoul"),
        ("X;VALUE=DATE;tzid=Asia/Seoul:1", "Asia/Seoul"),
        ('X;A="TZID=no";TZID=yes:1', "yes"),
        ("X;TZID=:1", ""),
        ("X;A=1:1", None),
    ],
)
def test_a_parameter(text: str, value: str | None) -> None:
    assert content_line(text.encode()).parameter("TZID") == value


def test_folds_in_the_middle_of_a_character() -> None:
    text = "SUMMARY:가나다".encode()
    assert content_line(text[:10] + b"\r\n " + text[10:] + b"\r\n").value == "가나다"


def test_folds_at_75_octets_and_never_in_a_character() -> None:
    line = "SUMMARY:" + "가나다라 " * 40
    text = folded(line)
    assert all(len(physical) <= 77 for physical in text.splitlines(keepends=True))
    assert all(physical.decode() for physical in text.splitlines())
    assert decoded(unfolded(text)) == line


def test_other_encodings() -> None:
    assert decoded("회의".encode()) == "회의"
    assert decoded("회의".encode("cp949")) == "회의"
    assert "\ufffd" in decoded(b"a\xff\xff\xff")


def test_escapes() -> None:
    text = "a\\b;c,d\ne"
    assert escaped(text) == "a\\\\b\\;c\\,d\\ne"
    assert unescaped(escaped(text)) == text
    assert unescaped("a\\Nb\\") == "a\nb\\"
    assert unescaped_list("a\\,b,c,") == ["a,b", "c", ""]
    assert unescaped_list("") == [""]


def test_a_component_gives_its_bytes_back() -> None:
    text = (
        b'begin:vevent\r\nSUMMARY:a\r\n b\n\r\nDESCRIPTION;X="1:2":c\r\n'
        b"BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n"
    )
    (component,) = components(text)
    assert component.raw() == text
    assert component.kind == "VEVENT"
    assert [line.name for line in component.lines()] == ["SUMMARY", "DESCRIPTION"]
    assert component.children()[0].lines("TRIGGER")[0].value == "-PT5M"


def test_the_same_parts_as_icalendar() -> None:
    """Of every line of its files that it can take apart itself."""
    compared, differing = 0, []
    for path in corpus():
        for raw in raw_lines(path.read_bytes()):
            text = decoded(unfolded(raw))
            try:
                name, parameters, value = Contentline(text).raw_parts()
            except (ValueError, AssertionError):
                continue
            line = content_line(raw)
            # It removes blanks in names, and takes backslashes in parameters for escapes.
            if " " in line.name or "\\" in line.parameters:
                continue
            compared += 1
            names = {key.upper() for key in parameters}
            if (line.name, line.value, line.parameter_names()) != (name.upper(), value, names):
                differing.append(text)
    assert compared > 8_000
    assert not differing, differing[:5]


@pytest.mark.parametrize(
    "text",
    [
        "X-A;B=" + '"a",' * 16_000 + '"a":x',
        "X-A" + "".join(f";P{number}=1" for number in range(8_000)) + ":x",
        "A" + ";" * 64_000,
        "A;" + '"' * 64_001,
        "A;" + "=" * 64_000 + ":",
        "D:" + "\\" * 64_000,
        "D:" + "," * 64_000,
    ],
    ids=["quotes", "parameters", "semicolons", "quote marks", "equals", "backslashes", "commas"],
)
def test_hostile_lines_take_linear_time(text: str) -> None:
    begin = time.process_time()
    line = content_line(text.encode())
    line.parameter("TZID")
    line.parameter_names()
    unescaped(line.value)
    unescaped_list(line.value)
    assert time.process_time() - begin < 0.5
