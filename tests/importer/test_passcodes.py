"""--descriptions-are-passcodes: old passwords in the clear become passcodes, and are nowhere afterwards."""

from collections.abc import Callable
from typing import Any

import pytest

import migrate_to_dynamodb
from models import DynamoDBDatabase
from teamcal.domain.caller import SYSTEM
from teamcal.domain.changes import DEPARTMENTS as DEPARTMENTS_LOG
from teamcal.domain.people import Access
from teamcal.signin.passwords import Passwords
from tests.access.offices import Office
from tests.importer.migration import MEETING, Migration
from tests.importer.test_output import EXAMPLE

OPTION = "--descriptions-are-passcodes"
SECRET, LONG, HANGUL = "1234", "x" * 64, "개발팀만"
DEPARTMENTS = [
    {"id": 1, "name": "개발팀", "description": SECRET},
    {"id": 2, "name": "마케팅팀", "description": ""},
    {"id": 3, "name": "영업팀", "description": "123"},
    {"id": 4, "name": "인사팀", "description": LONG},
    {"id": 5, "name": "총무팀", "description": "y" * 65},
    {"id": 6, "name": "기획팀", "description": "첫 줄\n둘째 줄"},
    {"id": 7, "name": "디자인팀", "description": HANGUL},
]
TAKEN = {"개발팀": SECRET, "인사팀": LONG, "디자인팀": HANGUL}
LEFT = {"영업팀": "123", "총무팀": "y" * 65, "기획팀": "첫 줄\n둘째 줄"}


@pytest.fixture(autouse=True)
def token_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_MODE", "token")
    monkeypatch.setenv("FLASK_ENV", "testing")


@pytest.fixture
def old(migration: Migration) -> Migration:
    """The desktop client's files with passwords, not imported yet."""
    migration.write_files({"2024-01-20": [MEETING]}, {"departments": DEPARTMENTS})
    return migration


def must_be_done(migration: Migration) -> None:
    """The passcodes open their departments, and no table has one in the clear."""
    office, passwords = Office(migration.house), Passwords("threading")
    departments = {one["name"]: one for one in office.calendar.departments.list_all(SYSTEM)[1]}
    for name, secret in TAKEN.items():
        department = departments[name]
        assert department["description"] == ""
        check = office.calendar.policies.passcode_of(department["id"])
        assert passwords.verify(check.passcode, secret).right, name
        assert office.calendar.policies.get(SYSTEM, department["id"]).access is Access.MEMBERS
    for name, description in {**LEFT, "마케팅팀": ""}.items():
        policy = office.calendar.policies.get(SYSTEM, departments[name]["id"])
        assert (policy.access, policy.passcode_id) == (Access.OPEN, "")
        assert departments[name]["description"] == description
    dump = migration.house.dump()
    assert [secret for secret in (f'"{SECRET}"', LONG + '"', HANGUL) if secret in dump] == []
    migration.house.must_be_sound(DEPARTMENTS_LOG)


def test_passwords_become_passcodes(old: Migration) -> None:
    run = old.run(OPTION)
    assert run.status == 0, run.err
    assert "  ✓ 부서 '개발팀': 설명(4자)을 암호로 바꿈\n" in run.out
    assert run.out.endswith("✅ 암호로 바꾼 부서: 3개, 그대로 둔 부서: 3개\n")
    assert "⚠️ 부서 '영업팀': 설명을 그대로 둡니다. 4자 이상이어야 합니다.\n" in run.err
    assert "⚠️ 부서 '총무팀': 설명을 그대로 둡니다. 64자 이하여야 합니다.\n" in run.err
    assert "⚠️ 부서 '기획팀': 설명을 그대로 둡니다. 사용할 수 없는 문자가 있습니다.\n" in run.err
    for secret in (f"'{SECRET}'", LONG, HANGUL, "첫 줄"):
        assert secret not in run.out + run.err
    must_be_done(old)


def test_again_it_changes_nothing(old: Migration) -> None:
    old.run(OPTION)
    before = old.house.dump()
    run = old.run(OPTION)
    assert run.status == 0
    assert run.out.endswith("✅ 암호로 바꾼 부서: 0개, 그대로 둔 부서: 3개\n")
    assert old.house.dump() == before


def test_what_was_imported_long_ago_needs_no_files(old: Migration) -> None:
    old.run()
    run = old.beside("no files").run(OPTION)
    assert run.status == 0, run.err
    assert "마이그레이션" not in run.out
    must_be_done(old)


def test_a_dry_run_writes_nothing_and_shows_no_password(old: Migration) -> None:
    empty = old.house.dump()
    first = old.run(OPTION, "--dry-run")
    assert first.status == 0, first.err
    assert old.house.dump() == empty
    old.run()
    imported = old.house.dump()
    second = old.run(OPTION, "--dry-run")
    assert old.house.dump() == imported
    assert first == second
    assert "  ✓ 부서 '인사팀': 설명(64자)을 암호로 바꿀 예정\n" in second.out
    assert second.out.endswith("✅ 암호로 바꿀 부서: 3개, 그대로 둘 부서: 3개\n")
    for secret in (f"'{SECRET}'", LONG, HANGUL, "첫 줄"):
        assert secret not in second.out + second.err


