"""Events as a table in CSV (RFC 4180), for spreadsheet programs. Pure.

`csv_of` writes what a Korean Excel opens; `rows_from` reads that, and what spreadsheet programs make of it.
The values of fields are checked elsewhere (teamcal/domain/fields.py): here a cell becomes a text or a list.
"""

import codecs
import csv
import hashlib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from teamcal.domain.spreadsheet_cells import (
    FREE,
    STATUS_NAMES,
    VALUES_FROM,
    guarded,
    is_yes,
    list_text,
    unguarded,
)
from teamcal.domain.values import Record, to_json
from teamcal.errors import FieldProblem, InvalidInput, TooLarge

MAX_BYTES = 10_000_000
MAX_ROWS = 10_000
"""Rows with events."""
MAX_LINES = 100_000
"""Rows of any kind: files of spreadsheets may end with thousands of empty ones."""
MAX_CELL = 131_072
"""Characters of a cell, the csv module's own limit. The largest that `csv_of` writes are exceptions of
100,000 bytes."""
MAX_ROW = 400_000
"""Characters of a row: a cell whose quote is never closed would reach to the end of the file."""
MAX_HEADER = 20_000
"""Characters of the header; Excel may write 16,384 empty names."""
MAX_UNKNOWN_COLUMNS = 100

COLUMNS: dict[str, tuple[str, ...]] = {
    "event_date": ("날짜", "date", "start date", "시작일", "시작 날짜"),
    "end_date": ("종료일", "end date", "종료 날짜"),
    "start_time": ("시작", "start time", "start", "시작 시간"),
    "end_time": ("종료", "end time", "end", "종료 시간"),
    "title": ("제목", "title", "subject"),
    "description": ("설명", "description", "내용"),
    "location": ("장소", "location", "위치"),
    "categories": ("분류", "categories", "category", "범주"),
    "people": ("사람", "people"),
    "url": ("링크", "url", "link"),
    "recurrence": ("반복", "recurrence", "rrule"),
    "exceptions": ("예외", "exceptions"),
    "time": ("시간(텍스트)", "time", "시간"),
    "time_zone": ("시간대", "time zone"),
    "color": ("색", "color", "색상"),
    "status": ("상태", "status"),
    "busy": ("바쁨", "busy"),
    "reminders": ("알림(분)", "reminders", "알림"),
    "uid": ("UID",),
}
"""Field → names of its column. The first is the one that `csv_of` writes; all of them are read."""
_ALL_DAY = "all_day"
_READ = COLUMNS | {_ALL_DAY: ("종일", "all day", "all day event")}

Row = tuple[int, Record | FieldProblem]
"""The row's number as spreadsheets count, the header being 1, and its fields or why it is refused."""


# Writing


def csv_of(records: Iterable[Record]) -> Iterator[bytes]:
    """Yields the table in pieces: a header, then a row for each event; a series is one row.

    UTF-8 with a byte order mark, without which Excel reads CP949, and CRLF. No cell is computed by a
    spreadsheet (`guarded`).
    """
    yield codecs.BOM_UTF8 + _line([names[0] for names in COLUMNS.values()])
    for record in records:
        yield _line([guarded(_cell(name, record)) for name in COLUMNS])


class _Echo:
    """The file of a csv.writer whose `writerow` returns the line."""

    def write(self, text: str) -> str:
        return text


def _line(cells: list[str]) -> bytes:
    line: Any = csv.writer(_Echo()).writerow(cells)
    return str(line).encode(errors="replace")


def _cell(name: str, record: Record) -> str:
    value = record.get(name)
    if name == "uid":
        return str(value or (f"{record['id']}@teamcal" if "id" in record else ""))
    if name == "busy":
        return FREE if value is False else ""
    if name == "time" and record.get("start_time"):
        return ""  # it follows from the other columns, and would contradict them after an edit
    if name == "exceptions" and isinstance(value, Mapping):
        return to_json({day: _without_version(patch) for day, patch in value.items()}).decode()
    if isinstance(value, list):
        return list_text(value)
    text = "" if value is None else str(value)
    return STATUS_NAMES.get(text, text) if name == "status" else text


def _without_version(patch: Mapping[str, Any]) -> Record:
    """Returns an exception without the version of the series, which says nothing outside this calendar."""
    return {name: value for name, value in patch.items() if name != "version"}


# Reading


