"""One-off import of the desktop client's departments.json and calendar_events.json.

    python migrate_to_dynamodb.py [--data-dir DIR] [--default-department NAME] [--time-zone Asia/Seoul]
                                  [--keep-times]
    python migrate_to_dynamodb.py --descriptions-are-passcodes [--dry-run] [--data-dir DIR] …

The desktop client kept a department's password in the clear in its description. The second makes passcodes of
all descriptions in the tables, after the import of the files if there are any.

Running it again, also after it was killed, changes nothing that is already there. Exit status:
0: everything is in the tables.
1: a record or file could not be taken, the verification failed, or standard output was closed.
2: wrong options or settings, or the storage failed: nothing is wrong with the files, run it again.
130: interrupted.
"""

import argparse
import io
import os
import sys
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from tqdm import tqdm

from models import DynamoDBDatabase
from teamcal.calendar import Calendar
from teamcal.domain.caller import SYSTEM
from teamcal.domain.fields import department_from
from teamcal.domain.values import utc_now
from teamcal.errors import CalendarError, InvalidInput, StorageError
from teamcal.importer.desktop_files import DEPARTMENTS_FILE, EVENTS_FILE, read_desktop_files
from teamcal.importer.importer import Importer
from teamcal.importer.json_file import Unusable
from teamcal.importer.passcodes import Passcodes
from teamcal.importer.target import Target
from teamcal.logs import log_command
from teamcal.settings import SettingsError, load_settings, storage_settings
from teamcal.sync.current_rights import CurrentRights
from teamcal.sync.ports import Ports
from teamcal.sync.pulse import PulseSender, pulsing
from teamcal.sync.replicas import Replicas
from teamcal.texts.messages import message

DEFAULT_TIME_ZONE = "Asia/Seoul"
REPLICA_MEMORY = 256 * 1024 * 1024  # bytes


class TerminalConsole:
    """Standard output for what was done, standard error for everything else and for the progress bars."""

    def say(self, text: str) -> None:
        if sys.stderr.isatty() and sys.stdout.isatty():
            tqdm.write(text, file=sys.stdout)  # above the bar that is on the screen
        else:
            print(text, flush=True)

    def warn(self, line: str) -> None:
        tqdm.write(line, file=sys.stderr)

    def bar(self, total: int, what: str) -> tqdm:
        # Nobody watches a bar in a file or pipe, so it is rarely written there.
        seconds = 0.1 if sys.stderr.isatty() else 5.0
        return tqdm(total=total, desc=what, unit="개", file=sys.stderr, mininterval=seconds)


console = TerminalConsole()


def calendar_over(database: DynamoDBDatabase, pulse: PulseSender) -> Calendar:
    """Returns a calendar that writes as the server does, without members of its own to send live messages to.

    Running servers read the changes from the change log; `pulse` tells them where to look.
    """
    return Calendar(database, Replicas(Ports(database, notices=pulse), REPLICA_MEMORY), utc_now)


