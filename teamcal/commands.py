"""`flask user`, `flask token`, `flask audit`: who may do what, from the server's own command line.

They work beside running servers, which hear of every change. Exit status:
0: it is done.
1: it can't be done, as the message says.
2: wrong options, or the storage failed: run it again.
4: wrong settings.
"""

import getpass
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from teamcal.calendar import Calendar
from teamcal.calendar.audit import public_entry
from teamcal.deadline import SCRIPT_SECONDS, within
from teamcal.domain.caller import ROLES, SYSTEM, Caller
from teamcal.domain.changes import Change
from teamcal.domain.database import Database
from teamcal.domain.people import Token, TokenKind, User, login_key
from teamcal.domain.values import to_json, utc_now
from teamcal.errors import CalendarError, DepartmentNotFound, InvalidInput, StorageError, UserNotFound
from teamcal.logs import escaped, log_command
from teamcal.rest.tokens import public_token
from teamcal.rest.users import public_user
from teamcal.settings import Settings
from teamcal.sync.current_rights import CurrentRights
from teamcal.sync.ports import Ports
from teamcal.sync.pulse import pulsing
from teamcal.sync.replicas import Replicas
from teamcal.texts.messages import message

REPLICA_MEMORY = 64 * 1024 * 1024  # bytes
_PAGE = 1000
OPEN_MODE = (
    "✗ AUTH_MODE=open에서는 쓸 수 없습니다. 먼저 AUTH_MODE=token으로 설정하세요. "
    "(Only with AUTH_MODE=token; set it first.)"
)


def is_command() -> bool:
    """Whether what imports the application is a flask command other than `run`: it serves nobody."""
    context = click.get_current_context(silent=True)
    return context is not None and context.info_name != "run"


def begin_command() -> None:
    """What a command writes to standard error is for the operator: no notes for developers among it."""
    log_command()
    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")


