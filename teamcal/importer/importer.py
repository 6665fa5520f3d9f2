"""Imports the desktop client's records step by step, verifies them, and reports both."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from teamcal.domain.values import Record, timestamp, utc_now
from teamcal.importer.desktop_files import DesktopEvent, DesktopFiles
from teamcal.importer.identity import department_id_of
from teamcal.importer.placement import (
    DepartmentImport,
    EventImport,
    StoredDepartment,
    placement_of,
)
from teamcal.importer.stored_events import StoredEvents
from teamcal.importer.target import Target
from teamcal.importer.times import time_fields_from
from teamcal.importer.verification import EventState, compare_event, department_is_stored, summary_of

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


class Importer:
    """One run: departments, events, verification. Raises CalendarError.

    `default_department` is the name of the department for events without a known one, None for the first.
    `time_zone` is the zone of the times of day in the files, None if these are to stay texts only.
    """

    def __init__(
        self,
        target: Target,
        files: DesktopFiles,
        default_department: str | None,
        time_zone: str | None,
        console: Console,
    ) -> None:
        self._target, self._files, self._console = target, files, console
        self._default_name, self._time_zone = default_department, time_zone
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
                stored = self._stored_department(department.id, department.fields)
                if stored.id in {item.stored.id for item in self._departments}:
                    self._console.warn(f"⚠️ {department.position}: 부서 '{stored.name}'에 합쳤습니다.")
                self._departments.append(DepartmentImport(department, stored))
                self._console.say(f"  ✓ 부서 '{department.fields['name']}' 마이그레이션 완료")
                bar.update()
        self._console.say(f"✅ 부서 데이터 마이그레이션 완료: {len(self._departments)}개")

    def _stored_department(self, department_id: str, fields: dict[str, str]) -> StoredDepartment:
        stored = self._target.import_department(department_id, fields)
        return StoredDepartment(stored["id"], stored.get("name") or "", stored.get("created_at") or "")

    def _create_default(self, name: str) -> StoredDepartment:
        return self._stored_department(department_id_of(name), {"name": name, "description": ""})

    # Events

    def _import_events(self) -> None:
        self._console.say("\n📅 캘린더 이벤트 데이터 마이그레이션 시작...")
        placement = placement_of(
            self._departments, self._files.events, self._default_name, self._create_default
        )
        self._events = placement.events
        self._problems += placement.problems
        for line in placement.warnings:
            self._console.warn(line if line.startswith(" ") else f"⚠️ {line}")
        stored_events = StoredEvents(self._target, self._target.departments_with_changes())
        with self._console.bar(len(self._events), "이벤트") as bar:
            for chunk in chunks_of(self._events):
                stored = stored_events.find(chunk)
                self._write([item for item in chunk if item.id not in stored])
                self._console.say("\n".join(imported_line(item.event) for item in chunk))
                bar.update(len(chunk))
        self._console.say(f"✅ 이벤트 데이터 마이그레이션 완료: {len(self._events)}개")

    def _write(self, events: Sequence[EventImport]) -> None:
        by_department: defaultdict[str, list[Record]] = defaultdict(list)
        for item in events:
            by_department[item.department_id].append(record_of(item, self._time_zone))
        for department_id, records in by_department.items():
            self._target.import_events(department_id, records)

    # Verification

    def _verify(self) -> None:
        self._console.say("\n🔍 마이그레이션 검증 중...")
        departments = sum(self._department_is_stored(item) for item in self._departments)
        states = self._compare_events()
        for line in summary_of(states):
            self._console.warn(f"⚠️ {line}")
        events = states.total() - states[EventState.MISSING]
        self._console.say(f"  • 부서: {departments}개\n  • 이벤트: {events}개\n\n{self._verdict()}\n{RULE}")
        for line in self._missing:
            self._console.warn(f"✗ {line}")

    def _department_is_stored(self, item: DepartmentImport) -> bool:
        stored = self._target.read_department(item.stored.id)
        if department_is_stored(item.department, stored):
            return True
        self._missing.append(f"{item.department.position}: 테이블에 없습니다.")
        return False

    def _compare_events(self) -> Counter[EventState]:
        stored_events = StoredEvents(self._target, self._target.departments_with_changes())
        states = Counter[EventState]()
        with self._console.bar(len(self._events), "검증") as bar:
            for chunk in chunks_of(self._events):
                stored = stored_events.find(chunk)
                for item in chunk:
                    state, sentence = compare_event(item, stored.get(item.id))
                    states[state] += 1
                    if state is EventState.MISSING:
                        self._missing.append(f"{item.event.position}: {sentence}")
                    elif sentence:
                        self._console.warn(f"⚠️ {item.event.position}: {sentence}")
                bar.update(len(chunk))
        return states

    def _verdict(self) -> str:
        if self._missing:
            return f"❌ 마이그레이션 검증 실패: {len(self._missing)}개"
        if self._problems:
            return f"⚠️ 마이그레이션 검증 완료: 가져오지 못한 레코드 {len(self._problems)}개"
        return "✅ 마이그레이션 검증 완료"


def record_of(item: EventImport, time_zone: str | None) -> Record:
    """Returns the event as it is stored.

    `created_at` and `last_modified` are the file's LastModified, or now if the file has none. With a
    `time_zone` the event also has the times that its text means.
    """
    time = item.event.last_modified or timestamp(utc_now())
    return {
        "id": item.id,
        "department_id": item.department_id,
        **item.event.fields,
        **(time_fields_from(item.event.fields["time"], time_zone) if time_zone else {}),
        "created_at": time,
        "last_modified": time,
    }


def imported_line(event: DesktopEvent) -> str:
    return f"  ✓ 이벤트 '{event.fields['title']}' ({event.fields['event_date']}) 마이그레이션 완료"


def chunks_of(events: Sequence[EventImport]) -> Iterator[Sequence[EventImport]]:
    for start in range(0, len(events), CHUNK_EVENTS):
        yield events[start : start + CHUNK_EVENTS]
