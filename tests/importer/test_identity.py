"""Equal records in two departments are two events; what an earlier version imported is recognised."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from teamcal.domain.caller import UNNAMED
from teamcal.domain.values import Record
from tests.engine import client
from tests.importer.earlier_version import earlier_department_id, migrate_as_earlier
from tests.importer.migration import MEETING, Migration, Run
from tests.servers import ROOT, environment_of, make_tables

HOLIDAYS = {"2024-01-01": "신정", "2024-02-09": "설날 연휴", "2024-03-01": "삼일절", "2024-05-05": "어린이날"}


def write_desktop(migration: Migration, department: str, old_id: int = 1, own: str = "") -> None:
    """Writes the files of an office PC: the holidays, and an event that only this one has."""
    dated: dict[str, Any] = {
        date: [{**MEETING, "Id": number, "DepartmentId": old_id, "Title": title}]
        for number, (date, title) in enumerate(HOLIDAYS.items(), 10)
    }
    dated["2024-01-20"] = [{**MEETING, "DepartmentId": old_id, "Title": own or f"{department} 회의"}]
    migration.write_files(dated, {"departments": [{"id": 1, "name": department}]})


@pytest.fixture
def desktops(migration: Migration) -> tuple[Migration, Migration]:
    """Returns the files of two PCs with the same holidays under the same old ids."""
    one, other = migration.beside("one"), migration.beside("other")
    write_desktop(one, "개발팀")
    write_desktop(other, "마케팅팀")
    return one, other


def titles(migration: Migration, department: str) -> list[str]:
    """Returns the titles of the department's live events by date."""
    department_id = migration.departments()[department]
    return [
        event["title"]
        for event in migration.events()
        if event["department_id"] == department_id and not event.get("deleted")
    ]


def must_be_complete(run: Run) -> None:
    assert run.status == 0, run.err
    assert "⚠️" not in run.err
    assert "  • 이벤트: 5개\n\n✅" in run.out


def expected(department: str) -> list[str]:
    first, *others = HOLIDAYS.values()
    return [first, f"{department} 회의", *others]


def test_equal_events_of_two_desktops_are_in_both_departments(
    desktops: tuple[Migration, Migration],
) -> None:
    one, other = desktops
    for migration in (one, other, other, one):
        must_be_complete(migration.run())

    for department in ("개발팀", "마케팅팀"):
        assert titles(one, department) == expected(department)
        one.house.must_be_sound(one.departments()[department])
    assert len(one.events()) == 10


@pytest.mark.parametrize("earlier", list(itertools.product((True, False), repeat=2)), ids=str)
@pytest.mark.parametrize("order", [(0, 1, 0, 1), (1, 0, 0, 1), (0, 0, 1, 1)], ids=str)
def test_runs_after_an_earlier_version_complete_both_and_duplicate_nothing(
    desktops: tuple[Migration, Migration], earlier: tuple[bool, bool], order: tuple[int, ...]
) -> None:
    for migration, was_migrated in zip(desktops, earlier, strict=True):
        if was_migrated:
            migrate_as_earlier(migration)
    before = {event["id"]: event for event in desktops[0].events()}

    for number in order:
        must_be_complete(desktops[number].run())

    after = {event["id"]: event for event in desktops[0].events()}
    assert before.items() <= after.items()
    assert len(after) == 10
    for department in ("개발팀", "마케팅팀"):
        assert titles(desktops[0], department) == expected(department)


@pytest.mark.parametrize("upto", range(5))
def test_an_earlier_version_may_have_been_interrupted(
    desktops: tuple[Migration, Migration], upto: int
) -> None:
    one, other = desktops
    migrate_as_earlier(one, upto=upto)

    must_be_complete(other.run())
    must_be_complete(one.run())

    assert titles(one, "개발팀") == expected("개발팀")
    assert titles(one, "마케팅팀") == expected("마케팅팀")
    assert len(one.events()) == 10


Deed = Callable[[Any, Record, str], object]
"""What somebody does on the server to an event that was imported: (server, event, another department)."""

DEEDS: dict[str, tuple[Deed, str]] = {
    "edited": (
        lambda server, event, _: server.http.put(f"/api/events/{event['id']}", json={"title": "고침"}),
        "가져온 뒤 수정되어 그대로 둔 이벤트: 1개",
    ),
    "deleted": (
        lambda server, event, _: server.http.delete(f"/api/events/{event['id']}"),
        "가져온 뒤 삭제되어 되살리지 않은 이벤트: 1개",
    ),
    "moved": (
        lambda server, event, other: server.http.post(
            f"/api/events/{event['id']}/move", json={"department_id": other}
        ),
        "가져온 뒤 다른 부서로 옮겨져 그대로 둔 이벤트: 1개",
    ),
}
every_deed = pytest.mark.parametrize(("deed", "report"), DEEDS.values(), ids=DEEDS.keys())


