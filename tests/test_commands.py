"""`flask user`, `flask token`, `flask audit`: what they do, say and return, alone and beside a server."""

import json
import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import Result

from teamcal.commands import add_commands
from teamcal.domain.caller import SYSTEM
from teamcal.settings import Settings
from teamcal.signin.passwords import Passwords
from tests.access.offices import Office
from tests.house import wait_until
from tests.servers import ROOT, Server, environment_of, running

SECRET, OTHER = "구름 위의 산책", "다른 긴 비밀번호"
UNKNOWN = "99999999-9999-4999-8999-999999999999"


class Terminal:
    """Runs the commands in this process, over the tables of an office."""

    def __init__(self, token_mode: bool = True) -> None:
        self.office = Office()
        settings = Settings(self.office.house.storage, "only-the-tests-know-it", token_mode=token_mode)
        self._app = self.office.server.app
        add_commands(self._app, settings, self.office.house.database())

    def run(self, *arguments: str, stdin: str | None = None) -> Result:
        return self._app.test_cli_runner().invoke(args=list(arguments), input=stdin, prog_name="flask")

    def done(self, *arguments: str, stdin: str | None = None) -> str:
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def test_a_user_is_created_and_signs_in(terminal: Terminal) -> None:
    said = terminal.done(
        "user",
        "create",
        "Kim",
        "--name",
        "김하늘",
        "--admin",
        "--password-stdin",
        stdin=f"{SECRET}\n두 번째 줄",
    )
    assert re.fullmatch(r"✓ .* \(created\): [0-9a-f-]{36}  Kim  김하늘  관리자 \(administrator\)\n", said)
    calendar = terminal.office.calendar
    user, stored, *_ = calendar.people.sign_in("kim")
    assert user is not None
    assert (user.name, user.admin) == ("김하늘", True)
    assert Passwords("threading").verify(stored, SECRET).right
    (change,) = calendar.audit.page(SYSTEM, limit=1).changes
    assert change.by.startswith("flask user create (")
    assert change.by_verified


def test_a_user_for_programs_has_no_password(terminal: Terminal) -> None:
    terminal.done("user", "create", "backup", "--no-password")
    (user,) = terminal.office.calendar.people.list_all(SYSTEM)
    assert (user.name, user.has_password, user.admin) == ("backup", False, False)


@pytest.mark.parametrize(
    ("arguments", "stdin", "status", "words"),
    [
        (("user", "create", "kim", "--no-password"), None, 1, "A user with this login already exists."),
        (("user", "create", "x", "--password-stdin"), "short\n", 1, "password: 8자 이상이어야 합니다."),
        (("user", "create", "x", "--password-stdin"), "", 1, "Must be at least 8 characters."),
        (("user", "create", " ", "--no-password"), None, 1, "login: 비워 둘 수 없습니다."),
        (("user", "create", "x"), SECRET, 2, "--password-stdin"),
        (("user", "create", "x", SECRET), None, 2, "unexpected extra argument"),
        (("user", "disable", "kim"), None, 1, "This is the last administrator."),
        (("user", "disable", "nobody"), None, 1, "The user was not found."),
        (("user", "password", "nobody", "--password-stdin"), f"{SECRET}\n", 1, "사용자를 찾을 수 없습니다."),
        (("token", "issue", "kim", "x", "--kind", "feed"), None, 1, "departments: 필수 항목입니다."),
        (("token", "issue", "kim", "x", "--cap", "owner"), None, 2, "'owner' is not one of"),
        (("token", "issue", "kim", "x", "--days", "0"), None, 1, "days: 1 이상"),
        (("token", "issue", "kim", "x", "--department", "영업팀"), None, 1, "부서를 찾을 수 없습니다."),
        (("token", "issue", "kim", "x", "--department", UNKNOWN), None, 1, "The department was not found."),
        (("token", "issue", "nobody", "x"), None, 1, "The user was not found."),
        (("token", "issue", "kim", "x", "--department", "없는 팀"), None, 1, "부서를 찾을 수 없습니다."),
        (("token", "revoke", "0" * 64), None, 1, "The token was not found."),
        (("audit", "--limit", "0"), None, 2, "--limit"),
        (("audit", "--user", "nobody"), None, 1, "The user was not found."),
    ],
)
def test_what_can_not_be_is_said_and_changes_nothing(
    terminal: Terminal, arguments: tuple[str, ...], stdin: str | None, status: int, words: str
) -> None:
    terminal.office.user("kim", admin=True)
    before = terminal.office.house.dump()
    result = terminal.run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (status, ""), result.output
    assert words in result.stderr
    assert terminal.office.house.dump() == before


