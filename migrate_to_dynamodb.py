"""One-off import of the desktop application's departments.json and calendar_events.json.

    python migrate_to_dynamodb.py [--data-dir DIR] [--default-department NAME] [--time-zone Asia/Seoul]

Running it again, also after it was killed, changes nothing that is already there. Exit status:
0 all is in the tables; 1 a record or file could not be taken, or the verification failed;
2 wrong options or settings, or the storage failed: nothing is wrong with the files, run it again;
130 interrupted.
"""

import argparse
import io
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from tqdm import tqdm

from models import DynamoDBDatabase
from teamcal.calendar import Calendar
from teamcal.changes import DEPARTMENTS
from teamcal.deadline import SCRIPT_SECONDS, within
from teamcal.errors import CalendarError, InvalidInput, StorageError, StorageThrottled
from teamcal.events import Record, department_from, timestamp, utc_now
from teamcal.messages import message
from teamcal.oldfiles import (
    DEPARTMENTS_FILE,
    EVENTS_FILE,
    OldDepartment,
    OldEvent,
    OldFiles,
    department_id_of,
    read_old_files,
)
from teamcal.replica import Replicas
from teamcal.settings import SettingsError, storage_settings

RULE = "=" * 50
CHUNK = 900
"""Events between two looks at the tables; large enough to fill the transactions of three departments."""
THROTTLED_SECONDS = 600.0
"""How long a table that is throttled all the time is waited for: 10 units a second take their time."""
REPLICA_MEMORY = 256 * 1024 * 1024

Answer = TypeVar("Answer")


def warn(line: str) -> None:
    tqdm.write(line, file=sys.stderr)


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


def calendar_over(database: DynamoDBDatabase) -> Calendar:
    """The server's own way of writing; running servers learn of the changes from the log."""
    replicas = Replicas(
        database, utc_now, REPLICA_MEMORY,
        publish=lambda log_id, change, head: None, on_reset=lambda log_id: None,
        has_members=lambda log_id: False,
    )  # fmt: skip
    return Calendar(database, replicas, utc_now)


class Migration:
    """One run: the departments, the events, the verification. Raises CalendarError."""

    def __init__(self, calendar: Calendar, old: OldFiles, default_department: str | None) -> None:
        self.calendar, self.database, self.old = calendar, calendar.database, old
        self.default_name = default_department
        self.departments: list[tuple[OldDepartment, str]] = []
        self.targets: list[tuple[OldEvent, str]] = []
        self.missing: list[str] = []

    def run(self) -> bool:
        """Is every record of the files in the tables now?"""
        print(f"{RULE}\n🚀 JSON → DynamoDB 마이그레이션 시작\n{RULE}", flush=True)
        for line in self.old.warnings:
            warn(f"⚠️ {line}")
        self._must_have_tables()
        self._import_departments()
        self._import_events()
        self._verify()
        for line in self.old.problems:
            warn(f"✗ {line}")
        if self.old.problems:
            warn(f"✗ 옮기지 못한 항목: {len(self.old.problems)}개 (위 목록). 고친 뒤 다시 실행하세요.")
        return not self.old.problems and not self.missing

    def _must_have_tables(self) -> None:
        """Before anything is written."""
        patiently(lambda: self.database.read_department(DEPARTMENTS))
        patiently(lambda: self.database.read_events([(DEPARTMENTS, DEPARTMENTS)]))
        patiently(lambda: self.database.read_head(DEPARTMENTS))

    # Departments

    def _import_departments(self) -> None:
        print("\n📋 부서 데이터 마이그레이션 시작...", flush=True)
        for department in progress(self.old.departments, "부서"):
            made = self._import_department(department.id, department.fields)
            self.departments.append((department, made["id"]))
            say(f"  ✓ 부서 '{department.fields['name']}' 마이그레이션 완료")
        print(f"✅ 부서 데이터 마이그레이션 완료: {len(self.departments)}개", flush=True)

    def _import_department(self, department_id: str, fields: dict[str, str]) -> Record:
        return patiently(lambda: self.calendar.import_department(department_id, fields))

    def _default_department(self) -> tuple[str, str] | None:
        """(id, name) of where events without a known department go."""
        named = {department.fields["name"]: made for department, made in self.departments}
        if self.default_name is None:
            return next(((made, name) for name, made in named.items()), None)
        if self.default_name in named:
            return named[self.default_name], self.default_name
        fields = {"name": self.default_name, "description": ""}
        made = self._import_department(department_id_of(self.default_name), fields)
        warn(f"⚠️ 기본 부서 '{made['name']}'은(는) {DEPARTMENTS_FILE}에 없는 부서입니다.")
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
            warn(f"⚠️ 부서를 알 수 없어 기본 부서 '{default[1]}'(으)로 옮긴 이벤트: {lost.total()}개")
            for old_id, count in sorted(lost.items()):
                warn(f"    DepartmentId {old_id or '없음(0)'}: {count}개")

    # Events

    def _import_events(self) -> None:
        print("\n📅 캘린더 이벤트 데이터 마이그레이션 시작...", flush=True)
        self._choose_departments()
        others = self._departments_with_a_log()
        with progress_bar(len(self.targets), "이벤트") as bar:
            for chunk in chunks(self.targets):
                there = self._find(chunk, others)
                self._write([one for one in chunk if one[0].id not in there])
                say("\n".join(imported_line(event) for event, _ in chunk))
                bar.update(len(chunk))
        print(f"✅ 이벤트 데이터 마이그레이션 완료: {len(self.targets)}개", flush=True)

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
            self._import_into(department_id, records)

    def _import_into(self, department_id: str, records: list[Record]) -> None:
        patiently(lambda: self.calendar.import_events(department_id, records))

    def _departments_with_a_log(self) -> list[str]:
        """Where an event of an earlier run may have been moved to; none at the first run."""
        _, listed = patiently(self.calendar.list_departments)
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
        print("\n🔍 마이그레이션 검증 중...", flush=True)
        departments = sum(self._is_there(department, made) for department, made in self.departments)
        others, events, states = self._departments_with_a_log(), 0, Counter[str]()
        with progress_bar(len(self.targets), "검증") as bar:
            for chunk in chunks(self.targets):
                found = self._find(chunk, others)
                for event, department_id in chunk:
                    states[state_of(event, department_id, found.get(event.id), self.missing)] += 1
                bar.update(len(chunk))
        events = states.total() - states["missing"]
        if states["edited"]:
            warn(f"⚠️ 이후에 수정되어 그대로 둔 이벤트: {states['edited']}개")
        if states["deleted"]:
            warn(f"⚠️ 이후에 삭제되어 되살리지 않은 이벤트: {states['deleted']}개")
        print(f"  • 부서: {departments}개\n  • 이벤트: {events}개\n\n{self._verdict()}\n{RULE}", flush=True)
        for line in self.missing:
            warn(f"✗ {line}")

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


