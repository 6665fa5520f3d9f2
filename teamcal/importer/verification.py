"""Compares a record of the files with what the tables hold after the import."""

from collections import Counter
from enum import Enum
from typing import NamedTuple

from teamcal.domain.values import Record
from teamcal.domain.visible_text import seen_name, trimmed
from teamcal.importer.desktop_files import DesktopDepartment
from teamcal.importer.placement import EventImport
from teamcal.importer.stored_events import StoredEvent

_OPTIONAL = frozenset({"event_date", "last_modified"})
"""What --time-zone changes."""


class EventState(Enum):
    """The value of those that were left as they are is what is reported about them."""

    SAME = ""
    MISSING = "-"  # or there, but not as it was written
    EDITED = "가져온 뒤 수정되어 그대로 둔 이벤트"
    MOVED = "가져온 뒤 다른 부서로 옮겨져 그대로 둔 이벤트"
    DELETED = "가져온 뒤 삭제되어 되살리지 않은 이벤트"
    ELSEWHERE = "이전에 다른 기본 부서에 넣어 그대로 둔 이벤트"
    OTHERWISE = "이전 실행이 다른 버전이나 옵션으로 가져와 그대로 둔 이벤트"


class Comparison(NamedTuple):
    """`sentence` is for people: what is wrong (MISSING), or what differs from the files (OTHERWISE)."""

    state: EventState
    sentence: str = ""


def compare_event(item: EventImport, stored: StoredEvent | None) -> Comparison:
    """`stored` is the event in the tables, wherever it is; None if no department has it."""
    if stored is None:
        return Comparison(EventState.MISSING, "테이블에 없습니다.")
    record = stored.record
    first_version = record.get("version", 1) == 1
    if record.get("deleted"):
        return Comparison(EventState.DELETED)
    if record["department_id"] != item.department_id:
        return Comparison(EventState.ELSEWHERE if first_version else EventState.MOVED)
    differing = _differing(item, record)
    if not differing:
        return Comparison(EventState.SAME)
    # An older server's edit makes no version, but another time than that of the creation.
    as_imported = first_version and record.get("last_modified") == record.get("created_at")
    if as_imported and (stored.is_earlier or _OPTIONAL.issuperset(differing)):
        expected = _expected(item)
        values = [f"{name}: {record.get(name) or ''!r}, 파일에서는 {expected[name]!r}" for name in differing]
        return Comparison(EventState.OTHERWISE, f"이전 실행이 다르게 가져왔습니다 ({'; '.join(values)}).")
    if not first_version or not as_imported:
        return Comparison(EventState.EDITED)
    return Comparison(EventState.MISSING, f"테이블의 내용이 다릅니다 ({', '.join(differing)}).")


def _expected(item: EventImport) -> dict[str, str]:
    """Returns the fields of the file, and its time if it has a usable one."""
    time = {"last_modified": item.event.last_modified} if item.event.last_modified else {}
    return {**item.event.fields, **time}


def _differing(item: EventImport, record: Record) -> list[str]:
    """Returns the names of the fields that aren't stored as the file has them."""
    expected = _expected(item)
    stored = {name: record.get(name) or "" for name in expected}
    # Earlier versions left what has no visible shape at the ends.
    return [name for name, value in expected.items() if value not in (stored[name], trimmed(stored[name]))]


def summary_of(states: Counter[EventState]) -> list[str]:
    """Returns a line about each kind of events that were left as they are."""
    left = [state for state in EventState if len(state.value) > 1 and states[state]]
    return [f"{state.value}: {states[state]}개" for state in left]


def department_is_stored(department: DesktopDepartment, stored: Record | None) -> bool:
    """Whether the department is in the tables, under its name or, if somebody edited it since, another."""
    if stored is None:
        return False
    edited = stored.get("updated_at") != stored.get("created_at")
    return edited or seen_name(stored.get("name") or "") == seen_name(department.fields["name"])
