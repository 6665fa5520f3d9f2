"""The desktop client's two files: reads them and returns what can be imported, and what can't and why.

departments.json        {"departments": [{"id": 1, "name": "개발팀", "description": ""}, …]}
calendar_events.json    {"2024-01-20": [{"Id": 7, "DepartmentId": 1, "Title": "팀 회의", …}, …], …}
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from teamcal.domain.fields import department_from, event_from, folded_id
from teamcal.errors import InvalidInput
from teamcal.importer.identity import content_of, department_id_of, earlier_event_id_of, old_id
from teamcal.importer.json_file import JsonObject, Unusable, normalized_record, read_json, shown
from teamcal.importer.repairs import repaired
from teamcal.importer.times import date_key_from, last_modified_from
from teamcal.texts.messages import message

DEPARTMENTS_FILE, EVENTS_FILE = "departments.json", "calendar_events.json"

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
    """`content` tells it from all others, in every run; `earlier_id` is the id that an earlier version gave
    it, None if that version took it for a repetition. `last_modified` is None if the file has no usable time.
    """

    position: str
    content: str
    earlier_id: str | None
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
    """`repeats` is the same for records that are one event."""

    event: DesktopEvent
    repeats: str
    repairs: list[str]


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
        content, warning = read_json(path)
        parsed = parse(content)
        return replace(parsed, warnings=[f"{name}: {warning}", *parsed.warnings]) if warning else parsed
    except Unusable as error:
        return FileContent(problems=[f"{name}: {error}"])


def _text_of(error: InvalidInput) -> str:
    return ", ".join(
        f"{problem.field}: {message(problem.reason, 'ko', **problem.details)}" for problem in error.problems
    )


# Departments


def parse_departments(content: Any) -> FileContent[DesktopDepartment]:
    """Takes the parsed JSON of departments.json. Raises Unusable if it isn't a list of departments."""
    lists = [content]
    if isinstance(content, JsonObject):  # if the key is repeated, all of its lists count
        lists = [value for key, value in content.pairs if key.lower() == "departments"]
    if not lists or not all(isinstance(value, list) for value in lists):
        raise Unusable('{"departments": […]} 형식이 아닙니다.')
    departments, problems = [], []
    for index, value in enumerate(itertools.chain(*lists)):
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
    id_ = folded_id(old_id(record.get("id")))
    return DesktopDepartment(position, department_id_of(record["name"]), fields, (id_,) if id_ else ())


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
        f"{later.position}: id {shown(old_id)}: 부서 '{earlier.fields['name']}'에서 이미 쓰고 있습니다. "
        "이 id의 이벤트는 그 부서에 넣습니다."
    )


# Events


def parse_events(content: Any, zone: tzinfo) -> FileContent[DesktopEvent]:
    """Takes the parsed JSON of calendar_events.json. Raises Unusable if it isn't an object."""
    if not isinstance(content, JsonObject):
        raise Unusable('{"날짜": [이벤트, …]} 형식이 아닙니다.')
    events: dict[str, DesktopEvent] = {}
    earlier_ids: set[str | None] = set()
    problems: list[str] = []
    warnings: list[str] = []
    for result in _parse_dates(content, zone):
        if isinstance(result, _Rejected):
            problems.append(result.problem)
            continue
        event = result.event
        warnings += [f"{event.position}: {repair}" for repair in result.repairs]
        first = events.setdefault(result.repeats, event)
        if first is not event:
            warnings.append(
                f"{event.position}: 똑같은 이벤트가 앞에 있어 한 번만 가져옵니다 ({first.position})."
            )
        elif event.earlier_id in earlier_ids:
            events[result.repeats] = event._replace(earlier_id=None)
        earlier_ids.add(event.earlier_id)
    return FileContent(list(events.values()), problems, warnings)


def _parse_dates(content: JsonObject, zone: tzinfo) -> Iterator[_Accepted | _Rejected]:
    """Parses every record in file order; if a date is repeated in the file, all of its lists count."""
    for date_key, records in content.pairs:
        position = f'{EVENTS_FILE}: "{shown(date_key)}"'
        if isinstance(records, list):
            for index, value in enumerate(records):
                yield _parse_event(f"{position}[{index}]", date_key, value, zone)
        elif records is not None:
            yield _Rejected(f"{position}: 이벤트 목록이 아닙니다.")


def _parse_event(position: str, date_key: str, value: Any, zone: tzinfo) -> _Accepted | _Rejected:
    key = date_key_from(date_key, zone)
    try:
        record = normalized_record(value)
        raw_fields = {name: record.get(name) for name in ("title", "description", "time", "url")}
        repaired_fields, repairs = repaired({**raw_fields, "event_date": key.date})
        fields = event_from(repaired_fields)
        contents = {date: content_of(record, date) for date in set(key)}
    except InvalidInput as error:
        return _Rejected(f"{position}: {_text_of(error)}")
    except Unusable as error:
        return _Rejected(f"{position}: {error}")
    except RecursionError:
        return _Rejected(f"{position}: 너무 깊이 중첩되어 있습니다.")
    last_modified, time_repairs = last_modified_from(record.get("lastmodified"), zone)
    old_department_id = folded_id(old_id(record.get("departmentid")))
    content, earlier_id = contents[key.identity], earlier_event_id_of(contents[key.earlier_date])
    event = DesktopEvent(position, content, earlier_id, old_department_id, fields, last_modified)
    return _Accepted(event, contents[key.date], repairs + time_repairs)
