"""Tables for spreadsheet programs: what is written is computed by none, and comes back."""

import codecs
import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teamcal.domain.spreadsheet import COLUMNS, csv_of, rows_from
from teamcal.domain.spreadsheet_cells import guarded, unguarded

SETTINGS = settings(max_examples=100, deadline=None, derandomize=True, database=None)
FULL = {
    "id": "0d3b6e63-2b3c-4c0b-9d55-6a3f3f0f6c11",
    "department_id": "11111111-1111-4111-8111-111111111111",
    "event_date": "2026-11-26",
    "end_date": "2026-11-27",
    "start_time": "09:00",
    "end_time": "10:30",
    "title": '주간 회의 "가"; 나, 다',
    "description": "=1+1\n- 안건\r\n\r\n둘째 줄 ",
    "time": "오전 9:00~10:30",
    "location": "@회의실",
    "categories": ["회의", "교육"],
    "people": ["Kim, Cheolsu"],
    "url": "https://example.com/?a=1,2",
    "recurrence": "FREQ=WEEKLY;BYDAY=TH",
    "exceptions": {
        "2026-12-03": {"excluded": True, "version": 3},
        "2026-12-10": {"title": "-바뀜", "people": ["가"], "url": None, "version": 4},
    },
    "time_zone": "Asia/Seoul",
    "color": "#aabbcc",
    "status": "tentative",
    "busy": False,
    "reminders": [10, 1440],
    "created_at": "2024-01-15T10:30:00.000Z",
    "last_modified": "2024-01-15T10:30:00.000Z",
    "revision": 7,
    "version": 3,
    "ical": b"\x00",
}


def fields_of(record: dict[str, Any]) -> dict[str, Any]:
    """Returns what a table has of a record."""
    fields = {name: record[name] for name in COLUMNS if record.get(name) not in (None, "", [])}
    fields.setdefault("uid", f"{record['id']}@teamcal")
    if "start_time" in record:
        fields.pop("time", None)
    if "exceptions" in fields:
        fields["exceptions"] = {
            day: {name: value for name, value in patch.items() if name != "version"}
            for day, patch in fields["exceptions"].items()
        }
    return fields


# Writing


def test_a_korean_excel_opens_it() -> None:
    data = b"".join(csv_of([FULL]))
    assert data.startswith(codecs.BOM_UTF8 + "날짜,종료일,시작,종료,제목,".encode())
    assert data.endswith(b"\r\n")
    header, row = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert len(header) == len(row) == len(COLUMNS)
    assert row[0:4] == ["2026-11-26", "2026-11-27", "09:00", "10:30"]
    assert row[header.index("상태")] == "미정"
    assert row[header.index("분류")] == "회의, 교육"
    assert row[header.index("시간(텍스트)")] == ""
    assert row[header.index("UID")] == "0d3b6e63-2b3c-4c0b-9d55-6a3f3f0f6c11@teamcal"


def test_a_table_of_no_events_has_its_header() -> None:
    data = b"".join(csv_of([]))
    assert data.count(b"\r\n") == 1
    assert list(rows_from(data)) == []


FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "'=1", "＝1", "\u00a0=1",
    "a;=1", "a,=1", 'a"=1', "a\t@b", "a\n=1", "a\r\n-1", "a; =1", "a|=1", "''=1", "a;'=1",
]  # fmt: skip


def computed_cells(title: str) -> list[str]:
    """Returns the cells that begin with a formula for a program that takes the file however wrongly."""
    table = b"".join(csv_of([{"event_date": "2026-11-26", "title": title}])).decode("utf-8-sig")
    cells = [
        cell.lstrip(' \u00a0\u3000\t\r\n"')
        for separator in ",;\t|"
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE)
        for row in csv.reader(io.StringIO(table, newline=""), delimiter=separator, quoting=quoting)
        for cell in row
    ]
    return [cell for cell in cells if cell.startswith(tuple("=+-@＝"))]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_computed(text: str) -> None:
    assert computed_cells(text) == []
    assert guarded(text) != text
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize(
    "text", ["", "회의", "a - b", "a=b", "a+b@c.kr", "it's", "'quoted'", "a\n\nb", "10:00-11:00"]
)
def test_an_ordinary_text_is_not_changed(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


@SETTINGS
@given(st.text(st.sampled_from("=+-@ '\"\t\r\n,;|a＝\u3000"), max_size=12))
def test_no_text_is_computed_and_all_come_back(text: str) -> None:
    assert computed_cells(text) == []
    assert unguarded(guarded(text)) == text


# There and back


def test_everything_comes_back() -> None:
    assert list(rows_from(b"".join(csv_of([FULL])))) == [(2, fields_of(FULL))]


_CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), include_characters="=+-@,;\"'")
_LINE = st.text(_CHARACTERS, max_size=20).map(str.strip)
_TITLE = _LINE.filter(bool)
_LINES = st.text(st.one_of(_CHARACTERS, st.sampled_from("\n\t=-;")), max_size=30).filter(
    lambda text: not text or text.strip()
)
_ITEMS = st.lists(_TITLE, max_size=3)
_DATES = st.dates().map(lambda day: day.isoformat())
_TIMES = st.times().map(lambda moment: f"{moment:%H:%M}")
_RECORDS = st.fixed_dictionaries(
    {"id": st.uuids().map(str), "event_date": _DATES, "title": _TITLE},
    optional={
        "end_date": _DATES,
        "start_time": _TIMES,
        "end_time": _TIMES,
        "description": _LINES,
        "time": _LINE,
        "location": _LINE,
        "categories": _ITEMS,
        "people": _ITEMS,
        "status": st.sampled_from(["tentative", "cancelled"]),
        "busy": st.just(False),
        "reminders": st.lists(st.integers(0, 40_320), max_size=5),
        "exceptions": st.dictionaries(
            _DATES,
            st.fixed_dictionaries({"version": st.integers(1, 9)}, optional={"title": _LINE}),
            max_size=3,
        ),
        "uid": st.text(_CHARACTERS, min_size=1, max_size=20).map(str.strip).filter(bool),
    },
)


@SETTINGS
@given(st.lists(_RECORDS, max_size=5))
def test_any_event_comes_back(records: list[dict[str, Any]]) -> None:
    rows = list(rows_from(b"".join(csv_of(records))))
    assert [number for number, _ in rows] == list(range(2, len(records) + 2))
    assert [fields for _, fields in rows] == [fields_of(record) for record in records]
