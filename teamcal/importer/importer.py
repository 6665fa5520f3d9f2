"""The import of the desktop application's records, step by step, and its verification."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from teamcal.calendar import Calendar
from teamcal.deadline import SCRIPT_SECONDS, within
from teamcal.domain.caller import UNNAMED
from teamcal.domain.changes import DEPARTMENTS
from teamcal.domain.database import Database
from teamcal.domain.operations import BATCH_CHANGES
from teamcal.domain.values import Record, timestamp, utc_now
from teamcal.errors import StorageThrottled
from teamcal.importer.desktop_files import (
    DEPARTMENTS_FILE,
    OldDepartment,
    OldEvent,
    OldFiles,
    department_id_of,
)

RULE = "=" * 50
CHUNK = 900
"""Events between two looks at the tables; large enough to fill the transactions of three departments."""
IMPORT = 4 * BATCH_CHANGES
"""Events that have to be written within one deadline."""
THROTTLED_SECONDS = 600.0
"""How long a table that is throttled all the time is waited for: 10 units a second take their time."""

Answer = TypeVar("Answer")


def patiently(call: Callable[[], Answer]) -> Answer:
    """The answer of `call`, which may be repeated as often as one likes. Raises CalendarError."""
    ends, pause = time.monotonic() + THROTTLED_SECONDS, 1.0
    while True:
        try:
            with within(SCRIPT_SECONDS):
                return call()
        except StorageThrottled:
            if time.monotonic() > ends:
                raise
        time.sleep(pause)
        pause = min(pause * 2, 15.0)


class Migration:
    """One run: the departments, the events, the verification. Raises CalendarError.

    `console`: say(text) for standard output, warn(line) for standard error, bar(total, what).
    """

    def __init__(
        self,
        calendar: Calendar,
        database: Database,
        old: OldFiles,
        default_department: str | None,
        console: Any,
    ) -> None:
        self.calendar, self.database, self.old = calendar, database, old
        self.default_name, self.console = default_department, console
        self.departments: list[tuple[OldDepartment, str]] = []
        self.targets: list[tuple[OldEvent, str]] = []
        self.missing: list[str] = []

    def run(self) -> bool:
        """Is every record of the files in the tables now?"""
        self.console.say(f"{RULE}\n🚀 JSON → DynamoDB 마이그레이션 시작\n{RULE}")
        for line in self.old.warnings:
            self.console.warn(f"⚠️ {line}")
        self._must_have_tables()
        self._import_departments()
        self._import_events()
        self._verify()
        for line in self.old.problems:
            self.console.warn(f"✗ {line}")
        if self.old.problems:
            self.console.warn(
                f"✗ 옮기지 못한 항목: {len(self.old.problems)}개 (위 목록). 고친 뒤 다시 실행하세요."
            )
        return not self.old.problems and not self.missing

    def _must_have_tables(self) -> None:
        """Before anything is written."""
        patiently(lambda: self.database.read_department(DEPARTMENTS))
        patiently(lambda: self.database.read_events([(DEPARTMENTS, DEPARTMENTS)]))
        patiently(lambda: self.database.read_head(DEPARTMENTS))

    # Departments

    def _import_departments(self) -> None:
        self.console.say("\n📋 부서 데이터 마이그레이션 시작...")
        with self.console.bar(len(self.old.departments), "부서") as bar:
            for department in self.old.departments:
                made = self._import_department(department.id, department.fields)
                self.departments.append((department, made["id"]))
                self.console.say(f"  ✓ 부서 '{department.fields['name']}' 마이그레이션 완료")
                bar.update()
        self.console.say(f"✅ 부서 데이터 마이그레이션 완료: {len(self.departments)}개")

    def _import_department(self, department_id: str, fields: dict[str, str]) -> Record:
        return patiently(lambda: self.calendar.departments.import_one(UNNAMED, department_id, fields))

    def _default_department(self) -> tuple[str, str] | None:
        """(id, name) of where events without a known department go."""
        named = {department.fields["name"]: made for department, made in self.departments}
        if self.default_name is None:
            return next(((made, name) for name, made in named.items()), None)
        if self.default_name in named:
            return named[self.default_name], self.default_name
        fields = {"name": self.default_name, "description": ""}
        made = self._import_department(department_id_of(self.default_name), fields)
        self.console.warn(f"⚠️ 기본 부서 '{made['name']}'은(는) {DEPARTMENTS_FILE}에 없는 부서입니다.")
        return made["id"], made["name"]

    def _choose_departments(self) -> None:
        """Which department each event goes to. Those that have none to go to become problems."""
        known = {old_id: made for department, made in self.departments for old_id in department.old_ids}
        lost = Counter(event.old_department for event in self.old.events if event.old_department not in known)
        default = self._default_department() if lost else None
        for event in self.old.events:
            if event.old_department in known:
                self.targets.append((event, known[event.old_department]))
            elif default:
                self.targets.append((event, default[0]))
            else:
                self.old.problems.append(
                    f"{event.where}: 옮길 부서가 없습니다. --default-department 이름 으로 정해 주세요."
                )
        if default:
            self.console.warn(
                f"⚠️ 부서를 알 수 없어 기본 부서 '{default[1]}'(으)로 옮긴 이벤트: {lost.total()}개"
            )
            for old_id, count in sorted(lost.items()):
                self.console.warn(f"    DepartmentId {old_id or '없음(0)'}: {count}개")

    # Events

    def _import_events(self) -> None:
        self.console.say("\n📅 캘린더 이벤트 데이터 마이그레이션 시작...")
        self._choose_departments()
        others = self._departments_with_a_log()
        with self.console.bar(len(self.targets), "이벤트") as bar:
            for chunk in chunks(self.targets):
                there = self._find(chunk, others)
                self._write([one for one in chunk if one[0].id not in there])
                self.console.say("\n".join(imported_line(event) for event, _ in chunk))
                bar.update(len(chunk))
        self.console.say(f"✅ 이벤트 데이터 마이그레이션 완료: {len(self.targets)}개")

    def _write(self, new: list[tuple[OldEvent, str]]) -> None:
        by_department: dict[str, list[Record]] = {}
        for event, department_id in new:
            at = event.last_modified or timestamp(utc_now())
            record = {
                "id": event.id, "department_id": department_id, **event.fields,
                "created_at": at, "last_modified": at,
            }  # fmt: skip
            by_department.setdefault(department_id, []).append(record)
        for department_id, records in by_department.items():
            for start in range(0, len(records), IMPORT):
                self._import_into(department_id, records[start : start + IMPORT])

    def _import_into(self, department_id: str, records: list[Record]) -> None:
        patiently(lambda: self.calendar.events.import_many(UNNAMED, department_id, records))

    def _departments_with_a_log(self) -> list[str]:
        """Where an event of an earlier run may have been moved to; none at the first run."""
        _, listed = patiently(lambda: self.calendar.departments.list_all(UNNAMED))
        heads = patiently(lambda: self.database.read_heads([one["id"] for one in listed]))
        return [log_id for log_id, head in heads.items() if head.revision > 0]

    def _find(self, wanted: list[tuple[OldEvent, str]], others: list[str]) -> dict[str, Record]:
        """The events where they are: in their department, or in another that somebody moved them to."""
        found = self._read([(event.id, department_id) for event, department_id in wanted])
        for other in others:
            absent = [one for one, _ in wanted if one.id not in found or found[one.id].get("deleted")]
            for event_id, record in self._read([(one.id, other) for one in absent]).items():
                if event_id not in found or not record.get("deleted"):
                    found[event_id] = record
        return found

    def _read(self, keys: list[tuple[str, str]]) -> dict[str, Record]:
        return patiently(lambda: self.database.read_events(keys)) if keys else {}

    # Verification

    def _verify(self) -> None:
        self.console.say("\n🔍 마이그레이션 검증 중...")
        departments = sum(self._is_there(department, made) for department, made in self.departments)
        others, states = self._departments_with_a_log(), Counter[str]()
        with self.console.bar(len(self.targets), "검증") as bar:
            for chunk in chunks(self.targets):
                found = self._find(chunk, others)
                for event, department_id in chunk:
                    states[state_of(event, department_id, found.get(event.id), self.missing)] += 1
                bar.update(len(chunk))
        events = states.total() - states["missing"]
        if states["edited"]:
            self.console.warn(f"⚠️ 이후에 수정되어 그대로 둔 이벤트: {states['edited']}개")
        if states["deleted"]:
            self.console.warn(f"⚠️ 이후에 삭제되어 되살리지 않은 이벤트: {states['deleted']}개")
        self.console.say(f"  • 부서: {departments}개\n  • 이벤트: {events}개\n\n{self._verdict()}\n{RULE}")
        for line in self.missing:
            self.console.warn(f"✗ {line}")

    def _is_there(self, department: OldDepartment, made: str) -> bool:
        record = patiently(lambda: self.database.read_department(made))
        edited = record and record.get("updated_at") != record.get("created_at")
        if record and (edited or record["name"] == department.fields["name"]):
            return True
        self.missing.append(f"{department.where}: 테이블에 없습니다.")
        return False

    def _verdict(self) -> str:
        if self.missing:
            return f"❌ 마이그레이션 검증 실패: {len(self.missing)}개"
        if self.old.problems:
            return f"⚠️ 마이그레이션 검증 완료: 옮기지 못한 항목 {len(self.old.problems)}개"
        return "✅ 마이그레이션 검증 완료"


def state_of(event: OldEvent, department_id: str, found: Record | None, missing: list[str]) -> str:
    """same, edited (by somebody since, or moved), deleted, or missing; what is missing is noted."""
    if found is None:
        missing.append(f"{event.where}: 테이블에 없습니다.")
        return "missing"
    if found.get("deleted"):
        return "deleted"
    wanted = {**event.fields, "department_id": department_id}
    if event.last_modified:
        wanted["last_modified"] = event.last_modified
    differing = [name for name, value in wanted.items() if (found.get(name) or "") != value]
    if not differing:
        return "same"
    if found.get("version", 1) > 1 or "last_modified" in differing or "department_id" in differing:
        return "edited"
    missing.append(f"{event.where}: 테이블의 내용이 다릅니다 ({', '.join(differing)}).")
    return "missing"


def imported_line(event: OldEvent) -> str:
    return f"  ✓ 이벤트 '{event.fields['title']}' ({event.fields['event_date']}) 마이그레이션 완료"


def chunks(targets: list[tuple[OldEvent, str]]) -> Iterator[list[tuple[OldEvent, str]]]:
    for start in range(0, len(targets), CHUNK):
        yield targets[start : start + CHUNK]
