"""Tables that others wrote: what is read, what is refused, and that hostile files end."""

import time
from typing import Any

import pytest

from teamcal.domain.spreadsheet import MAX_BYTES, MAX_CELL, MAX_LINES, MAX_ROWS, rows_from
from teamcal.errors import FieldProblem, InvalidInput, TooLarge


def read(text: str, encoding: str = "utf-8") -> list[tuple[int, Any]]:
    return list(rows_from(text.encode(encoding)))


def only(text: str) -> dict[str, Any]:
    ((_, fields),) = read(text)
    assert isinstance(fields, dict)
    return {name: value for name, value in fields.items() if name != "uid"}


KOREAN = "날짜,제목,설명\r\n2026-11-26,회의,둘\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_what_excel_saves_is_read(encoding: str, separator: str, line_end: str) -> None:
    text = KOREAN.replace(",", separator).replace("\r\n", line_end)
    ((number, fields),) = list(rows_from(text.encode(encoding)))
    assert number == 2
    assert isinstance(fields, dict)
    assert fields.pop("uid").endswith("@csv.teamcal")
    assert fields == {"event_date": "2026-11-26", "title": "회의", "description": "둘"}


@pytest.mark.parametrize(
    "header",
    ["date,title", "Start Date,Subject", "날짜,제목", " EVENT_DATE ,Title", '"날짜","제목"', "시작일,제목"],
)
def test_headers_are_korean_or_english(header: str) -> None:
    assert only(f"{header}\n2026-11-26,x") == {"event_date": "2026-11-26", "title": "x"}


def test_columns_are_in_any_order() -> None:
    assert only("제목,UID,분류,날짜\nx,u1,\"a, b;c\",2026-11-26\n") == {
        "event_date": "2026-11-26", "title": "x", "categories": ["a", "b", "c"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "cell",
    [
        "2026-11-26", "2026. 11. 26.", "2026.11.26", "2026/11/26", "2026-11-26 0:00", "2026-11-26 00:00:00",
        "2026년 11월 26일", "2026년 11월 26일 목요일", "2026-11-26(목)", "20261126", "11/26/2026",
        "26/11/2026", "26.11.2026", " 2026-11-26 ",
    ],
)  # fmt: skip
def test_dates_as_excel_writes_them(cell: str) -> None:
    assert only(f'날짜,제목\n"{cell}",x')["event_date"] == "2026-11-26"


@pytest.mark.parametrize(
    "cell",
    ["11/12/2026", "2026-02-30", "26-11-26", "2026-11-26 14:00", "13/13/2026", "내일", "46352", "0" * 60],
)
def test_what_is_no_certain_date_stays_as_it_is(cell: str) -> None:
    assert only(f"날짜,제목\n{cell},x")["event_date"] == cell


def test_a_day_that_is_its_month_is_certain() -> None:
    assert only("날짜,제목\n11/11/2026,x")["event_date"] == "2026-11-11"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("9:00", "09:00"), ("09:00:00", "09:00"), ("오후 2:30", "14:30"), ("오전 12:05", "00:05"),
        ("2:30:00 PM", "14:30"), ("12:00 pm", "12:00"), ("23:59", "23:59"), ("24:00", "24:00"),
        ("9시", "9시"),
        ("13:00 PM", "13:00 PM"), ("9:60", "9:60"), ("AM 9:00 PM", "AM 9:00 PM"), ("9:00:30", "9:00:30"),
    ],
)  # fmt: skip
def test_times_as_excel_writes_them(cell: str, expected: str) -> None:
    assert only(f"날짜,제목,시작\n2026-11-26,x,{cell}")["start_time"] == expected


def test_an_event_of_a_whole_day_has_no_times() -> None:
    text = (
        "Subject,Start Date,Start Time,End Date,End Time,All Day Event\nx,11/26/2026,12:00 AM,11/26/2026,,{}"
    )
    assert "start_time" not in only(text.format("True"))
    assert only(text.format("False"))["start_time"] == "00:00"


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("상태", "미정", "tentative"), ("status", "Cancelled", "cancelled"), ("상태", "확정", None),
        ("상태", "어쩌면", "어쩌면"), ("바쁨", "아니요", False), ("busy", "FALSE", False),
        ("바쁨", "예", None), ("바쁨", "글쎄", "글쎄"), ("알림(분)", '"10, 60"', [10, 60]),
        ("알림", "10분", ["10분"]), ("예외", "아님", "아님"), ("예외", "{}", {}),
        ("예외", "[" * 2_000, "[" * 2_000), ("예외", "[" * 500 + "]" * 500, "[" * 500 + "]" * 500),
        ("사람", '"김, 이\n박"', ["김, 이", "박"]),
        ("사람", '" , "', None), ("장소", " ", None),
    ],
)  # fmt: skip
def test_words_and_lists(column: str, cell: str, expected: Any) -> None:
    fields = only(f"날짜,제목,{column}\n2026-11-26,x,{cell}")
    assert [value for name, value in fields.items() if name not in ("event_date", "title")] == (
        [] if expected is None else [expected]
    )