class Desk:
    """The calendar as a command uses it, in the server's own name."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database

    @contextmanager
    def open(self) -> Iterator[tuple[Calendar, Caller]]:
        """Yields the calendar and its caller. What goes wrong ends the command with a line and a status."""
        if not self._settings.token_mode:
            _end(OPEN_MODE, 2)
        try:
            with pulsing(self._database) as pulse, within(SCRIPT_SECONDS):
                ports = Ports(self._database, notices=pulse)
                replicas = Replicas(ports, REPLICA_MEMORY, rights=CurrentRights())
                yield Calendar(self._database, replicas, utc_now), _caller()
        except StorageError as error:  # the storage has logged the reason
            _end(f"✗ 중단되었습니다 (stopped: {type(error).__name__}). 다시 실행하세요 (run it again).", 2)
        except CalendarError as error:
            _end("\n".join(f"✗ {line}" for line in _reasons(error)), 1)


def _caller() -> Caller:
    """The command with the account of the machine that runs it, as the audit trail shows it."""
    try:
        account = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        account = "?"
    return replace(SYSTEM, name=f"{click.get_current_context().command_path} ({account})")


def _reasons(error: CalendarError) -> Iterator[str]:
    if not isinstance(error, InvalidInput):
        yield f"{message(error.code, 'ko')} ({message(error.code, 'en')})"
        return
    for field, reason, details in error.problems:
        korean, english = (message(reason, language, **details) for language in ("ko", "en"))
        yield f"{field}: {korean} ({english})"


def _end(text: str, status: int) -> None:
    click.echo(text, err=True)
    sys.exit(status)


def add_commands(app: Flask, settings: Settings, database: Database) -> None:
    app.extensions["desk"] = Desk(settings, database)
    for command in (user_commands, token_commands, audit):
        app.cli.add_command(command)


def _desk() -> Desk:
    desk: Desk = current_app.extensions["desk"]
    return desk


# Users

user_commands = AppGroup("user", help="사용자 관리 (users)")
token_commands = AppGroup("token", help="토큰 관리 (tokens)")

_from_stdin = click.option(
    "--password-stdin",
    is_flag=True,
    help="비밀번호를 표준 입력의 첫 줄에서 읽음 (first line of standard input)",
)
_login = click.argument("login")


@user_commands.command("create", help="사용자 만들기 (creates a user)")
@_login
@click.option("--name", help="표시할 이름 (display name); 기본값: 아이디")
@click.option("--admin", is_flag=True, help="관리자로 (an administrator)")
@_from_stdin
@click.option("--no-password", is_flag=True, help="비밀번호 없이, 토큰만 쓰는 프로그램용 (for tokens only)")
def _create_user(login: str, name: str | None, admin: bool, password_stdin: bool, no_password: bool) -> None:
    password = None if no_password else _password(password_stdin)
    with _desk().open() as (calendar, caller):
        fields = {"login": login, "admin": admin} | ({} if name is None else {"name": name})
        user = calendar.people.create(caller, fields, None if password is None else _hashed(password))
    click.echo(f"✓ 사용자를 만들었습니다 (created): {_shown(user)}")


@user_commands.command("list", help="모든 사용자 (all users)")
@click.option("--json", "as_json", is_flag=True)
def _list_users(as_json: bool) -> None:
    with _desk().open() as (calendar, caller):
        users = calendar.people.list_all(caller)
    for user in users:
        click.echo(_json(public_user(user)) if as_json else _shown(user))


@user_commands.command("enable", help="다시 로그인할 수 있게 (lets a user in again)")
@_login
def _enable_user(login: str) -> None:
    _set(login, "✓ 사용 설정했습니다 (enabled)", disabled=False)


@user_commands.command(
    "disable", help="모든 세션과 토큰을 끝내고 막기 (ends all sessions and tokens, lets no more in)"
)
@_login
def _disable_user(login: str) -> None:
    _set(login, "✓ 사용 중지했습니다 (disabled)", disabled=True)


@user_commands.command("password", help="새 비밀번호; 세션은 모두 끝남 (a new password; sessions end)")
@_login
@_from_stdin
def _set_password(login: str, password_stdin: bool) -> None:
    new = _password(password_stdin)
    with _desk().open() as (calendar, caller):
        user = calendar.people.set_password(caller, _user(calendar, caller, login).id, _hashed(new))
    click.echo(f"✓ 비밀번호를 바꿨습니다 (password changed): {_shown(user)}")


def _set(login: str, done: str, **fields: Any) -> None:
    with _desk().open() as (calendar, caller):
        user = calendar.people.edit(caller, _user(calendar, caller, login).id, fields)
    click.echo(f"{done}: {_shown(user)}")


def _user(calendar: Calendar, caller: Caller, login: str) -> User:
    """Returns the user with this login or id. Raises UserNotFound."""
    users, key = calendar.people.list_all(caller), login_key(login)
    found = [user for user in users if user.login_key == key] or [user for user in users if user.id == login]
    if not found:
        raise UserNotFound(login)
    return found[0]


def _department(calendar: Calendar, caller: Caller, given: str) -> str:
    """Returns the id of the department with this id or name. Raises DepartmentNotFound."""
    departments = calendar.departments.list_all(caller)[1]
    for field, value in (("id", calendar.stored_id(given)), ("name", given.strip())):
        for department in departments:
            if department[field] == value:
                return str(department["id"])
    raise DepartmentNotFound(given)


def _department_once(calendar: Calendar, caller: Caller, given: str) -> str:
    """The same for what was: a deleted department has its id left, and no name."""
    try:
        return _department(calendar, caller, given)
    except DepartmentNotFound:
        return calendar.stored_id(given)


def _password(from_stdin: bool) -> str:
    """Never an argument: those are shown to every account of the machine."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError(
            "터미널이 아니면 --password-stdin을 쓰세요 (no terminal: use --password-stdin)"
        )
    text = "비밀번호 (password)"
    password: str = click.prompt(text, hide_input=True, confirmation_prompt=f"{text}, 한 번 더 (again)")
    return password


def _hashed(password: str) -> str:
    # The library behind it takes a while to load, and most commands don't need it.
    from teamcal.signin.passwords import Passwords
    from teamcal.signin.secret_rules import checked

    return Passwords("threading").hash(checked("password", password))


def _shown(user: User) -> str:
    marks = [
        *(["관리자 (administrator)"] if user.admin else []),
        *(["사용 중지 (disabled)"] if user.disabled else []),
        *(["회사 계정 (company account)"] if user.subject else []),
    ]
    return "  ".join([user.id, escaped(user.login), escaped(user.name), *marks])


