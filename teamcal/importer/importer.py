"""Imports the desktop client's records step by step, verifies them, and reports both."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from teamcal.domain.values import Record, timestamp, utc_now
from teamcal.importer.desktop_files import (
    DEPARTMENTS_FILE,
    DesktopDepartment,
    DesktopEvent,
    DesktopFiles,
    department_id_of,
)
from teamcal.importer.target import Target
from teamcal.importer.verification import EventState, compare_event, department_is_stored

RULE = "=" * 50
CHUNK_EVENTS = 900
"""Number of events read and written in one step; enough to fill the transactions of three departments."""


class ProgressBar(Protocol):
    def update(self, n: float = 1) -> object:
        """Advances the bar by `n` records."""


class Console(Protocol):
    """Where the importer reports to."""

    def say(self, text: str) -> None:
        """Writes what was done to standard output."""

    def warn(self, line: str) -> None:
        """Writes a warning or problem to standard error."""

    def bar(self, total: int, what: str) -> AbstractContextManager[ProgressBar]:
        """Shows a progress bar of `total` records on standard error while the context is open."""


class DepartmentImport(NamedTuple):
    """A department of the files and the id that it has in the tables."""

    department: DesktopDepartment
    department_id: str


class EventImport(NamedTuple):
    """An event of the files and the department that it goes to."""

    event: DesktopEvent
    department_id: str


class DefaultDepartment(NamedTuple):
    """Where events without a known department go."""

    id: str
    name: str


class Importer:
    """One run: departments, events, verification. Raises CalendarError.

    `default_department` is the name of the department for events without a known one, None for the first.
    """

    def __init__(
        self, target: Target, files: DesktopFiles, default_department: str | None, console: Console
    ) -> None:
        self._target, self._files, self._console = target, files, console
        self._default_name = default_department
        self._departments: list[DepartmentImport] = []
        self._events: list[EventImport] = []
        self._problems = list(files.problems)
        self._missing: list[str] = []

    def run(self) -> bool:
        """Returns whether every record of the files is in the tables now."""
        self._console.say(f"{RULE}\n🚀 JSON → DynamoDB 마이그레이션 시작\n{RULE}")
        for line in self._files.warnings:
            self._console.warn(f"⚠️ {line}")
        self._target.check_tables()  # before anything is written
        self._import_departments()
        self._import_events()
        self._verify()
        for line in self._problems:
            self._console.warn(f"✗ {line}")
        if self._problems:
            self._console.warn(
                f"✗ 가져오지 못한 레코드: {len(self._problems)}개 (위 목록). 파일을 고친 뒤 다시 실행하세요."
            )
        return not self._problems and not self._missing

    # Departments

    def _import_departments(self) -> None:
        self._console.say("\n📋 부서 데이터 마이그레이션 시작...")
        with self._console.bar(len(self._files.departments), "부서") as bar:
            for department in self._files.departments:
                stored = self._target.import_department(department.id, department.fields)
                self._departments.append(DepartmentImport(department, stored["id"]))
                self._console.say(f"  ✓ 부서 '{department.fields['name']}' 마이그레이션 완료")
                bar.update()
        self._console.say(f"✅ 부서 데이터 마이그레이션 완료: {len(self._departments)}개")

    def _default_department(self) -> DefaultDepartment | None:
        """Returns None if no name was given and the files have no department."""
        ids = {department.fields["name"]: department_id for department, department_id in self._departments}
        if self._default_name is None:
            return next((DefaultDepartment(id_, name) for name, id_ in ids.items()), None)
        if self._default_name in ids:
            return DefaultDepartment(ids[self._default_name], self._default_name)
        fields = {"name": self._default_name, "description": ""}
        stored = self._target.import_department(department_id_of(self._default_name), fields)
        self._console.warn(f"⚠️ {DEPARTMENTS_FILE}에 없는 부서를 기본 부서로 사용합니다: '{stored['name']}'")
        return DefaultDepartment(stored["id"], stored["name"])

    def _choose_departments(self) -> None:
        """Decides which department each event goes to. An event that has none becomes a problem."""
        ids = {
            old_id: department_id
            for department, department_id in self._departments
            for old_id in department.old_ids
        }
        unknown = Counter(
            event.old_department_id for event in self._files.events if event.old_department_id not in ids
        )
        default = self._default_department() if unknown else None
        for event in self._files.events:
            if event.old_department_id in ids:
                self._events.append(EventImport(event, ids[event.old_department_id]))
            elif default:
                self._events.append(EventImport(event, default.id))
            else:
                self._problems.append(
                    f"{event.position}: 이벤트를 넣을 부서가 없습니다. --default-department로 지정하세요."
                )
        if default:
            self._report_default(default, unknown)

    def _report_default(self, default: DefaultDepartment, unknown: Counter[str]) -> None:
        self._console.warn(
            f"⚠️ 부서를 알 수 없어 기본 부서 '{default.name}'에 넣은 이벤트: {unknown.total()}개"
        )
        for old_id, count in sorted(unknown.items()):
            self._console.warn(f"    DepartmentId {old_id or '없음(0)'}: {count}개")

    # Events

    def _import_events(self) -> None:
        self._console.say("\n📅 캘린더 이벤트 데이터 마이그레이션 시작...")
        self._choose_departments()
        other_departments = self._target.departments_with_changes()
        with self._console.bar(len(self._events), "이벤트") as bar:
            for chunk in chunks_of(self._events):
                stored = self._find(chunk, other_departments)
                self._write([item for item in chunk if item.event.id not in stored])
                self._console.say("\n".join(imported_line(event) for event, _ in chunk))
                bar.update(len(chunk))
        self._console.say(f"✅ 이벤트 데이터 마이그레이션 완료: {len(self._events)}개")

    def _write(self, events: Sequence[EventImport]) -> None:
        by_department: defaultdict[str, list[Record]] = defaultdict(list)
        for item in events:
            by_department[item.department_id].append(record_of(item))
        for department_id, records in by_department.items():
            self._target.import_events(department_id, records)

    def _find(self, events: Sequence[EventImport], other_departments: list[str]) -> dict[str, Record]:
        """Returns the stored events by id: from their own department, or another that one was moved to."""
        stored = self._target.read_events((event.id, department_id) for event, department_id in events)
        for other in other_departments:
            absent = [event.id for event, _ in events if is_absent(stored.get(event.id))]
            for event_id, record in self._target.read_events((id_, other) for id_ in absent).items():
                if event_id not in stored or not record.get("deleted"):
                    stored[event_id] = record
        return stored

    # Verification

    def _verify(self) -> None:
        self._console.say("\n🔍 마이그레이션 검증 중...")
        departments = sum(self._department_is_stored(item) for item in self._departments)
        states = self._compare_events()
        if states[EventState.EDITED]:
            self._console.warn(f"⚠️ 가져온 뒤 수정되어 그대로 둔 이벤트: {states[EventState.EDITED]}개")
        if states[EventState.DELETED]:
            self._console.warn(f"⚠️ 가져온 뒤 삭제되어 되살리지 않은 이벤트: {states[EventState.DELETED]}개")
        events = states.total() - states[EventState.MISSING]
        self._console.say(f"  • 부서: {departments}개\n  • 이벤트: {events}개\n\n{self._verdict()}\n{RULE}")
        for line in self._missing:
            self._console.warn(f"✗ {line}")

    def _department_is_stored(self, item: DepartmentImport) -> bool:
        stored = self._target.read_department(item.department_id)
        if department_is_stored(item.department, stored):
            return True
        self._missing.append(f"{item.department.position}: 테이블에 없습니다.")
        return False

    def _compare_events(self) -> Counter[EventState]:
        other_departments = self._target.departments_with_changes()
        states = Counter[EventState]()
        with self._console.bar(len(self._events), "검증") as bar:
            for chunk in chunks_of(self._events):
                stored = self._find(chunk, other_departments)
                for event, department_id in chunk:
                    comparison = compare_event(event, department_id, stored.get(event.id))
                    states[comparison.state] += 1
                    if comparison.problem:
                        self._missing.append(comparison.problem)
                bar.update(len(chunk))
        return states

    def _verdict(self) -> str:
        if self._missing:
            return f"❌ 마이그레이션 검증 실패: {len(self._missing)}개"
        if self._problems:
            return f"⚠️ 마이그레이션 검증 완료: 가져오지 못한 레코드 {len(self._problems)}개"
        return "✅ 마이그레이션 검증 완료"


def is_absent(stored: Record | None) -> bool:
    return stored is None or bool(stored.get("deleted"))


def record_of(item: EventImport) -> Record:
    """Returns the event as it is stored. Its times are the file's, or now if the file has none."""
    time = item.event.last_modified or timestamp(utc_now())
    return {
        "id": item.event.id,
        "department_id": item.department_id,
        **item.event.fields,
        "created_at": time,
        "last_modified": time,
    }


def imported_line(event: DesktopEvent) -> str:
    return f"  ✓ 이벤트 '{event.fields['title']}' ({event.fields['event_date']}) 마이그레이션 완료"


def chunks_of(events: Sequence[EventImport]) -> Iterator[Sequence[EventImport]]:
    for start in range(0, len(events), CHUNK_EVENTS):
        yield events[start : start + CHUNK_EVENTS]
