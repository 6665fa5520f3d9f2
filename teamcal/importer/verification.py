"""Compares a record of the files with what the tables hold after the import."""

from enum import Enum
from typing import NamedTuple

from teamcal.domain.values import Record
from teamcal.importer.desktop_files import DesktopDepartment, DesktopEvent


class EventState(Enum):
    SAME = "same"
    EDITED = "edited"  # by somebody since an earlier run, or moved to another department
    DELETED = "deleted"
    MISSING = "missing"  # or there, but not as it was written


class Comparison(NamedTuple):
    """`problem` is a sentence for people, None unless the state is MISSING."""

    state: EventState
    problem: str | None = None


def compare_event(event: DesktopEvent, department_id: str, stored: Record | None) -> Comparison:
    """`stored` is the event in the tables, wherever it is; None if no department has it."""
    if stored is None:
        return Comparison(EventState.MISSING, f"{event.position}: 테이블에 없습니다.")
    if stored.get("deleted"):
        return Comparison(EventState.DELETED)
    expected = {**event.fields, "department_id": department_id}
    if event.last_modified:
        expected["last_modified"] = event.last_modified
    differing = [name for name, value in expected.items() if (stored.get(name) or "") != value]
    if not differing:
        return Comparison(EventState.SAME)
    if stored.get("version", 1) > 1 or "last_modified" in differing or "department_id" in differing:
        return Comparison(EventState.EDITED)
    return Comparison(
        EventState.MISSING, f"{event.position}: 테이블의 내용이 다릅니다 ({', '.join(differing)})."
    )


def department_is_stored(department: DesktopDepartment, stored: Record | None) -> bool:
    """Whether the department is in the tables, under its name or, if somebody edited it since, another."""
    if stored is None:
        return False
    edited = stored.get("updated_at") != stored.get("created_at")
    return edited or stored["name"] == department.fields["name"]