# Tokens


@token_commands.command("issue", help="토큰을 만들어 표준 출력에 한 번만 표시 (a new token, shown once)")
@click.argument("login")
@click.argument("name")
@click.option("--kind", type=click.Choice(["app", "feed"]), default="app", show_default=True)
@click.option(
    "--department",
    "departments",
    multiple=True,
    help="이 부서만: 이름이나 id, 여러 번 가능 (only these: names or ids)",
)
@click.option("--cap", type=click.Choice(list(ROLES)), help="최대 권한 (at most this role)")
@click.option("--days", type=int, help="이 기간 뒤 만료, 없으면 무기한 (ends after so many days)")
def _issue_token(
    login: str, name: str, kind: str, departments: tuple[str, ...], cap: str | None, days: int | None
) -> None:
    with _desk().open() as (calendar, caller):
        user = _user(calendar, caller, login)
        issued = calendar.tokens.issue(
            *(caller, TokenKind(kind), name),
            owner=user.id,
            departments=[_department(calendar, caller, one) for one in departments] or None,
            cap=None if cap is None else ROLES[cap],
            days=days,
        )
    click.echo("✓ 토큰을 만들었습니다. 다시 볼 수 없으니 지금 보관하세요. (shown this once)", err=True)
    click.echo(issued.secret)


@token_commands.command("list", help="사용자의 토큰과 세션 (a user's tokens and sessions)")
@click.argument("login")
@click.option("--json", "as_json", is_flag=True)
def _list_tokens(login: str, as_json: bool) -> None:
    with _desk().open() as (calendar, caller):
        tokens = calendar.tokens.list_of(caller, _user(calendar, caller, login).id)
    for token in tokens:
        click.echo(_json(public_token(token)) if as_json else _shown_token(token))


@token_commands.command("revoke", help="토큰이나 세션을 끝냄 (ends a token or session)")
@click.argument("token_id")
def _revoke_token(token_id: str) -> None:
    with _desk().open() as (calendar, caller):
        token = calendar.tokens.revoke(caller, token_id)
    click.echo(f"✓ 취소했습니다 (revoked): {token.kind.value} {escaped(token.name)}")


def _shown_token(token: Token) -> str:
    ends = datetime.fromtimestamp(token.expires_at, UTC).date().isoformat() if token.expires_at else ""
    days = f"{token.created_at[:10]}~{ends}"
    limits = filter(None, [token.cap, *(token.departments or ())])
    return "  ".join([token.hash, token.kind.value, escaped(token.name), days, token.used_on, *limits])


# Audit


@click.command("audit", help="누가 언제 권한을 바꿨는지, 최신순 (who changed what, newest first)")
@with_appcontext
@click.option("--json", "as_json", is_flag=True, help="한 줄에 하나씩 (one a line)")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@click.option("--user", help="이 로그인만 (about or by this login)")
@click.option("--department", help="이 부서만: 이름이나 id (about this department: its name or id)")
def audit(as_json: bool, limit: int, user: str | None, department: str | None) -> None:
    with _desk().open() as (calendar, caller):
        about = {
            "department": None if department is None else _department_once(calendar, caller, department),
            "user": None if user is None else _user(calendar, caller, user).id,
        }
        for change in _changes(calendar, caller, limit, about):
            click.echo(_json(public_entry(change)) if as_json else _line(change))


def _changes(
    calendar: Calendar, caller: Caller, limit: int, about: dict[str, str | None]
) -> Iterator[Change]:
    before: int | None = None
    while limit > 0:
        page = calendar.audit.page(caller, before, min(limit, _PAGE), **about)
        yield from page.changes
        limit, before = limit - len(page.changes), page.before
        if before is None:
            return


def _line(change: Change) -> str:
    entry = public_entry(change)
    what = " ".join(f"{name}={_json(value)}" for name, value in sorted(entry["entry"].items()) if value)
    return f"{change.at}  {change.kind}  {escaped(change.by) or '-'}  {escaped(what)}"


def _json(value: Any) -> str:
    return escaped(to_json(value).decode())
