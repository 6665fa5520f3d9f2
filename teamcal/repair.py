"""Finds and repairs tables that don't fit each other, after a restore or a removal by hand.

    python -m teamcal.repair --check [--department ID]
    python -m teamcal.repair --fix [--department ID]

And gives events that earlier versions stored with the text of their time alone the times that it means:

    python -m teamcal.repair --times [--department ID]

The servers may run meanwhile; they repair by themselves what they come across. Exit status:
0: everything fits, or was repaired; the times are read.
1: --check has found something; --fix couldn't repair everything.
2: wrong options or settings, or the storage failed: run it again.
130: interrupted.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from teamcal.calendar import Calendar
from teamcal.domain.caller import SYSTEM
from teamcal.domain.changes import ACCESS, DEPARTMENTS
from teamcal.domain.values import utc_now
from teamcal.errors import DepartmentNotFound, StorageError
from teamcal.logs import log_command
from teamcal.settings import SettingsError, storage_settings
from teamcal.storage.checkup import Checkup
from teamcal.storage.repair_messages import fault_texts, log_name
from teamcal.sync.ports import Ports
from teamcal.sync.pulse import pulsing, tell_servers
from teamcal.sync.replicas import Replicas

PROGRESS_SECONDS = 5.0
REPLICA_MEMORY = 64 * 1024 * 1024  # bytes


def options_from(arguments: list[str] | None) -> argparse.Namespace:
    """Ends the process with status 2 if an option is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m teamcal.repair",
        description="서로 맞지 않는 테이블을 찾아 바로잡습니다. (Finds and repairs tables that don't fit.)",
        epilog="종료 코드 (exit status): 0 이상 없음, 1 맞지 않는 것이 있음, 2 옵션·설정·데이터베이스 문제",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="찾기만 하고 아무것도 쓰지 않음 (writes nothing)")
    what.add_argument("--fix", action="store_true", help="찾아서 바로잡음 (finds and repairs)")
    what.add_argument(
        "--times",
        action="store_true",
        help="이전 버전이 글로만 저장한 시각을 읽어 저장 (reads times that were stored as texts alone)",
    )
    parser.add_argument(
        "--department", metavar="ID", help="부서 목록과 이 부서만 (only the list and this one)"
    )
    return parser.parse_args(arguments)


class Run:
    """One run of the command. `revisions`: of the logs that it repaired, for the running servers."""

    def __init__(self, checkup: Checkup, fixes: bool) -> None:
        self._checkup, self._fixes = checkup, fixes
        self._unfit = 0
        self._told_at = time.monotonic()
        self.revisions: dict[str, int] = {}

    def run(self, department_id: str | None) -> int:
        # The list first: repairing it may bring departments back.
        self._look_at(DEPARTMENTS)
        if self._checkup.has_access():
            self._look_at(ACCESS)
        departments = [department_id] if department_id else self._checkup.departments()
        for number, one in enumerate(departments):
            self._tell_progress(number, len(departments))
            self._look_at(one)
        if self._unfit == 0:
            what = "바로잡았습니다 (repaired)" if self.revisions else "모두 서로 맞습니다 (everything fits)"
            print(f"✓ 부서 {len(departments)}개 확인 ({len(departments)} departments): {what}", flush=True)
        return 1 if self._unfit else 0

    def _look_at(self, log_id: str) -> None:
        faults = self._checkup.faults(log_id)
        if not faults:
            return
        self._say("✗", log_id, faults)
        if self._fixes:
            self.revisions[log_id] = self._checkup.repair(log_id)
            faults = self._checkup.faults(log_id)
        if faults:
            self._unfit += 1

    def _say(self, mark: str, log_id: str, faults: dict[str, int]) -> None:
        for name, text in zip(log_name(log_id), fault_texts(faults), strict=True):
            print(f"{mark} {name}: {text}", flush=True)

    def _tell_progress(self, number: int, total: int) -> None:
        if time.monotonic() - self._told_at > PROGRESS_SECONDS:
            self._told_at = time.monotonic()
            print(f"… {number}/{total}", file=sys.stderr, flush=True)


def read_times(department_id: str | None, database: Any) -> int:
    """Reads the times of a department's events, or of all departments'."""
    total = 0
    with pulsing(database) as pulse:
        ports = Ports(database, notices=pulse, zone=database.settings.time_zone)
        calendar = Calendar(database, Replicas(ports, REPLICA_MEMORY), utc_now)
        departments = calendar.departments.list_stored(SYSTEM)
        if department_id is not None:
            departments = [one for one in departments if one["id"] == department_id]
        for department in departments:
            with suppress(DepartmentNotFound):  # it was deleted meanwhile
                if read := calendar.stored_times.read(SYSTEM, department["id"]):
                    print(f"✓ {department['name']}: {read}", flush=True)
                    total += read
    print(f"✓ 시각을 읽은 이벤트 {total}개 (events whose times were read: {total})", flush=True)
    return 0


def run(options: argparse.Namespace, database: Any) -> int:
    checkup: Checkup = database.checkup()
    if options.department and not checkup.exists(options.department):
        print(f"✗ 그런 부서가 없습니다 (no such department): {options.department}", file=sys.stderr)
        return 2
    if options.times:
        return read_times(options.department, database)
    one = Run(checkup, options.fix)
    try:
        return one.run(options.department)
    finally:
        if one.revisions:
            tell_servers(database, one.revisions)


def main(arguments: Iterable[str] | None = None, database: Any = None) -> int:
    """Returns the exit status. `database` replaces the one that the environment names."""
    log_command()
    options = options_from(None if arguments is None else list(arguments))
    try:
        # By its name: nothing in this package may depend on the files beside it, but a command needs one.
        return run(
            options, database or importlib.import_module("models").DynamoDBDatabase(storage_settings())
        )
    except SettingsError as error:
        print(f"✗ 설정 오류 (configuration): {error}", file=sys.stderr)
    except StorageError as error:  # the storage has logged the reason
        print(f"✗ 중단되었습니다 (stopped: {type(error).__name__}). 다시 실행하세요.", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 2


if __name__ == "__main__":
    sys.exit(main())
