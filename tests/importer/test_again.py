"""Repeated runs: after edits, deletions, moves and a kill, and beside running servers."""

import resource
import subprocess
import sys
import time
from pathlib import Path

from teamcal.domain.caller import UNNAMED
from tests.house import together
from tests.importer.migration import DEPARTMENTS, MEETING, Migration
from tests.sample_generator import write_sample
from tests.servers import ROOT, environment_of, make_tables


def test_an_edited_event_stays_as_edited(migration: Migration) -> None:
    event = migration.imported_event()
    server = migration.house.server()
    edited = server.http.put(f"/api/events/{event['id']}", json={"title": "옮긴 회의"}).json["event"]

    run = migration.run()

    assert run.status == 0
    assert "  • 이벤트: 1개\n" in run.out
    assert "⚠️ 가져온 뒤 수정되어 그대로 둔 이벤트: 1개" in run.err
    assert server.events(event["department_id"]) == [edited]


def test_a_deleted_event_stays_deleted(migration: Migration) -> None:
    event = migration.imported_event()
    server = migration.house.server()
    assert server.http.delete(f"/api/events/{event['id']}").status_code == 200

    run = migration.run()

    assert run.status == 0
    assert "  • 이벤트: 1개\n" in run.out
    assert "⚠️ 가져온 뒤 삭제되어 되살리지 않은 이벤트: 1개" in run.err
    assert server.events(event["department_id"]) == []


def test_a_moved_event_stays_in_its_new_department(migration: Migration) -> None:
    event = migration.imported_event()
    new_department = migration.departments()["마케팅팀"]
    server = migration.house.server()
    # The state after the tombstone in its first department has expired.
    server.calendar.events.import_many(
        UNNAMED, new_department, [{**event, "department_id": new_department, "version": 2}]
    )
    key = {name: {"S": event[name]} for name in ("id", "department_id")}
    migration.house.plain.delete_item(TableName=migration.house.storage.events_table, Key=key)

    run = migration.run()

    assert run.status == 0
    assert [event["department_id"] for event in migration.events()] == [new_department]


def test_a_renamed_department_keeps_its_events_and_its_name(migration: Migration) -> None:
    event = migration.imported_event()
    server = migration.house.server()
    server.calendar.departments.edit(UNNAMED, event["department_id"], {"name": "연구팀"})

    run = migration.run()

    assert run.status == 0
    assert "  • 부서: 2개\n" in run.out
    assert sorted(migration.departments()) == ["마케팅팀", "연구팀"]


def test_new_records_in_the_files_are_added(migration: Migration) -> None:
    event = migration.imported_event()
    migration.write_files({"2024-01-20": [MEETING], "2024-01-21": [{**MEETING, "Id": 8}]})

    assert migration.run().status == 0
    assert migration.events()[0] == event
    assert len(migration.events()) == 2
    migration.house.must_be_sound(event["department_id"])


def test_members_of_running_servers_get_live_messages(migration: Migration) -> None:
    migration.write_files({}, {"departments": DEPARTMENTS})
    migration.run()
    department_id = migration.departments()["개발팀"]
    server = migration.house.server()
    member = server.member(department_id)
    migration.write_files({"2024-01-20": [MEETING, {**MEETING, "Title": "둘째"}]})

    assert migration.run().status == 0
    server.watcher().look()  # one round of the server's timer

    messages = [(name, payload["title"], payload["revision"]) for name, payload in member.heard()]
    assert messages == [("event_created", "팀 회의", 1), ("event_created", "둘째", 2)]


def test_import_many_skips_deleted_events(migration: Migration) -> None:
    event = migration.imported_event()
    server = migration.house.server()
    department_id = event["department_id"]
    server.http.delete(f"/api/events/{event['id']}")
    new = {**MEETING_RECORD, "id": "0b2c7a52-0000-4000-8000-000000000001", "department_id": department_id}

    assert server.calendar.events.import_many(UNNAMED, department_id, [event, new]) == {new["id"]}
    assert server.calendar.events.import_many(UNNAMED, department_id, [event, new]) == set()
    assert [event["id"] for event in server.events(department_id)] == [new["id"]]


