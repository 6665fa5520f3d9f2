"""The desktop client's two files: reads them and returns what can be imported, and what can't and why.

departments.json        {"departments": [{"id": 1, "name": "개발팀", "description": ""}, …]}
calendar_events.json    {"2024-01-20": [{"Id": 7, "DepartmentId": 1, "Title": "팀 회의", …}, …], …}
"""

import json
import re
import unicodedata
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from teamcal.domain.fields import department_from, event_from
from teamcal.errors import InvalidInput
from teamcal.importer.json_file import JsonObject, Unusable, normalized_record, read_json
from teamcal.importer.repairs import RawFields, last_modified_from, repaired
from teamcal.texts.messages import message

DEPARTMENTS_FILE, EVENTS_FILE = "departments.json", "calendar_events.json"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://team-calendar/desktop-files")
# Keys of calendar_events.json: a date, perhaps with a time as C# writes it in one culture or another.
_DATE_KEY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]+(?:오전 |오후 |AM |PM )?[0-9]{1,2}:.*)?")

Parsed = TypeVar("Parsed")


class DesktopDepartment(NamedTuple):
    """`position` names the file and index; `old_ids` are the ids by which events refer to the department.

    A department has several old ids if the file lists its name more than once.
    """

    position: str
    id: str
    fields: dict[str, str]
    old_ids: tuple[str, ...]


class DesktopEvent(NamedTuple):
    """`id` is the same in every run; `last_modified` is None if the file has no usable time."""

    position: str
    id: str
    old_department_id: str
    fields: dict[str, str]
    last_modified: str | None