def stored(migration: Migration, title: str, department: str) -> Record:
    (event,) = [
        event
        for event in migration.events()
        if event["title"] == title and event["department_id"] == migration.departments()[department]
    ]
    return event


@pytest.mark.parametrize("earlier", [True, False])
@every_deed
def test_what_was_done_to_an_event_since_stays(
    desktops: tuple[Migration, Migration], deed: Deed, report: str, earlier: bool
) -> None:
    one, other = desktops
    if earlier:
        migrate_as_earlier(one)
    else:
        one.run()
    server = one.house.server()
    somewhere = server.department("총무팀")
    assert deed(server, stored(one, "삼일절", "개발팀"), somewhere).status_code == 200
    before = one.house.dump()

    run = one.run()

    assert run.status == 0
    assert f"⚠️ {report}\n" in run.err
    assert run.err.count("⚠️") == 1
    assert one.house.dump() == before
    must_be_complete(other.run())
    assert titles(one, "마케팅팀") == expected("마케팅팀")
    again = one.run()
    assert f"⚠️ {report}\n" in again.err
    assert again.err.count("⚠️") == 1


@every_deed
def test_what_was_done_to_the_other_desktops_event_is_no_reason_to_leave_it_out(
    desktops: tuple[Migration, Migration], deed: Deed, report: str
) -> None:
    one, other = desktops
    migrate_as_earlier(one)
    migrate_as_earlier(other)  # only its own event: the holidays stand in the first department
    assert titles(one, "마케팅팀") == ["마케팅팀 회의"]
    server = one.house.server()
    deed(server, stored(one, "삼일절", "개발팀"), server.department("총무팀"))

    must_be_complete(other.run())

    assert titles(one, "마케팅팀") == expected("마케팅팀")


@pytest.mark.parametrize("deed", ["edited", "moved"])
def test_without_the_log_an_event_that_may_have_been_moved_stays(
    desktops: tuple[Migration, Migration], deed: str
) -> None:
    one, other = desktops
    migrate_as_earlier(one)
    migrate_as_earlier(other)
    server = one.house.server()
    event = stored(one, "삼일절", "개발팀")
    DEEDS[deed][0](server, event, one.departments()["마케팅팀"])
    forget_the_log(one)

    run = other.run()

    assert run.status == 0
    assert titles(one, "마케팅팀").count("삼일절") == (deed == "moved")
    assert ("옮겨져 그대로 둔 이벤트: 1개" in run.err) == (deed == "edited")


def forget_the_log(migration: Migration) -> None:
    """Removes the changes and the tombstones, as DynamoDB does when their time is over."""
    plain, storage = migration.house.plain, migration.house.storage
    for row in migration.house.items(storage.changes_table):
        if row["revision"]:
            key = {"department_id": {"S": row["department_id"]}, "revision": {"N": str(row["revision"])}}
            plain.delete_item(TableName=storage.changes_table, Key=key)
    for event in migration.house.items(storage.events_table):
        if event.get("deleted"):
            key = {name: {"S": event[name]} for name in ("id", "department_id")}
            plain.delete_item(TableName=storage.events_table, Key=key)


def test_a_new_department_lacks_what_was_edited_in_another_long_ago(
    desktops: tuple[Migration, Migration],
) -> None:
    one, other = desktops
    migrate_as_earlier(one)
    one.house.server().http.put(
        f"/api/events/{stored(one, '삼일절', '개발팀')['id']}", json={"title": "고침"}
    )
    forget_the_log(one)

    must_be_complete(other.run())  # it didn't exist when the event was edited

    assert titles(one, "마케팅팀") == expected("마케팅팀")


def test_a_department_that_lacks_an_event_fails_the_verification(
    desktops: tuple[Migration, Migration],
) -> None:
    one, other = desktops
    one.run()

    def lose(action: str, body: bytes) -> None:
        for event in one.events() if action == "TransactWriteItems" else ():
            if event["title"] == "삼일절" and event["department_id"] == one.departments().get("마케팅팀"):
                key = {name: {"S": event[name]} for name in ("id", "department_id")}
                one.house.plain.delete_item(TableName=one.house.storage.events_table, Key=key)

    run = other.run(database=one.house.database(client(after=lose)))

    assert run.status == 1
    assert "  • 이벤트: 4개\n\n❌ 마이그레이션 검증 실패: 1개\n" in run.out
    assert '✗ calendar_events.json: "2024-03-01"[0]: 테이블에 없습니다.' in run.err