def write_utf8() -> None:
    """Makes both standard streams UTF-8, whatever the locale or the Windows code page."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def zone_from(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise argparse.ArgumentTypeError(f"시간대 이름이 아닙니다: '{name}' (예: Asia/Seoul)") from None


def department_name_from(text: str) -> str:
    try:
        return department_from({"name": text})["name"]
    except InvalidInput as error:
        problem = error.problems[0]
        raise argparse.ArgumentTypeError(message(problem.reason, "ko", **problem.details)) from None


def options_from(arguments: list[str] | None) -> argparse.Namespace:
    """Ends the process with status 2 if an option is wrong."""
    parser = argparse.ArgumentParser(
        prog="migrate_to_dynamodb.py",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="데스크톱 캘린더의 JSON 파일을 DynamoDB로 가져옵니다. 여러 번 실행해도 됩니다.",
        epilog="종료 코드: 0 모두 가져옴, 1 가져오지 못한 레코드 또는 검증 실패, "
        "2 옵션·설정·데이터베이스 문제, 130 중단",
    )
    _add_file_options(parser)
    _add_passcode_options(parser)
    options = parser.parse_args(arguments)
    if options.dry_run and not options.descriptions_are_passcodes:
        parser.error("--dry-run은 --descriptions-are-passcodes와 함께 쓰세요.")
    return options


def _add_file_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir",
        type=Path,
        help="파일이 있는 폴더 (기본값: 이 스크립트가 있는 폴더, 그다음 상위 폴더)",
    )
    parser.add_argument(
        "--default-department",
        type=department_name_from,
        help="부서를 알 수 없는 이벤트를 넣을 부서의 이름 (기본값: 첫 번째 부서)",
    )
    parser.add_argument(
        "--time-zone",
        type=zone_from,
        help="LastModified에 시간대 표시가 없을 때의 시간대, 시간대 표시가 있는 날짜 키를 날짜로 바꿀 때의 "
        f"시간대, 이벤트 시각의 시간대 (기본값: {DEFAULT_TIME_ZONE})",
    )
    parser.add_argument(
        "--keep-times",
        action="store_true",
        help="Time은 글로만 저장하고, 알아볼 수 있어도 시작·종료 시각을 따로 저장하지 않음",
    )


def _add_passcode_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--descriptions-are-passcodes",
        action="store_true",
        help="테이블에 있는 모든 부서의 설명을 부서 암호로 바꾸고 지움 (AUTH_MODE=token에서만). "
        "파일은 없어도 됨",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="--descriptions-are-passcodes와 함께: 무엇을 바꿀지 보기만 하고 아무것도 쓰지 않음",
    )


def find_file(name: str, data_dir: Path | None) -> Path | None:
    """Returns the file in `data_dir`; without one, beside this script or in the folder above it.

    Raises Unusable if the folder can't be read.
    """
    script_dir = Path(__file__).resolve().parent
    for folder in [data_dir] if data_dir else [script_dir, script_dir.parent]:
        try:
            (folder / name).stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise Unusable(f"{folder}: 읽을 수 없습니다 ({error.strerror}).") from None
        return folder / name
    return None


def event_zone_of(options: argparse.Namespace, default: str = DEFAULT_TIME_ZONE) -> str | None:
    """Returns the name of the zone in which events get the times that their texts mean; None for no times.

    `default`: the zone if no option names one.
    """
    if options.keep_times:
        return None
    return options.time_zone.key if options.time_zone else default


def migrate(options: argparse.Namespace, database: DynamoDBDatabase | None) -> int:
    try:
        departments, events = (find_file(name, options.data_dir) for name in (DEPARTMENTS_FILE, EVENTS_FILE))
    except Unusable as error:
        console.warn(f"✗ {error}")
        return 1
    has_files = departments is not None or events is not None
    if not has_files and not options.descriptions_are_passcodes:
        place = options.data_dir or Path(__file__).resolve().parent
        console.warn(
            f"✗ {place}: {DEPARTMENTS_FILE}과 {EVENTS_FILE} 파일이 없습니다. --data-dir로 폴더를 지정하세요."
        )
        return 1
    if options.descriptions_are_passcodes and not (options.dry_run or load_settings().token_mode):
        console.warn("✗ --descriptions-are-passcodes: 먼저 AUTH_MODE=token으로 설정하세요.")
        return 2
    database = database or DynamoDBDatabase(storage_settings())
    files = read_desktop_files(departments, events, options.time_zone or ZoneInfo(DEFAULT_TIME_ZONE))
    if options.dry_run:
        passcodes_over(database, None).show(files.departments)
        return 0
    with pulsing(database) as pulse:
        is_complete = True
        if has_files:
            target = Target(calendar_over(database, pulse), database)
            zone = event_zone_of(options, storage_settings().time_zone)
            is_complete = Importer(target, files, options.default_department, zone, console).run()
        if options.descriptions_are_passcodes:
            passcodes_over(database, pulse).run()
    return 0 if is_complete else 1


def passcodes_over(database: DynamoDBDatabase, pulse: PulseSender | None) -> Passcodes:
    # The library that hashes takes 10 MB, which only this needs.
    from teamcal.signin.passwords import Passwords

    replicas = Replicas(Ports(database, notices=pulse), REPLICA_MEMORY, rights=CurrentRights())
    calendar = Calendar(database, replicas, utc_now)
    caller = replace(SYSTEM, name="migrate_to_dynamodb.py --descriptions-are-passcodes")
    return Passcodes(calendar, database, caller, Passwords("threading").hash, console)


def main(arguments: list[str] | None = None, database: DynamoDBDatabase | None = None) -> int:
    """Returns the exit status. `database` replaces the one that the environment names."""
    write_utf8()
    log_command()
    options = options_from(arguments)
    try:
        return migrate(options, database)
    except SettingsError as error:
        console.warn(f"✗ 설정 오류 (configuration): {error}")
        return 2
    except StorageError as error:
        # The storage has logged the reason above this line.
        console.warn(
            f"✗ 중단되었습니다 ({type(error).__name__}). 원인을 해결한 뒤 다시 실행하면 이어서 진행합니다."
        )
        return 2
    except CalendarError as error:
        console.warn(
            f"✗ 중단되었습니다: {message(error.code, 'ko')} ({error}) 다시 실행하면 이어서 진행합니다."
        )
        return 1
    except KeyboardInterrupt:
        console.warn("✗ 중단되었습니다. 다시 실행하면 이어서 진행합니다.")
        return 130
    except BrokenPipeError:
        # Standard output was closed by its reader; Python would fail again when it flushes it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        console.warn("✗ 표준 출력이 닫혀 중단되었습니다. 다시 실행하면 이어서 진행합니다.")
        return 1


if __name__ == "__main__":
    sys.exit(main())