def rows_from(data: bytes) -> Iterator[Row]:
    """Yields the rows of a table; the fields have the names and forms of the record, empty ones are absent.

    UTF-8, UTF-16 with a byte order mark, or CP949; separated by commas, semicolons or tabs; columns in any
    order. A row without a UID gets a digest of its content as `uid`, so that the same file always has the
    same ones; equal rows of one file differ by their count. Row 1 is refused once for each column that isn't
    known. The last item may be a refusal of everything after it. Raises at once: TooLarge; InvalidInput if
    it isn't a table with a date and a title.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(len(data))
    encoding = _encoding_of(data)
    header = _text(data, encoding).readline(MAX_HEADER + 1)
    for delimiter in ",;\t" if len(header) <= MAX_HEADER else "":
        names = next(csv.reader([header], delimiter=delimiter), [])
        if {"event_date", "title"} <= set(_columns_of(names).values()):
            return _rows(_Lines(_text(data, encoding)), delimiter)
    raise InvalidInput([FieldProblem("", "csv_without_columns")])


def columns_of(data: bytes) -> frozenset[str]:
    """Returns the fields that the table has columns of, besides `uid`. Raises as `rows_from`."""
    encoding, found = _encoding_of(data), frozenset[str]()
    header = _text(data, encoding).readline(MAX_HEADER + 1)
    for delimiter in ",;\t":
        names = next(csv.reader([header], delimiter=delimiter), [])
        found = max(found, frozenset(_columns_of(names).values()), key=len)
    return found - {"uid", _ALL_DAY}


def _encoding_of(data: bytes) -> str:
    is_utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if is_utf_16 else ("utf-8-sig", "cp949"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise InvalidInput([FieldProblem("", "csv_not_text")])


def _text(data: bytes, encoding: str) -> io.TextIOWrapper:
    # Line ends stay as they are: within a quoted cell they are part of it.
    return io.TextIOWrapper(io.BytesIO(data), encoding, newline="")


def _key(name: str) -> str:
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFC", unguarded(name))).casefold()


_FIELDS = {_key(name): field for field, names in _READ.items() for name in (field, *names)}


def _columns_of(header: list[str]) -> dict[int, str]:
    """Returns the field of each column that is known; of two columns of one field the first."""
    columns: dict[int, str] = {}
    for number, name in enumerate(header):
        field = _FIELDS.get(_key(name)) if len(name) <= 100 else None
        if field is not None and field not in columns.values():
            columns[number] = field
    return columns


class _RowTooLong(Exception):
    pass


class _Lines:
    """The lines of a text; `left` is what the present row may still take of them, in characters."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self.left = text, MAX_ROW

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self.left + 1)
        if not line:
            raise StopIteration
        self.left -= len(line)
        if self.left < 0:
            raise _RowTooLong
        return line


def _rows(lines: _Lines, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    table: _Table | None = None
    for number in range(1, MAX_LINES + 1):
        lines.left = MAX_ROW
        try:
            cells = next(reader, None)
        except (csv.Error, _RowTooLong):
            if table is None or lines.left < MAX_ROW - MAX_CELL:  # where the next row begins can't be told
                yield number, FieldProblem("", "csv_broken_rest")
                return
            yield number, FieldProblem("", "csv_broken_row")
            continue
        if cells is None:
            return
        if table is None:
            table = _Table(cells)
            yield from table.unknown_columns()
        elif any(map(str.strip, cells)):
            if table.events == MAX_ROWS:
                break
            yield number, table.row(cells)
    yield number, FieldProblem("", "too_many", {"limit": MAX_ROWS})


class _Table:
    """What the header says, and which rows there were. `events`: how many."""

    def __init__(self, header: list[str]) -> None:
        self._header, self._columns = header, _columns_of(header)
        self._copies: Counter[bytes] = Counter()
        self.events = 0

    def unknown_columns(self) -> Iterator[Row]:
        names = [name for number, name in enumerate(self._header) if number not in self._columns]
        for name in [name for name in names if name.strip()][:MAX_UNKNOWN_COLUMNS]:
            yield 1, FieldProblem(unguarded(name)[:100], "csv_unknown_column")

    def row(self, cells: list[str]) -> Record | FieldProblem:
        self.events += 1
        if any(map(str.strip, cells[len(self._header) :])):  # a separator in a text that isn't quoted
            return FieldProblem("", "csv_broken_row")
        texts = {field: unguarded(cells[number]) for number, field in self._given(cells)}
        if is_yes(texts.pop(_ALL_DAY, "")):
            texts = {field: text for field, text in texts.items() if field not in ("start_time", "end_time")}
        fields = {field: VALUES_FROM.get(field, str.strip)(text) for field, text in texts.items()}
        fields = {field: value for field, value in fields.items() if value not in ("", [])}
        return fields if "uid" in fields else fields | {"uid": self._uid_of(fields)}

    def _given(self, cells: list[str]) -> Iterator[tuple[int, str]]:
        for number, field in self._columns.items():
            if number < len(cells) and cells[number].strip():
                yield number, field

    def _uid_of(self, fields: Record) -> str:
        content = unicodedata.normalize("NFC", orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode())
        digest = hashlib.blake2b(content.encode(), digest_size=16).digest()
        self._copies[digest] += 1
        copy = self._copies[digest].to_bytes(4)
        return f"{hashlib.blake2b(digest + copy, digest_size=16).hexdigest()}@csv.teamcal"