def test_a_user_is_disabled_and_enabled(terminal: Terminal) -> None:
    office, user = terminal.office, terminal.office.user("kim")
    caller = office.signed_in(user)
    assert "(disabled)" in terminal.done("user", "disable", "KIM")
    office.server.replicas.of("@access").refresh()
    assert not office.calendar.permits.is_alive(caller)
    assert "사용 중지 (disabled)" in terminal.done("user", "list")
    assert "(enabled)" in terminal.done("user", "enable", user.id)
    (shown,) = map(json.loads, terminal.done("user", "list", "--json").splitlines())
    assert (shown["id"], shown["login"], shown["disabled"]) == (user.id, "kim", False)


def test_a_new_password_ends_sessions(terminal: Terminal) -> None:
    office, user = terminal.office, terminal.office.user("kim")
    caller = office.signed_in(user)
    terminal.done("user", "password", "kim", "--password-stdin", stdin=SECRET)
    office.server.replicas.of("@access").refresh()
    assert not office.calendar.permits.is_alive(caller)
    assert Passwords("threading").verify(office.calendar.people.sign_in("kim").password, SECRET).right


def test_a_token_is_issued_listed_and_revoked(terminal: Terminal) -> None:
    office = terminal.office
    user, department = office.user("kim"), office.department()
    options = ("--department", department.upper(), "--cap", "editor", "--days", "30")
    result = terminal.run("token", "issue", "kim", "스크립트", *options)
    assert result.exit_code == 0, result.output
    secret = result.stdout.strip()  # alone, so that a shell can take it
    assert re.fullmatch(r"tcs_[0-9a-f]{40}", secret)
    assert secret not in result.stderr
    office.server.replicas.of("@access").refresh()
    caller = office.calendar.tokens.find(secret)
    assert caller is not None
    assert (caller.id, caller.scope.departments) == (user.id, {department})
    (token,) = map(json.loads, terminal.done("token", "list", "kim", "--json").splitlines())
    assert (token["name"], token["cap"], token["departments"]) == ("스크립트", "editor", [department])
    (issued, *_) = map(json.loads, terminal.done("audit", "--json").splitlines())
    assert (issued["entry"]["cap"], issued["entry"]["departments"]) == ("editor", [department])
    (line,) = terminal.done("token", "list", "kim").splitlines()
    assert line.startswith(f"{token['id']}  app  스크립트  ")
    assert "(revoked): app 스크립트" in terminal.done("token", "revoke", token["id"])
    assert terminal.done("token", "list", "kim") == ""
    by_name = terminal.done("token", "issue", "kim", "x", "--kind", "feed", "--department", " 개발팀 ")
    found = office.calendar.tokens.find(by_name.strip())
    assert found is not None
    assert found.scope.departments == {department}
    office.server.replicas.of("@access").refresh()
    assert office.calendar.tokens.find(secret) is None


def test_a_department_goes_by_its_name_too(terminal: Terminal) -> None:
    office = terminal.office
    user, department = office.user("kim"), office.department("인사팀", "private")
    secret = terminal.done("token", "issue", "kim", "x", "--department", "인사팀").strip()
    office.server.replicas.of("@access").refresh()
    caller = office.calendar.tokens.find(secret)
    assert caller is not None
    assert (caller.id, caller.scope.departments) == (user.id, {department})
    by_name = terminal.done("audit", "--json", "--department", "인사팀")
    assert "policy_set" in by_name
    assert by_name == terminal.done("audit", "--json", "--department", department)
    office.calendar.departments.delete(SYSTEM, department)
    deleted = terminal.done("audit", "--json", "--department", department)
    assert deleted.endswith(by_name)


def test_the_audit_trail(terminal: Terminal) -> None:
    kim = terminal.office.user("kim", name="김\u202e하늘")
    terminal.office.user("lee")
    department = terminal.office.department(access="private")
    lines = terminal.done("audit").splitlines()
    assert [line.split("  ")[1] for line in lines] == [
        "policy_set", "policy_set", "user_created", "user_created", "token_mode_started",
    ]  # fmt: skip
    assert not [line for line in lines if "\u202e" in line]
    about = list(map(json.loads, terminal.done("audit", "--json", "--user", "kim").splitlines()))
    assert [change["entry"]["id"] for change in about] == [f"user:{kim.id}"]
    assert about[0]["entry"]["name"] == "김\u202e하늘"
    for given in (department, "개발팀"):
        lines = terminal.done("audit", "--json", "--department", given).splitlines()
        assert len(lines) == 2
    about = list(map(json.loads, lines))
    assert [change["kind"] for change in about] == ["policy_set", "policy_set"]
    assert len(terminal.done("audit", "--limit", "2").splitlines()) == 2


