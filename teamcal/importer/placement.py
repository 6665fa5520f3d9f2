"""Which department each event of the files goes to, and with which id."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from teamcal.domain.visible_text import seen_name
from teamcal.importer.desktop_files import DEPARTMENTS_FILE, DesktopDepartment, DesktopEvent
from teamcal.importer.identity import event_id_of
from teamcal.importer.json_file import shown


class StoredDepartment(NamedTuple):
    """A department in the tables. `created_at` is empty if an older server didn't write it."""

    id: str
    name: str
    created_at: str = ""


class DepartmentImport(NamedTuple):
    """A department of the files and what it is in the tables, where it may have another name."""

    department: DesktopDepartment
    stored: StoredDepartment


class EventImport(NamedTuple):
    """An event of the files and the department that it goes to.

    `id` contains a department: that of the event, or for an event without a known one the first of the files,
    since another default must not make it another event. `homes` are the departments into which an earlier
    run over these files may have put it.
    """

    event: DesktopEvent
    id: str
    department_id: str
    homes: tuple[StoredDepartment, ...]


class Placement(NamedTuple):
    """`problems` name the events that no department takes; `warnings` say which went to the default."""

    events: list[EventImport]
    problems: list[str]
    warnings: list[str]


def placement_of(
    departments: Sequence[DepartmentImport],
    events: Sequence[DesktopEvent],
    default_name: str | None,
    create: Callable[[str], StoredDepartment],
) -> Placement:
    """`default_name` names the department for events without a known one, None means the first.

    `create` returns the department of a name that the files don't have.
    """
    known = {old_id: item.stored for item in departments for old_id in item.department.old_ids}
    unknown = Counter(event.old_department_id for event in events if event.old_department_id not in known)
    warnings: list[str] = []
    default = _default(departments, default_name) if unknown else None
    if unknown and default is None and default_name is not None:
        default = create(default_name)
        warnings.append(f"{DEPARTMENTS_FILE}에 없는 부서를 기본 부서로 사용합니다: '{default.name}'")
    if default:
        warnings += _default_warnings(default, unknown)
    of_files = [item.stored for item in departments]
    placed = [item for event in events if (item := _event_import(event, known, default, of_files))]
    problems = [
        f"{event.position}: 이벤트를 넣을 부서가 없습니다. --default-department로 지정하세요."
        for event in events
        if default is None and event.old_department_id not in known
    ]
    return Placement(placed, problems, warnings)


def _event_import(
    event: DesktopEvent,
    known: Mapping[str, StoredDepartment],
    default: StoredDepartment | None,
    of_files: Sequence[StoredDepartment],
) -> EventImport | None:
    """Returns None if no department takes the event. `known` are the departments by old id."""
    if stored := known.get(event.old_department_id):
        return EventImport(event, event_id_of(stored.id, event.content), stored.id, (stored,))
    if default is None:
        return None
    first = of_files[0] if of_files else default
    return EventImport(event, event_id_of(first.id, event.content), default.id, (default, *of_files))


def _default(departments: Sequence[DepartmentImport], name: str | None) -> StoredDepartment | None:
    for item in departments:
        if name is None or seen_name(item.department.fields["name"]) == seen_name(name):
            return item.stored
    return None


def _default_warnings(default: StoredDepartment, unknown: Counter[str]) -> list[str]:
    counts = [
        f"    DepartmentId {shown(old_id) or '없음(0)'}: {count}개"
        for old_id, count in sorted(unknown.items())
    ]
    return [
        f"부서를 알 수 없어 기본 부서 '{default.name}'에 넣은 이벤트: {unknown.total()}개",
        *counts,
    ]