# The terminal


def chunks(targets: list[tuple[OldEvent, str]]) -> Iterator[list[tuple[OldEvent, str]]]:
    for start in range(0, len(targets), CHUNK):
        yield targets[start : start + CHUNK]


def progress_bar(total: int, what: str) -> tqdm:
    # Into a file or a pipe it writes seldom: nobody watches it move.
    seldom = 0.1 if sys.stderr.isatty() else 5.0
    return tqdm(total=total, desc=what, unit="개", file=sys.stderr, mininterval=seldom, leave=True)


def progress(items: Iterable[OldDepartment], what: str) -> Iterator[OldDepartment]:
    listed = list(items)
    with progress_bar(len(listed), what) as bar:
        for item in listed:
            yield item
            bar.update()


def say(text: str) -> None:
    """To standard output while a bar may be on the screen."""
    if sys.stderr.isatty() and sys.stdout.isatty():
        tqdm.write(text, file=sys.stdout)
    else:
        print(text, flush=True)


def speak_plainly() -> None:
    """UTF-8 everywhere, and the storage's messages for operators as they are on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


# The command


def zone_from(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise argparse.ArgumentTypeError(f"'{name}'은(는) 시간대 이름이 아닙니다 (예: Asia/Seoul)") from None


def name_from(text: str) -> str:
    try:
        return department_from({"name": text})["name"]
    except InvalidInput as error:
        problem = error.problems[0]
        raise argparse.ArgumentTypeError(message(problem.reason, "ko", **problem.details)) from None


def options_from(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="migrate_to_dynamodb.py", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="데스크톱 캘린더의 JSON 파일을 DynamoDB로 옮깁니다. 여러 번 실행해도 안전합니다.",
        epilog="종료 상태: 0 모두 옮김, 1 옮기지 못한 기록이나 검증 실패, 2 옵션·설정·저장소 오류, 130 중단",
    )  # fmt: skip
    parser.add_argument(
        "--data-dir", type=Path, help="파일이 있는 폴더 (기본: 이 스크립트의 폴더, 다음은 그 위)"
    )
    parser.add_argument(
        "--default-department", type=name_from, help="부서를 알 수 없는 이벤트의 부서 이름 (기본: 첫 부서)"
    )
    parser.add_argument(
        "--time-zone", type=zone_from, default="Asia/Seoul", help="LastModified의 시간대 (기본: Asia/Seoul)"
    )
    return parser.parse_args(arguments)


def find(name: str, data_dir: Path | None) -> Path | None:
    beside = Path(__file__).resolve().parent
    folders = [data_dir] if data_dir else [beside, beside.parent]
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def migrate(options: argparse.Namespace, database: DynamoDBDatabase | None) -> int:
    departments, events = (find(name, options.data_dir) for name in (DEPARTMENTS_FILE, EVENTS_FILE))
    if departments is None and events is None:
        where = options.data_dir or Path(__file__).resolve().parent
        warn(
            f"✗ {where}: {DEPARTMENTS_FILE}과 {EVENTS_FILE} 파일이 없습니다. --data-dir 로 폴더를 지정하세요."
        )
        return 1
    calendar = calendar_over(database or DynamoDBDatabase(storage_settings()))
    old = read_old_files(departments, events, options.time_zone)
    return 0 if Migration(calendar, old, options.default_department).run() else 1


def main(arguments: list[str] | None = None, database: DynamoDBDatabase | None = None) -> int:
    """The exit status. `database`: instead of the one of the environment."""
    speak_plainly()
    options = options_from(arguments)
    try:
        return migrate(options, database)
    except SettingsError as error:
        warn(f"✗ 설정 오류: {error}")
        return 2
    except StorageError as error:
        # What is wrong stands above: the storage told it.
        warn(f"✗ 중단되었습니다 ({type(error).__name__}). 원인을 해결한 뒤 다시 실행하면 이어서 진행합니다.")
        return 2
    except CalendarError as error:
        warn(f"✗ 중단되었습니다: {message(error.code, 'ko')} ({error}) 다시 실행하면 이어서 진행합니다.")
        return 1
    except KeyboardInterrupt:
        warn("✗ 중단되었습니다. 다시 실행하면 이어서 진행합니다.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