def test_all_of_a_long_trail_is_read_page_by_page(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("teamcal.commands._PAGE", 3)
    for number in range(10):
        terminal.office.user(f"user-{number}")
    changes = list(map(json.loads, terminal.done("audit", "--json", "--limit", "1000").splitlines()))
    assert [change["revision"] for change in changes] == list(range(11, 0, -1))


def test_in_open_mode_they_say_what_to_set() -> None:
    terminal = Terminal(token_mode=False)
    before = terminal.office.house.dump()
    for arguments in (("user", "list"), ("user", "create", "x", "--no-password"), ("audit",)):
        result = terminal.run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "AUTH_MODE=token" in result.stderr
    assert terminal.office.house.dump() == before


# The real command


def flask(environment: dict[str, str], *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "flask"), *arguments],
        cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """gunicorn in token mode, and the environment of commands beside it."""
    folder = tmp_path_factory.mktemp("commands")
    env = {"AUTH_MODE": "token"}
    with running("gthread", data_dir=folder, env=env) as one:
        yield one, environment_of("gthread", one.port, folder, env)


def sign_in(server: Server, login: str, password: str) -> requests.Response:
    body = {"login": login, "password": password, "token": True}
    return requests.post(f"{server.url}/api/session", json=body, timeout=20)


def wait_for(server: Server, environment: dict[str, str], login: str) -> None:
    """Waits until the server has heard of a user, by the pulse; without guessing at his password."""
    secret = flask(environment, "token", "issue", login, "test").stdout.strip()
    headers = {"Authorization": f"Bearer {secret}"}
    wait_until(lambda: requests.get(f"{server.url}/api/departments", headers=headers, timeout=20).ok, 10)


def test_beside_a_running_server(server: tuple[Server, dict[str, str]]) -> None:
    one, environment = server
    made = flask(environment, "user", "create", "admin", "--admin", "--password-stdin", stdin=f"{SECRET}\n")
    assert (made.returncode, made.stderr) == (0, "")
    assert "(created)" in made.stdout
    wait_for(one, environment, "admin")
    answer = sign_in(one, "admin", SECRET)
    assert answer.status_code == 201, answer.text
    admin = {"Authorization": f"Bearer {answer.json()['token']}"}
    users = requests.get(f"{one.url}/api/users", headers=admin, timeout=20)
    assert "admin" in [user["login"] for user in users.json()["users"]]
    body = {"login": "kim", "password": OTHER}
    assert requests.post(f"{one.url}/api/users", json=body, headers=admin, timeout=20).status_code == 201
    issued = flask(environment, "token", "issue", "kim", "스크립트")
    assert issued.returncode == 0, issued.stderr
    kim = {"Authorization": f"Bearer {issued.stdout.strip()}"}
    departments = f"{one.url}/api/departments"
    assert requests.get(departments, headers=kim, timeout=20).status_code == 200
    assert flask(environment, "user", "disable", "kim").returncode == 0
    wait_until(lambda: requests.get(departments, headers=kim, timeout=20).status_code == 401, 10)
    trail = flask(environment, "audit", "--json")
    kinds = [json.loads(line)["kind"] for line in trail.stdout.splitlines()]
    assert kinds[:3] == ["user_updated", "token_issued", "user_created"]
    shown = requests.get(f"{one.url}/api/audit", headers=admin, timeout=20).json()["changes"]
    assert [change["kind"] for change in shown] == kinds
    log = one.log()
    assert not [secret for secret in (SECRET, OTHER, issued.stdout.strip()) if secret in log]


def test_the_first_administrators_link_ends_when_there_is_one(server: tuple[Server, dict[str, str]]) -> None:
    one, environment = server
    flask(environment, "user", "create", "first", "--admin", "--password-stdin", stdin=f"{SECRET}\n")
    wait_for(one, environment, "first")
    found = re.search(r"#setup=(\S+)", wait_until(lambda: "#setup=" in one.log() and one.log(), 20))
    assert found
    body = {"setup": found[1], "login": "thief", "password": SECRET}
    answer = requests.post(f"{one.url}/api/session", json=body, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


def test_a_password_is_asked_for_twice_and_not_shown(server: tuple[Server, dict[str, str]]) -> None:
    _, environment = server
    outside, inside = os.openpty()
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "flask"), "user", "create", "lee"],
        cwd=ROOT, env=environment, stdin=inside, stdout=inside, stderr=inside, start_new_session=True,
    )  # fmt: skip
    os.close(inside)
    said = ""
    for prompt in ("비밀번호 (password): ", "비밀번호 (password), 한 번 더 (again): "):
        said += _read_until(outside, prompt)
        os.write(outside, f"{SECRET}\n".encode())
    said += _read_until(outside, "(created)")
    assert process.wait(60) == 0
    os.close(outside)
    assert SECRET not in said


def _read_until(terminal: int, text: str) -> str:
    read = b""
    while text not in read.decode(errors="replace"):
        assert select.select([terminal], [], [], 60)[0], read
        read += os.read(terminal, 1000)
    return read.decode(errors="replace")


def test_without_tables_it_says_so(tmp_path: Path) -> None:
    environment = environment_of("gthread", 1, tmp_path, {"AUTH_MODE": "token"})
    done = flask(environment, "user", "list")
    assert (done.returncode, done.stdout) == (2, "")
    assert "create_tables()" in done.stderr
    assert "Traceback" not in done.stderr