def test_what_an_administrator_has_set_stays(old: Migration) -> None:
    old.run()
    office = Office(old.house)
    departments = {one["name"]: one["id"] for one in office.calendar.departments.list_all(SYSTEM)[1]}
    office.calendar.policies.set(SYSTEM, departments["개발팀"], {"passcode": "a hash"})
    office.calendar.policies.set(SYSTEM, departments["인사팀"], {"access": "private"})
    run = old.run(OPTION)
    assert "⚠️ 부서 '개발팀': 설명을 그대로 둡니다. 이미 다른 암호가 있습니다.\n" in run.err
    office = Office(old.house)
    assert office.calendar.policies.passcode_of(departments["개발팀"]).passcode == "a hash"
    policy = office.calendar.policies.get(SYSTEM, departments["인사팀"])
    assert policy.access is Access.PRIVATE
    assert policy.passcode_id


class Killed(BaseException):
    pass


def test_killed_after_each_write_and_run_again_it_is_done(
    old: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.run()
    folder, runs = old.beside("no files").folder, 0
    while runs < 50:
        database = old.house.database()
        monkeypatch.setattr(database.dynamodb, "call", killed_after_a_write(database.dynamodb.call))
        try:
            status = migrate_to_dynamodb.main(["--data-dir", str(folder), OPTION], database)
            break
        except Killed:
            runs += 1
    assert status == 0
    assert runs == 8  # two to start token mode, three departments, three rows of the log
    must_be_done(old)


def killed_after_a_write(call: Callable[..., Any]) -> Callable[..., Any]:
    def counted(operation: str, once: bool = False, **request: Any) -> Any:
        answer = call(operation, once=once, **request)
        if operation in ("put_item", "transact_write_items") and not once:  # once: a pulse
            raise Killed
        return answer

    return counted


def test_running_servers_hear_of_it(old: Migration) -> None:
    old.run()
    office = Office(old.house)
    departments = {one["name"]: one["id"] for one in office.calendar.departments.list_all(SYSTEM)[1]}
    old.run(OPTION)
    assert office.calendar.departments.get(SYSTEM, departments["개발팀"])["description"] == ""
    office.server.replicas.of("@access").refresh()
    assert office.calendar.policies.get(SYSTEM, departments["개발팀"]).passcode_id


def test_it_needs_token_mode(old: Migration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_MODE", "open")
    before = old.house.dump()
    run = old.run(OPTION)
    assert (run.status, run.out) == (2, "")
    assert "AUTH_MODE=token" in run.err
    assert old.house.dump() == before
    assert old.run(OPTION, "--dry-run").status == 0


def test_a_dry_run_alone_is_a_wrong_option(old: Migration) -> None:
    with pytest.raises(SystemExit) as error:
        old.run("--dry-run")
    assert error.value.code == 2


def test_without_the_option_nothing_of_this_is_said(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [MEETING]})
    assert migration.run()[:2] == (0, EXAMPLE)
    assert migration.run(OPTION).out.startswith(EXAMPLE)


def test_a_description_that_changes_meanwhile_stays(old: Migration, monkeypatch: pytest.MonkeyPatch) -> None:
    old.run()
    server = old.house.server()
    departments = {one["name"]: one["id"] for one in server.http.get("/api/departments").json["departments"]}
    commit = DynamoDBDatabase.commit

    def late(self: DynamoDBDatabase, writes: object, token: str) -> None:
        monkeypatch.setattr(DynamoDBDatabase, "commit", commit)
        path = f"/api/departments/{departments['개발팀']}"
        assert server.http.put(path, json={"description": "새 설명입니다"}).status_code == 200
        commit(self, writes, token)  # type: ignore[arg-type]

    monkeypatch.setattr("teamcal.signin.passwords.Passwords.hash", _once_before(late, monkeypatch))
    run = old.run(OPTION)
    assert "⚠️ 부서 '개발팀': 설명을 그대로 둡니다. 그 사이에 설명이 바뀌었습니다.\n" in run.err
    assert old.house.stored_department(departments["개발팀"])["description"] == "새 설명입니다"


def _once_before(late: object, monkeypatch: pytest.MonkeyPatch) -> object:
    """The first hash is made; the commit after it is preceded by `late`."""
    hash_ = Passwords.hash

    def hashed(self: Passwords, secret: str) -> str:
        monkeypatch.setattr(Passwords, "hash", hash_)
        monkeypatch.setattr(DynamoDBDatabase, "commit", late)
        return hash_(self, secret)

    return hashed