def test_two_imports_at_once_write_each_event_once(migration: Migration) -> None:
    first_server, second_server = migration.house.server(), migration.house.server()
    department_id = first_server.department()
    events = [
        {**MEETING_RECORD, "id": f"0b2c7a52-0000-4000-8000-{number:012}", "department_id": department_id}
        for number in range(200)
    ]

    first, second = together(
        lambda: first_server.calendar.events.import_many(UNNAMED, department_id, events),
        lambda: second_server.calendar.events.import_many(UNNAMED, department_id, events),
    )

    assert len(first) + len(second) == len(first | second) == 200
    assert len(first_server.events(department_id)) == 200
    migration.house.must_be_sound(department_id)


MEETING_RECORD = {
    "event_date": "2024-01-20",
    "title": "팀 회의",
    "description": "",
    "time": "",
    "url": "",
    "created_at": "2024-01-15T01:30:00.000Z",
    "last_modified": "2024-01-15T01:30:00.000Z",
}


# Real processes over the embedded engine


def command(folder: Path) -> list[str]:
    return [sys.executable, "migrate_to_dynamodb.py", "--data-dir", str(folder)]


IDS = """
from models import DynamoDBDatabase
database = DynamoDBDatabase()
pages = database.client.get_paginator("scan").paginate(TableName="events", ConsistentRead=True)
print(*[item["id"]["S"] for page in pages for item in page["Items"]])
"""


def stored_ids(environment: dict[str, str]) -> list[str]:
    """Reads in a process of its own, since a process that has joined the engine is its user until it ends."""
    return subprocess.check_output([sys.executable, "-c", IDS], cwd=ROOT, env=environment, text=True).split()


def test_a_run_after_a_kill_completes_the_import(tmp_path: Path) -> None:
    write_sample(tmp_path, 2_500)
    environment = environment_of("python", 0, tmp_path / "data", None)
    make_tables(environment)
    with subprocess.Popen(
        command(tmp_path), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as first:
        assert first.stdout
        for line in first.stdout:
            if "이벤트 '".encode() in line:
                time.sleep(0.2)  # into the middle of the next chunk
                break
        first.kill()
    assert 0 < len(stored_ids(environment)) < 2_500

    second = subprocess.run(command(tmp_path), cwd=ROOT, env=environment, capture_output=True, text=True)

    assert second.returncode == 0, second.stderr
    assert "  • 부서: 3개\n  • 이벤트: 2500개\n\n✅ 마이그레이션 검증 완료\n" in second.stdout
    ids = stored_ids(environment)
    assert len(set(ids)) == len(ids) == 2_500


def test_a_closed_standard_output_ends_the_run_without_a_traceback(tmp_path: Path) -> None:
    write_sample(tmp_path, 10)
    environment = environment_of("python", 0, tmp_path / "data", None)
    make_tables(environment)
    with subprocess.Popen(
        command(tmp_path), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout
        assert run.stderr
        run.stdout.close()
        err = run.stderr.read().decode()

    assert run.returncode == 1
    assert "다시 실행하면 이어서" in err
    assert "Traceback" not in err


def cpu_of_children() -> float:
    """Returns the seconds of processor time of the processes that have ended; others don't change it."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_ten_thousand_events_take_under_thirty_seconds_of_cpu(tmp_path: Path) -> None:
    write_sample(tmp_path, 10_000)
    environment = environment_of("python", 0, tmp_path / "data", None)
    make_tables(environment)
    before = cpu_of_children()

    done = subprocess.run(command(tmp_path), cwd=ROOT, env=environment, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert cpu_of_children() - before < 30
    assert done.stdout.count("  ✓ 이벤트 ") == 10_000
    assert "  • 이벤트: 10000개\n" in done.stdout