def test_a_row_without_uid_always_gets_the_same() -> None:
    rows = "2026-11-26,x\n2026-11-26,x\n2026-11-26,y\n"
    uids = [fields["uid"] for _, fields in read("날짜,제목\n" + rows)]
    assert len(set(uids)) == 3
    assert [fields["uid"] for _, fields in read("날짜,제목\n" + rows)] == uids
    again = read("제목;날짜\nx;2026. 11. 26.\n;\nx;11/26/2026\ny;2026/11/26\n", "cp949")
    assert [fields["uid"] for _, fields in again] == uids
    assert [number for number, _ in again] == [2, 4, 5]


def test_a_column_that_is_not_known_is_named() -> None:
    rows = read("날짜,비고,제목,,제목\n2026-11-26,x,y,z,w\n")
    assert rows[:2] == [
        (1, FieldProblem("비고", "csv_unknown_column")),
        (1, FieldProblem("제목", "csv_unknown_column")),
    ]
    assert rows[2][1]["title"] == "y"


# Broken and hostile files


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "csv_without_columns"),
        (b"a,b\n1,2\n", "csv_without_columns"),
        ("날짜,설명\n".encode(), "csv_without_columns"),
        (b"BEGIN:VCALENDAR\r\n", "csv_without_columns"),
        (b"\xff\xfe\x00", "csv_not_text"),
        (b"\xff\xff\xff", "csv_not_text"),
        (b"PK\x03\x04\x80\xff", "csv_not_text"),
        (b"date,title," * 2_000, "csv_without_columns"),
    ],
)
def test_what_is_no_table_is_refused_at_once(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rows_from(data)
    assert [problem.reason for problem in refused.value.problems] == [reason]


def test_a_file_that_is_too_large_is_refused_at_once() -> None:
    with pytest.raises(TooLarge):
        rows_from(b"x" * (MAX_BYTES + 1))


@pytest.mark.parametrize("row", ['2026-11-26,"x"y', "2026-11-26,x,y", '2026-11-26,"x" '])
def test_a_broken_row_does_not_stop_the_others(row: str) -> None:
    rows = read(f"날짜,제목\n{row}\n2026-11-27,z\n")
    assert rows[0] == (2, FieldProblem("", "csv_broken_row"))
    assert rows[1][0] == 3
    assert rows[1][1]["title"] == "z"


def test_a_quote_that_is_never_closed_hides_no_row() -> None:
    rows = read('날짜,제목\n2026-11-26,"x\n2026-11-27,y\n')
    assert rows == [(2, FieldProblem("", "csv_broken_row"))]
    rows = read('날짜,제목\n2026-11-26,"x\n2026-11-27,y\n' + "2026-11-28,z\n" * 50_000)
    assert rows == [(2, FieldProblem("", "csv_broken_rest"))]


def test_a_broken_header_ends_it() -> None:
    assert read('날짜,제목,"x"y\n2026-11-26,x\n') == [(1, FieldProblem("", "csv_broken_rest"))]


@pytest.mark.parametrize(
    "tail",
    [
        "x" * (MAX_BYTES - 100),
        '"\n",' * 2_000_000,
        "," * (MAX_BYTES - 100),
        '"' + "\n" * 9_000_000,
        '""' * 4_000_000,
    ],
)
def test_a_hostile_row_ends_soon(tail: str) -> None:
    begun = time.process_time()
    ((number, problem),) = read(f"날짜,제목\n{tail}")
    assert (number, problem.reason) == (2, "csv_broken_rest")
    assert time.process_time() - begun < 5


def test_a_large_cell_is_read() -> None:
    assert len(only(f"날짜,제목,설명\n2026-11-26,x,{'y' * (MAX_CELL - 1)}")["description"]) == MAX_CELL - 1


def test_rows_beyond_the_limit_are_refused_together() -> None:
    rows = read("날짜,제목\n" + "2026-11-26,x\n" * (MAX_ROWS + 2))
    assert len(rows) == MAX_ROWS + 1
    assert rows[-1] == (MAX_ROWS + 2, FieldProblem("", "too_many", {"limit": MAX_ROWS}))
    assert len({fields["uid"] for _, fields in rows[:-1]}) == MAX_ROWS


def test_empty_rows_are_skipped_within_a_limit() -> None:
    assert [number for number, _ in read("날짜,제목\n" + ",\n" * 50_000 + "2026-11-26,x\n")] == [50_002]
    rows = read("날짜,제목\n" + "\n" * 9_000_000)
    assert rows == [(MAX_LINES, FieldProblem("", "too_many", {"limit": MAX_ROWS}))]