def test_events_without_a_department_are_those_of_each_desktop(
    desktops: tuple[Migration, Migration],
) -> None:
    one, other = desktops
    write_desktop(one, "개발팀", old_id=0)
    write_desktop(other, "마케팅팀", old_id=0)
    for migration in (one, other, one, other):
        run = migration.run()
        assert run.status == 0
        assert "그대로 둔" not in run.err
    assert titles(one, "개발팀") == expected("개발팀")
    assert titles(one, "마케팅팀") == expected("마케팅팀")


@pytest.mark.parametrize("earlier", [True, False])
def test_another_default_moves_nothing_and_says_where_the_events_are(
    migration: Migration, earlier: bool
) -> None:
    migration.write_files({"2024-01-20": [{**MEETING, "DepartmentId": 0}]})
    if earlier:
        migrate_as_earlier(migration, "개발팀")
    else:
        migration.run("--default-department", "개발팀")
    before = migration.house.dump()

    run = migration.run("--default-department", "마케팅팀")

    assert run.status == 0
    assert "⚠️ 이전에 다른 기본 부서에 넣어 그대로 둔 이벤트: 1개" in run.err
    assert migration.house.dump() == before


def test_a_department_that_was_renamed_keeps_its_events(desktops: tuple[Migration, Migration]) -> None:
    one, _ = desktops
    migrate_as_earlier(one)
    server = one.house.server()
    server.calendar.departments.edit(UNNAMED, one.departments()["개발팀"], {"name": "연구팀"})
    server.department("개발팀")  # somebody takes the name that became free
    before = one.house.dump()

    assert one.run().status == 0
    assert one.house.dump() == before


def test_a_department_that_was_deleted_gets_its_events_again(desktops: tuple[Migration, Migration]) -> None:
    one, other = desktops
    migrate_as_earlier(one)
    must_be_complete(other.run())
    server = one.house.server()
    server.http.delete(f"/api/departments/{one.departments()['개발팀']}")

    must_be_complete(one.run())

    assert titles(one, "개발팀") == expected("개발팀")
    assert titles(one, "마케팅팀") == expected("마케팅팀")


def test_names_that_look_alike_are_one_department_unless_they_were_two(migration: Migration) -> None:
    fresh, old = migration.beside("fresh"), Migration(migration.folder, migration._capsys)
    departments = {"departments": [{"id": 1, "name": "개발팀"}, {"id": 2, "name": "개발팀\u200b"}]}
    dated = {"2024-01-20": [MEETING, {**MEETING, "DepartmentId": 2, "Title": "둘째"}]}
    for one in (fresh, old):
        one.write_files(dated, departments)
    for name in ("개발팀", "개발팀\u200b"):
        id_ = earlier_department_id(name)
        old.house.put_department(id=id_, name=name, description="")
    migrate_as_earlier(old)
    before = old.house.dump()

    run = fresh.run()
    assert run.status == 0
    assert "⚠️ departments.json: departments[1]: 부서 '개발팀'에 합쳤습니다." in run.err
    assert titles(fresh, "개발팀") == ["둘째", "팀 회의"]
    assert old.run().status == 0
    assert old.house.dump() == before


# The command itself

COUNTS = """
from collections import Counter
from models import DynamoDBDatabase
client = DynamoDBDatabase().client
names = {item["id"]["S"]: item["name"]["S"] for item in client.scan(TableName="departments")["Items"]}
events = client.scan(TableName="events", ConsistentRead=True)["Items"]
print(*sorted(Counter(names[event["department_id"]["S"]] for event in events).items()))
"""


def test_two_desktops_through_the_command(tmp_path: Path, desktops: tuple[Migration, Migration]) -> None:
    environment = environment_of("python", 0, tmp_path / "data", None)
    make_tables(environment)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)

    for migration in (*desktops, *desktops[::-1]):
        done = run("migrate_to_dynamodb.py", "--data-dir", str(migration.folder))
        assert done.returncode == 0, done.stderr
        assert "  • 부서: 1개\n  • 이벤트: 5개\n\n✅ 마이그레이션 검증 완료\n" in done.stdout
        assert "⚠️" not in done.stderr

    assert run("-c", COUNTS).stdout == "('개발팀', 5) ('마케팅팀', 5)\n"