@dataclass(frozen=True)
class FileContent(Generic[Parsed]):
    """What one file holds. `problems` name the records (or the file) that can't be imported."""

    records: list[Parsed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DesktopFiles:
    """What both files hold, with the problems and warnings of both."""

    departments: list[DesktopDepartment]
    events: list[DesktopEvent]
    problems: list[str]
    warnings: list[str]


class _Rejected(NamedTuple):
    problem: str


class _Accepted(NamedTuple):
    event: DesktopEvent
    repairs: list[str]


def department_id_of(name: str) -> str:
    """Returns the id that the import gives to a department; the same in every run."""
    return str(uuid.uuid5(_NAMESPACE, f"department\n{name}"))


def read_desktop_files(departments: Path | None, events: Path | None, zone: tzinfo) -> DesktopFiles:
    """A path is None if the file doesn't exist. `zone` is the time zone of a LastModified that names none."""
    department_file = _read_file(DEPARTMENTS_FILE, departments, parse_departments)
    event_file = _read_file(EVENTS_FILE, events, lambda content: parse_events(content, zone))
    return DesktopFiles(
        department_file.records,
        event_file.records,
        department_file.problems + event_file.problems,
        department_file.warnings + event_file.warnings,
    )


def _read_file(
    name: str, path: Path | None, parse: Callable[[Any], FileContent[Parsed]]
) -> FileContent[Parsed]:
    try:
        if path is None:
            raise Unusable("파일이 없습니다.")
        return parse(read_json(path))
    except Unusable as error:
        return FileContent(problems=[f"{name}: {error}"])


def _old_id(value: Any) -> str:
    """Returns an old id as text: 1, 1.0 and "1" are the same; 0, null and a missing id are ""."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    return "" if text == "0" else text


def _text_of(error: InvalidInput) -> str:
    return ", ".join(
        f"{problem.field}: {message(problem.reason, 'ko', **problem.details)}" for problem in error.problems
    )


# Departments


def parse_departments(content: Any) -> FileContent[DesktopDepartment]:
    """Takes the parsed JSON of departments.json. Raises Unusable if it isn't a list of departments."""
    if isinstance(content, JsonObject) and not content.has_repeated_keys:
        content = next((value for key, value in content.items() if key.lower() == "departments"), None)
    if not isinstance(content, list):
        raise Unusable('{"departments": […]} 형식이 아닙니다.')
    departments, problems = [], []
    for index, value in enumerate(content):
        position = f"{DEPARTMENTS_FILE}: departments[{index}]"
        try:
            departments.append(_department(position, value))
        except Unusable as error:
            problems.append(f"{position}: {error}")
    merged, warnings = _merge_departments(departments)
    return FileContent(merged, problems, warnings)


def _department(position: str, value: Any) -> DesktopDepartment:
    record = normalized_record(value)
    try:
        fields = department_from({name: record[name] for name in ("name", "description") if name in record})
    except InvalidInput as error:
        raise Unusable(_text_of(error)) from None
    old_id = _old_id(record.get("id"))
    return DesktopDepartment(position, department_id_of(fields["name"]), fields, (old_id,) if old_id else ())


def _merge_departments(
    departments: Sequence[DesktopDepartment],
) -> tuple[list[DesktopDepartment], list[str]]:
    """Returns one department per name, and a warning for each one that was merged or lost its old id."""
    merged: list[DesktopDepartment] = []
    warnings: list[str] = []
    for department in departments:
        merged, added_warnings = _add_department(merged, department)
        warnings += added_warnings
    return merged, warnings


def _add_department(
    departments: list[DesktopDepartment], added: DesktopDepartment
) -> tuple[list[DesktopDepartment], list[str]]:
    warnings: list[str] = []
    for index, earlier in enumerate(departments):
        if earlier.id == added.id:
            warnings.append(_merge_warning(earlier, added))
            joined = _with_old_ids_of(earlier, added)
            return [*departments[:index], joined, *departments[index + 1 :]], warnings
        if shared := set(earlier.old_ids) & set(added.old_ids):
            warnings.append(_shared_id_warning(earlier, added, shared.pop()))
            added = added._replace(old_ids=())
    return [*departments, added], warnings


def _with_old_ids_of(earlier: DesktopDepartment, later: DesktopDepartment) -> DesktopDepartment:
    return earlier._replace(old_ids=tuple(dict.fromkeys(earlier.old_ids + later.old_ids)))


def _merge_warning(earlier: DesktopDepartment, later: DesktopDepartment) -> str:
    ignored = "" if earlier.fields == later.fields else " 설명은 먼저 나온 부서의 것을 사용합니다."
    return f"{later.position}: 이름이 같은 부서 '{earlier.fields['name']}'에 합쳤습니다.{ignored}"


def _shared_id_warning(earlier: DesktopDepartment, later: DesktopDepartment, old_id: str) -> str:
    return (
        f"{later.position}: id {old_id}: 부서 '{earlier.fields['name']}'에서 이미 쓰고 있습니다. "
        "이 id의 이벤트는 그 부서에 넣습니다."
    )


# Events


def parse_events(content: Any, zone: tzinfo) -> FileContent[DesktopEvent]:
    """Takes the parsed JSON of calendar_events.json. Raises Unusable if it isn't an object."""
    if not isinstance(content, JsonObject):
        raise Unusable('{"날짜": [이벤트, …]} 형식이 아닙니다.')
    events: dict[str, DesktopEvent] = {}
    problems: list[str] = []
    warnings: list[str] = []
    for result in _parse_dates(content, zone):
        if isinstance(result, _Rejected):
            problems.append(result.problem)
            continue
        position = result.event.position
        warnings += [f"{position}: {repair}" for repair in result.repairs]
        first = events.setdefault(result.event.id, result.event)
        if first is not result.event:
            warnings.append(f"{position}: 똑같은 이벤트가 앞에 있어 한 번만 가져옵니다 ({first.position}).")
    return FileContent(list(events.values()), problems, warnings)


def _parse_dates(content: JsonObject, zone: tzinfo) -> Iterator[_Accepted | _Rejected]:
    """Parses every record in file order; if a date is repeated in the file, all of its lists count."""
    for date_key, records in content.pairs:
        position = f"{EVENTS_FILE}: {json.dumps(date_key, ensure_ascii=False)}"
        if isinstance(records, list):
            for index, value in enumerate(records):
                yield _parse_event(f"{position}[{index}]", date_key, value, zone)
        elif records is not None:
            yield _Rejected(f"{position}: 이벤트 목록이 아닙니다.")


def _parse_event(position: str, date_key: str, value: Any, zone: tzinfo) -> _Accepted | _Rejected:
    try:
        record = normalized_record(value)
        raw_fields = _raw_fields(date_key, record)
        repaired_fields, repairs = repaired(raw_fields)
        fields = event_from(repaired_fields)
    except InvalidInput as error:
        return _Rejected(f"{position}: {_text_of(error)}")
    except Unusable as error:
        return _Rejected(f"{position}: {error}")
    last_modified, time_repairs = last_modified_from(record.get("lastmodified"), zone)
    old_department_id = _old_id(record.get("departmentid"))
    event_id = _event_id(raw_fields, record)
    event = DesktopEvent(position, event_id, old_department_id, fields, last_modified)
    return _Accepted(event, repairs + time_repairs)


def _raw_fields(date_key: str, record: dict[str, Any]) -> RawFields:
    date = _DATE_KEY.fullmatch(date_key.strip())
    fields = {name: record.get(name) for name in ("title", "description", "time", "url")}
    return {**fields, "event_date": date[1] if date else date_key}


def _event_id(raw_fields: RawFields, record: dict[str, Any]) -> str:
    """Returns an id made of the record as it is in the file.

    Repairs and options may change from run to run, the id may not.
    """
    values = [_old_id(record.get("id")), _old_id(record.get("departmentid"))]
    for value in (*(raw_fields[name] for name in sorted(raw_fields)), record.get("lastmodified")):
        text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
        values.append(unicodedata.normalize("NFC", text).strip())
    # json.dumps escapes all but ASCII, since a lone surrogate can't be encoded; event_from refuses it later.
    return str(uuid.uuid5(_NAMESPACE, "event\n" + json.dumps(values)))
