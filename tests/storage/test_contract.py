"""The promises of teamcal.domain.database.Database, on every engine that implements DynamoDB.

An implementation of the Protocol that isn't DynamoDB's gets a `Tables` of its own in engines.py.
"""

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ReadTimeoutError

from teamcal import deadline
from teamcal.domain.changes import ACCESS, DEPARTMENTS, Change, Head, RecordConflict, Write, digest_of_all
from teamcal.domain.database import Database
from teamcal.domain.items import Items, ItemWrite
from teamcal.domain.operation_ids import AppliedOperation, OperationPart
from teamcal.domain.pulse import IDLE, PULSE, RIGHTS_PROCESS, NamedLog, Pulse
from teamcal.domain.values import timestamp, utc_now
from teamcal.errors import (
    CredentialsRefused,
    RevisionConflict,
    StorageThrottled,
    StorageUnavailable,
    TableMissing,
)
from tests.engine import Answer, error
from tests.house import together
from tests.session_rules import NO_SKIPS
from tests.storage.dynoxide import PROGRAM
from tests.storage.endpoint import taking_at_most
from tests.storage.engines import ENGINES, Connect, Tables, items_answer
from tests.storage.logs import Log, chunks, closed, deleted, department, department_deletion, event, reopened


@pytest.fixture(scope="module", params=ENGINES)
def connect_to_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connect]:
    with ENGINES[request.param](tmp_path_factory.mktemp("engine")) as connect:
        yield connect


@pytest.fixture
def tables(connect_to_engine: Connect) -> Tables:
    return Tables(connect_to_engine)


@pytest.fixture
def database(tables: Tables) -> Database:
    return tables.database()


if NO_SKIPS not in os.environ:  # .ci/run, where a skipped test counts as failed, doesn't ask for dynoxide

    @pytest.mark.skipif(not PROGRAM, reason="dynoxide isn't installed: make test-dynoxide")
    def test_dynoxide_is_among_the_engines() -> None:
        assert "dynoxide" in ENGINES


# Logs, built as the calendar builds them (logs.py)


@pytest.fixture
def departments(database: Database) -> Log:
    """The log of departments, which holds one."""
    log = Log(database, DEPARTMENTS)
    log.commit(department(str(uuid.uuid4())), new=True)
    return log


@pytest.fixture
def department_id(departments: Log) -> str:
    (department_id,) = departments.records
    return department_id


@pytest.fixture
def log(database: Database, department_id: str) -> Log:
    """The log of a department's events, still empty."""
    return Log(database, department_id)


def token() -> str:
    return str(uuid.uuid4())


# Tables


def test_tables_may_be_created_again(tables: Tables, log: Log) -> None:
    log.commit(event(log.log_id))
    tables.database().create_tables()
    assert log.database.read_head(log.log_id) == log.head


# Heads


def test_a_log_without_rows_is_at_revision_0(database: Database) -> None:
    assert database.read_head("nobody") == Head("nobody")
    assert database.read_heads([]) == {}


def test_many_heads_are_read_by_their_logs(database: Database, log: Log) -> None:
    log.commit(event(log.log_id))
    unknown = [f"unknown-{number}" for number in range(120)]
    heads = database.read_heads([*unknown, log.log_id])
    assert heads == {name: Head(name) for name in unknown} | {log.log_id: log.head}


def test_heads_and_what_comes_next_are_read_at_once(database: Database, log: Log) -> None:
    assert database.read_next({"nobody": 0}, 3) == {"nobody": (Head("nobody"), [])}
    record = event(log.log_id)
    for number in range(5):
        log.commit({**record, "title": f"제목 {number}"})
    newest = database.read_next({log.log_id: 1, "nobody": 7}, 3)
    assert newest == {log.log_id: (log.head, log.changes[1:4]), "nobody": (Head("nobody"), [])}
    assert database.read_next({log.log_id: 4}, 3) == {log.log_id: (log.head, log.changes[4:])}
    assert database.read_next({log.log_id: 5}, 3) == {log.log_id: (log.head, [])}


def test_reads_are_consistent(tables: Tables, log: Log) -> None:
    """Another server's read that begins after a commit sees it."""
    other = tables.database()
    record = event(log.log_id)
    for number in range(20):
        log.commit({**record, "title": f"제목 {number}"})
        assert other.read_head(log.log_id) == log.head
        assert other.read_heads([log.log_id]) == {log.log_id: log.head}
        assert other.read_changes(log.log_id, number, number + 1) == log.changes[-1:]
        assert other.read_event(record["id"]) == log.records[record["id"]]
        assert other.read_events([(record["id"], log.log_id)]) == log.records


# Commits


def test_a_commit_stores_records_changes_and_head(database: Database, log: Log) -> None:
    first, second = event(log.log_id), event(log.log_id)
    write = log.commit(first, second, {**first, "title": "수정"}, new=True)
    assert database.read_head(log.log_id) == write.head
    assert write.head.digest == digest_of_all(log.records.values())
    assert database.read_changes(log.log_id, 0, 3) == write.changes
    assert database.read_event(first["id"]) == log.records[first["id"]]
    assert log.records[first["id"]]["title"] == "수정"


def test_records_come_back_as_they_were(database: Database, log: Log) -> None:
    """Unknown attributes too, which a newer server may have stored."""
    record = event(
        log.log_id,
        description="가" * 10_000,
        empty="",
        number=-12_345_678_901_234_567_890,
        flags=[True, False, None],
        nested={"이름": {"deep": [1, "둘", {"셋": 3}]}},
        data=b"\x00\xff",
        emoji="👩‍👩‍👧",
    )
    log.commit(record)
    expected = {**record, "revision": 1, "version": 1}
    assert database.read_event(record["id"]) == expected
    assert database.read_changes(log.log_id, 0, 1)[0].record == expected
    assert database.load(log.log_id)[1] == {record["id"]: expected}


def test_the_largest_transaction_is_taken(database: Database, log: Log) -> None:
    """49 operations: two items each, and the head."""
    records = [event(log.log_id) for _ in range(49)]
    log.commit(*records, new=True)
    assert database.load(log.log_id)[1] == log.records


def test_all_logs_of_a_commit_are_written_or_none(database: Database, departments: Log, log: Log) -> None:
    """As an event is moved: it is deleted in one department and created in another."""
    there_id = str(uuid.uuid4())
    departments.commit(department(there_id))
    here, there, late = log, Log(database, there_id), Log(database, there_id)
    moved = event(here.log_id)
    here.commit(moved)
    late.commit(event(there_id))
    writes = [here.write(deleted(moved)), there.write({**moved, "department_id": there_id}, new=True)]
    with pytest.raises(RevisionConflict):
        database.commit(writes, token())
    assert database.read_head(here.log_id) == here.head
    assert database.read_event(moved["id"]) == here.records[moved["id"]]
    assert database.read_changes(here.log_id, 0, 9) == here.changes
    there.adopt(Write(late.head, late.head, late.changes))
    writes[1] = there.write({**moved, "department_id": there_id}, new=True)
    database.commit(writes, token())
    found = database.read_event(moved["id"])
    assert found is not None
    assert found["department_id"] == there_id
    assert (database.read_head(here.log_id).revision, database.read_head(there_id).revision) == (2, 2)


def test_a_token_makes_repeating_safe(tables: Tables, database: Database, log: Log) -> None:
    record, same = event(log.log_id), token()
    write = log.write(record, new=True)
    for hours in range(3):
        later = utc_now() + timedelta(hours=hours)
        tables.database(now=lambda later=later: later).commit([write], same)
    log.adopt(write)
    log.commit({**record, "title": "수정"})
    database.commit([write], same)
    assert database.read_head(log.log_id) == log.head
    assert database.read_changes(log.log_id, 0, 9) == log.changes
    assert database.load(log.log_id)[1] == log.records


@pytest.mark.parametrize("lost", [1, 2])
def test_a_commit_whose_answer_is_lost_is_applied_once(tables: Tables, log: Log, lost: int) -> None:
    left = [lost]

    def lose(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and left[0]:
            left[0] -= 1
            raise ReadTimeoutError(endpoint_url="")

    unlucky = tables.database(after=lose)
    write, same = log.write(event(log.log_id), new=True), token()
    for _ in range(lost):
        try:
            unlucky.commit([write], same)
            break
        except StorageUnavailable:  # may have been applied
            continue
    assert tables.database().read_head(log.log_id) == write.head
    assert len(tables.database().read_changes(log.log_id, 0, 9)) == 1


def test_another_token_is_another_commit(database: Database, log: Log) -> None:
    write = log.write(event(log.log_id))
    database.commit([write], token())
    with pytest.raises(RevisionConflict):
        database.commit([write], token())


BASES: dict[str, Callable[[Head], Head]] = {
    "an older revision": lambda head: replace(head, revision=1, change_id="?"),
    "revision 0": lambda head: Head(head.log_id),
    "a later revision": lambda head: replace(head, revision=3),
    "another change_id": lambda head: replace(head, change_id=str(uuid.uuid4())),
    "a deleted log": lambda head: replace(head, deleted=True),
}


@pytest.mark.parametrize("base", BASES)
def test_a_head_that_is_not_at_the_base_is_a_conflict(database: Database, log: Log, base: str) -> None:
    record = event(log.log_id)
    log.commit(record)
    log.commit({**record, "title": "수정"})
    writer = Log(database, log.log_id)
    writer.head, writer.records = BASES[base](log.head), dict(log.records)
    with pytest.raises(RevisionConflict):
        writer.commit({**record, "title": "충돌"})
    assert database.read_head(log.log_id) == log.head
    assert database.read_changes(log.log_id, 0, 9) == log.changes
    assert database.load(log.log_id)[1] == log.records


def test_of_writers_on_one_base_exactly_one_wins(tables: Tables, log: Log) -> None:
    for _ in range(5):
        results: list[Any] = []
        writes = [log.write(event(log.log_id), new=True) for _ in range(8)]

        def commit(write: Write, results: list[Any] = results) -> None:
            try:
                tables.database().commit([write], token())
                results.append(write)
            except RevisionConflict:
                results.append(None)

        together(*[lambda write=write: commit(write) for write in writes])
        assert len(results) == 8
        (winner,) = [write for write in results if write is not None]
        log.adopt(winner)
        assert log.database.read_head(log.log_id) == log.head
    assert log.database.read_changes(log.log_id, 0, 99) == log.changes
    assert log.database.load(log.log_id)[1] == log.records


def test_logs_are_written_independently(database: Database, departments: Log) -> None:
    logs = [Log(database, str(uuid.uuid4())) for _ in range(4)]
    departments.commit(*[department(log.log_id) for log in logs])
    together(*[lambda log=log: [log.commit(event(log.log_id)) for _ in range(10)] for log in logs])
    for log in logs:
        assert log.head.revision == 10
        assert database.load(log.log_id) == (log.head, log.records, log.changes)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_id_that_must_be_new_and_is_not_is_named(database: Database, log: Log, is_deleted: bool) -> None:
    used, unused = event(log.log_id), event(log.log_id)
    log.commit(used)
    if is_deleted:
        log.commit(deleted(used))
    writer = Log(database, log.log_id)
    writer.head = log.head
    with pytest.raises(RecordConflict) as caught:
        writer.commit(unused, used, new=True)
    assert caught.value.record_ids == [used["id"]]
    assert database.read_event(unused["id"]) is None
    assert database.read_head(log.log_id) == log.head
    log.commit(unused, new=True)


def test_a_conflict_comes_before_a_used_id(database: Database, log: Log) -> None:
    """The writer is behind: whether its id is new isn't decided on an old state."""
    used = event(log.log_id)
    log.commit(used)
    with pytest.raises(RevisionConflict):
        Log(database, log.log_id).commit(used, new=True)


def test_the_first_event_needs_its_department(database: Database) -> None:
    orphan = Log(database, str(uuid.uuid4()))
    with pytest.raises(RevisionConflict):
        orphan.commit(event(orphan.log_id), new=True)
    assert database.read_head(orphan.log_id).revision == 0
    assert database.load(orphan.log_id)[1] == {}


# Operations that have ids


def operation_id() -> str:
    return f"~op:open:{uuid.uuid4()}"


def applied(write: Write, digest: str = "00ff", replaces: str = "", id_: str = "") -> AppliedOperation:
    change = write.changes[-1]
    part = OperationPart(write.base.log_id, change.change_id, (change.revision, 0))
    return AppliedOperation(id_ or operation_id(), digest, (part,), replaces)


def test_operations_are_stored_with_their_changes(database: Database, log: Log) -> None:
    write = log.write(event(log.log_id), new=True)
    operations = [applied(write), applied(write, "beef")]
    same = token()
    for _ in range(2):  # an answer was lost: repeated with its token, it is made once
        database.commit([replace(write, operations=operations)], same)
    log.adopt(write)
    ids = [operation.id for operation in operations]
    unknown = operation_id()
    assert database.read_operations([*ids, unknown]) == {operation.id: operation for operation in operations}
    assert database.read_operations(ids[:1]) == {ids[0]: operations[0]}
    assert database.read_operations([*ids, *ids]) == database.read_operations(ids)
    assert database.read_operations([unknown]) == database.read_operations([]) == {}
    assert database.load(log.log_id) == (log.head, log.records, log.changes)
    assert database.read_head(ids[0]) == Head(ids[0])
    assert database.read_pulses() == []


def test_an_operation_is_applied_once(database: Database, log: Log) -> None:
    record = event(log.log_id)
    write = log.write(record, new=True)
    first = applied(write)
    database.commit([replace(write, operations=[first])], token())
    log.adopt(write)
    again = log.write({**record, "title": "수정"}, event(log.log_id))
    other = applied(again)
    repeated = applied(again, id_=first.id)
    for replaces in ("", "another"):
        stale = replace(repeated, replaces=replaces)
        with pytest.raises(RecordConflict) as conflict:
            database.commit([replace(again, operations=[other, stale])], token())
        assert (conflict.value.record_ids, conflict.value.operation_ids) == ([], [first.id])
    assert database.read_head(log.log_id) == log.head
    assert database.read_operations([first.id, other.id]) == {first.id: first}
    replacing = replace(repeated, replaces=first.change_id)
    database.commit([replace(again, operations=[other, replacing])], token())
    stored = database.read_operations([first.id, other.id])
    assert stored == {first.id: replace(replacing, replaces=""), other.id: other}


def test_used_ids_of_records_and_operations_are_both_named(database: Database, log: Log) -> None:
    record = event(log.log_id)
    write = log.write(record, new=True)
    first = applied(write)
    database.commit([replace(write, operations=[first])], token())
    writer = Log(database, log.log_id)
    writer.head = write.head
    again = writer.write(record, new=True)
    with pytest.raises(RecordConflict) as conflict:
        database.commit([replace(again, operations=[applied(again, id_=first.id)])], token())
    assert (conflict.value.record_ids, conflict.value.operation_ids) == ([record["id"]], [first.id])
    log.adopt(write)
    log.commit({**record, "title": "수정"})
    with pytest.raises(RevisionConflict):  # the writer is behind: that is what it has to know first
        database.commit([replace(again, operations=[applied(again, id_=first.id)])], token())


def test_the_largest_transaction_with_ids_is_taken(database: Database, log: Log) -> None:
    """32 operations of three items each, the head and the check."""
    write = log.write(*[event(log.log_id) for _ in range(32)], new=True)
    operations = [applied(write) for _ in range(32)]
    database.commit([replace(write, operations=operations)], token())
    assert len(database.read_operations([operation.id for operation in operations])) == 32
    assert database.read_head(log.log_id) == write.head


def test_operations_end_with_their_changes(tables: Tables, log: Log) -> None:
    write = log.write(event(log.log_id), new=True)
    log.database.commit([replace(write, operations=[applied(write)])], token())
    rows = [row for row in tables.records(tables.settings.changes_table) if row["revision"] == 1]
    mine = [row for row in rows if row["department_id"] == log.log_id or row["department_id"][0] == "~"]
    assert len(mine) == 2
    assert len({row["expires_at"] for row in mine}) == 1


def test_operations_of_a_newer_server_did_nothing(tables: Tables) -> None:
    id_ = operation_id()
    for item in ({"new": 1}, {"parts": 3, "asked": b"x"}, {"parts": [[]], "asked": b"x"}):
        tables.put(tables.settings.changes_table, {"department_id": id_, "revision": 1, **item})
        assert tables.database().read_operations([id_]) == {id_: AppliedOperation(id_, "", ())}


def test_many_operations_are_read_at_once(database: Database, log: Log) -> None:
    ids = []
    for _ in range(5):
        write = log.write(*[event(log.log_id) for _ in range(30)])
        operations = [applied(write) for _ in range(30)]
        database.commit([replace(write, operations=operations)], token())
        log.adopt(write)
        ids += [operation.id for operation in operations]
    assert set(database.read_operations(ids)) == set(ids)


# Departments


def test_a_department_is_written_and_read(database: Database, departments: Log, department_id: str) -> None:
    assert database.read_department(department_id) == departments.records[department_id]
    assert database.read_department("unknown") is None
    departments.commit({**departments.records[department_id], "name": "새 이름"})
    assert database.read_department(department_id) == departments.records[department_id]
    assert database.load(DEPARTMENTS) == (departments.head, departments.records, departments.changes)


def test_a_deleted_department_is_gone_and_to_be_purged(
    database: Database, departments: Log, department_id: str
) -> None:
    write = department_deletion(departments, department_id)
    database.commit([write], token())
    departments.adopt(write)
    assert database.read_department(department_id) is None
    assert database.read_head(DEPARTMENTS).purging == {department_id}
    assert database.load(DEPARTMENTS)[1] == {}
    other = str(uuid.uuid4())
    departments.commit(department(other))
    assert database.read_head(DEPARTMENTS).purging == {department_id}
    for _ in range(2):
        assert database.purge(department_id) is True
        head = database.read_head(DEPARTMENTS)
        assert (head.purging, head.change_id) == (frozenset(), departments.head.change_id)
    assert database.purge("never deleted") is True
    assert database.load(DEPARTMENTS)[1] == departments.records


# Events


def test_an_event_is_found_wherever_it_lives(database: Database, departments: Log, log: Log) -> None:
    there = Log(database, str(uuid.uuid4()))
    departments.commit(department(there.log_id))
    record = event(log.log_id)
    log.commit(record)
    log.commit({**record, "title": "수정"})
    log.commit(deleted(record))
    assert database.read_event("unknown") is None
    there.commit({**record, "department_id": there.log_id})
    assert database.read_event(record["id"]) == there.records[record["id"]]  # lives, though version 1 < 3
    there.commit(deleted({**record, "department_id": there.log_id}))
    tombstone = database.read_event(record["id"])
    assert tombstone is not None
    assert (tombstone["deleted"], tombstone["department_id"], tombstone["version"]) == (True, log.log_id, 3)


def test_a_tombstone_leaves_the_index_and_expires(tables: Tables, log: Log) -> None:
    record = event(log.log_id)
    log.commit(record)
    log.commit(deleted(record))
    (tombstone,) = tables.records(tables.settings.events_table)
    assert "event_date" not in tombstone
    rows = [
        row for row in tables.records(tables.settings.changes_table) if row["department_id"] == log.log_id
    ]
    expiries = [tombstone["expires_at"], *(row["expires_at"] for row in rows if row["revision"])]
    assert len(expiries) == 3
    for expires_at in expiries:
        days = (expires_at - utc_now().timestamp()) / 86_400
        assert tables.settings.change_retention_days <= days <= tables.settings.change_retention_days + 8


def test_events_are_read_by_their_keys(database: Database, log: Log) -> None:
    records = [event(log.log_id) for _ in range(130)]
    for chunk in chunks(records, 45):
        log.commit(*chunk, new=True)
    log.commit(deleted(records[0]))
    keys = [(record["id"], log.log_id) for record in records]
    events = database.read_events([*keys, ("unknown", log.log_id), (records[1]["id"], "elsewhere")])
    assert events.pop(records[0]["id"])["deleted"] is True
    assert events == log.records
    assert database.read_events([]) == {}


# Changes


def test_changes_are_read_in_order_and_within_bounds(database: Database, log: Log) -> None:
    record = event(log.log_id)
    for number in range(12):
        log.commit({**record, "title": str(number)})
    read = database.read_changes
    assert read(log.log_id, 0, 12) == log.changes
    assert read(log.log_id, 3, 7) == log.changes[3:7]
    assert read(log.log_id, 3, 99) == log.changes[3:]
    assert read(log.log_id, 3, 12, limit=2) == log.changes[3:5]
    assert read(log.log_id, 3, 12, limit=2, newest_first=True) == [log.changes[11], log.changes[10]]
    assert read(log.log_id, 0, 12, newest_first=True) == log.changes[::-1]
    assert read(log.log_id, 7, 7) == read(log.log_id, 7, 3) == read(log.log_id, 12, 99) == []
    assert read("unknown", 0, 9) == []


def test_expired_changes_are_missing(tables: Tables, log: Log) -> None:
    record = event(log.log_id)
    for number in range(6):
        log.commit({**record, "title": str(number)})
    tables.expire(log.log_id, 1, 4)
    revisions = [change.revision for change in log.database.read_changes(log.log_id, 0, 6)]
    assert revisions == [2, 3, 5, 6]
    head, records, changes = log.database.load(log.log_id)
    assert (head, records) == (log.head, log.records)
    assert changes == log.changes[4:]


def test_changes_are_forgotten_by_their_age(tables: Tables, log: Log) -> None:
    log.commit(event(log.log_id))
    (change,) = log.changes
    days = tables.settings.change_retention_days
    for passed, forgotten in ((0, False), (days - 1, False), (days + 1, True)):
        later = utc_now() + timedelta(days=passed)
        assert tables.database(now=lambda later=later: later).forgotten(change) is forgotten


# Whole logs


def test_a_whole_log_is_loaded(database: Database, log: Log) -> None:
    assert database.load(log.log_id) == (Head(log.log_id), {}, [])
    kept, gone = event(log.log_id), event(log.log_id)
    log.commit(kept, gone)
    log.commit({**kept, "title": "수정", "event_date": "2025-12-31"}, deleted(gone))
    assert database.load(log.log_id) == (log.head, log.records, log.changes)


def test_a_log_of_many_changes_ends_with_the_newest(database: Database, log: Log) -> None:
    records = [event(log.log_id) for _ in range(180)]
    for chunk in chunks(records, 45):
        log.commit(*chunk, new=True)
    head, loaded, changes = database.load(log.log_id)
    assert (head, loaded) == (log.head, log.records)
    assert changes == log.changes[-len(changes) :]
    assert len(changes) >= 1


def test_a_calendar_of_several_pages_is_loaded(database: Database, log: Log) -> None:
    """DynamoDB returns at most 1 MB at once."""
    for chunk in chunks([event(log.log_id, description="x" * 10_000) for _ in range(160)], 40):
        log.commit(*chunk, new=True)
    assert database.load(log.log_id)[1] == log.records
    assert len(database.read_changes(log.log_id, 0, 160)) == 160


def test_a_department_of_an_older_server_is_loaded(tables: Tables, log: Log) -> None:
    """It has events and no log."""
    record = event(log.log_id)
    tables.put(tables.settings.events_table, record)
    assert log.database.load(log.log_id) == (Head(log.log_id), {record["id"]: record}, [])


def test_a_deleted_log_is_loaded_without_records(database: Database, log: Log) -> None:
    record = event(log.log_id)
    log.commit(record)
    change = Change(2, "department_deleted", {}, token(), log.head.change_id, timestamp(utc_now()))
    head = replace(log.head, revision=2, change_id=change.change_id, digest=0, deleted=True)
    database.commit([Write(log.head, head, [change])], token())
    assert database.load(log.log_id) == (head, {}, [*log.changes, change])


def stale_index(items: list[dict[str, Any]], times: int = 1_000_000) -> Callable[[str, bytes], Answer | None]:
    """The index returns these items in the next `times` queries."""
    left = [times]

    def answer(action: str, body: bytes) -> Answer | None:
        if action == "Query" and "IndexName" in json.loads(body) and left[0]:
            left[0] -= 1
            return items_answer(items)
        return None

    return answer


def index_of(tables: Tables, department_id: str) -> list[dict[str, Any]]:
    query = {
        "TableName": tables.settings.events_table,
        "IndexName": "department-date-index",
        "KeyConditionExpression": "department_id = :d",
        "ExpressionAttributeValues": {":d": {"S": department_id}},
    }
    items: list[dict[str, Any]] = tables.client.query(**query)["Items"]
    return items


def test_an_index_that_lags_hides_nothing(tables: Tables, log: Log) -> None:
    edited, gone, moved = (event(log.log_id) for _ in range(3))
    log.commit(edited, gone, moved)
    stale = index_of(tables, log.log_id)
    log.commit({**edited, "title": "수정"}, deleted(gone), {**moved, "event_date": "2030-01-01"})
    log.commit(event(log.log_id, title="새 일정"))
    loaded = tables.database(before=stale_index(stale)).load(log.log_id)
    assert loaded == (log.head, log.records, log.changes)


def test_an_index_that_lags_further_than_the_log_reaches_is_waited_for(tables: Tables, log: Log) -> None:
    for chunk in chunks([event(log.log_id) for _ in range(90)], 45):
        log.commit(*chunk, new=True)
    tables.expire(log.log_id, 1)
    assert tables.database(before=stale_index([], times=2)).load(log.log_id)[1] == log.records
    with deadline.within(4.5), taking_at_most(9), pytest.raises(StorageUnavailable):
        tables.database(before=stale_index([])).load(log.log_id)


# Purging


def test_a_purge_removes_every_event_of_the_department(tables: Tables, departments: Log, log: Log) -> None:
    other = Log(log.database, str(uuid.uuid4()))
    departments.commit(department(other.log_id))
    other.commit(event(other.log_id))
    records = [event(log.log_id) for _ in range(30)]
    log.commit(*records)
    log.commit(deleted(records[0]))  # a tombstone isn't in the index
    closed(log)
    assert log.database.purge(log.log_id) is True
    left = [record["id"] for record in tables.records(tables.settings.events_table)]
    assert left == list(other.records)
    assert log.database.purge(log.log_id) is True  # nothing left to do


def test_a_purge_leaves_a_department_alone_that_is_not_deleted(tables: Tables, log: Log) -> None:
    log.commit(*(event(log.log_id) for _ in range(5)))
    assert log.database.purge(log.log_id) is True
    assert log.database.load(log.log_id)[1] == log.records
    assert len(tables.records(tables.settings.events_table)) == 5


def test_a_purge_goes_on_where_another_process_ended(tables: Tables, log: Log) -> None:
    for chunk in chunks([event(log.log_id) for _ in range(230)], 45):
        log.commit(*chunk)
    closed(log)
    deletes: list[int] = []

    def count(action: str, body: bytes) -> None:
        actions = json.loads(body).get("TransactItems", [])
        deletes.append(sum("Delete" in one for one in actions))

    def die_at_the_third(action: str, body: bytes) -> None:
        count(action, body)
        if sum(map(bool, deletes)) >= 3:
            raise EndpointConnectionError(endpoint_url="")

    with pytest.raises(StorageUnavailable), deadline.within(8):
        tables.database(before=die_at_the_third).purge(log.log_id)
    assert len(tables.records(tables.settings.events_table)) == 230 - 2 * 99
    deletes.clear()
    assert tables.database(before=count).purge(log.log_id)
    assert sum(deletes) == 32  # what is gone is not deleted again
    assert tables.records(tables.settings.events_table) == []


@pytest.mark.parametrize("step", range(1, 6))
def test_a_purge_that_comes_late_deletes_nothing_of_the_next_life(
    tables: Tables, log: Log, step: int
) -> None:
    """Frozen before its transaction number `step`; meanwhile another process ends the purge, and the
    department is made again with the same events.
    """
    records = [event(log.log_id) for _ in range(120)]
    for chunk in chunks(records, 45):
        log.commit(*chunk)
    closed(log)
    sent = [0]

    def make_again() -> None:
        assert log.database.purge(log.log_id) is True
        reopened(log)
        for chunk in chunks(records, 45):
            log.commit(*chunk)

    def freeze(action: str, body: bytes) -> None:
        if action != "TransactWriteItems":
            return
        sent[0] += 1
        if sent[0] == step:
            together(make_again)  # in another thread: it has its own deadline

    tables.database(before=freeze).purge(log.log_id)
    assert sent[0] >= step
    assert log.database.load(log.log_id)[:2] == (log.head, log.records)
    assert len(tables.records(tables.settings.events_table)) == 120
    closed(log)  # deleted once more: the earlier position is no longer good
    assert log.database.purge(log.log_id) is True
    assert tables.records(tables.settings.events_table) == []


def test_a_purge_ends_on_a_slow_table(tables: Tables, log: Log) -> None:
    """More than 5 items in a transaction are throttled, as on a table of 10 write units."""
    for chunk in chunks([event(log.log_id) for _ in range(60)], 45):
        log.commit(*chunk)
    closed(log)
    sizes: list[int] = []

    def throttle(action: str, body: bytes) -> Answer | None:
        if action != "TransactWriteItems":
            return None
        sizes.append(len(json.loads(body)["TransactItems"]))
        return error("ProvisionedThroughputExceededException") if sizes[-1] > 5 else None

    database = tables.database(before=throttle)
    for _ in range(20):
        with deadline.within(20):
            try:
                if database.purge(log.log_id):
                    break
            except StorageThrottled:
                pass
    assert tables.records(tables.settings.events_table) == []


# Deadlines and failures


def every_method(database: Database, log_id: str) -> dict[str, Callable[[], Any]]:
    """Returns a call of each method that reaches DynamoDB."""
    log = Log(database, log_id)
    return {
        "read_head": lambda: database.read_head(log_id),
        "read_heads": lambda: database.read_heads([log_id]),
        "read_next": lambda: database.read_next({log_id: 0}, 10),
        "read_changes": lambda: database.read_changes(log_id, 0, 1),
        "read_department": lambda: database.read_department(log_id),
        "read_event": lambda: database.read_event("e"),
        "read_events": lambda: database.read_events([("e", log_id)]),
        "read_operations": lambda: database.read_operations([operation_id()]),
        "load": lambda: database.load(log_id),
        "commit": lambda: database.commit([log.write(event(log_id))], token()),
        "purge": lambda: database.purge(log_id),
        "put_pulse": lambda: database.put_pulse(Pulse(1, 1)),
        "read_pulses": database.read_pulses,
        "delete_pulse": lambda: database.delete_pulse(Pulse(1, 1)),
        "items.get": lambda: database.items.get("i"),
        "items.write": lambda: database.items.write(ItemWrite("i", {"id": "i"})),
        "items.of": lambda: database.items.of("o"),
    }


# Pulses


def test_a_process_says_one_thing_at_a_time(database: Database) -> None:
    named = (NamedLog(str(uuid.uuid4()), 12, 3), NamedLog(DEPARTMENTS, 300, 1))
    first, second, other = Pulse(5, 1, 3, 0, named), Pulse(5, 2, 4, 2, named[:1], IDLE), Pulse(6, 1)
    assert database.read_pulses() == []
    for pulse in (first, other, second):
        database.put_pulse(pulse)
    assert sorted(database.read_pulses(), key=lambda pulse: pulse.process) == [second, other]
    database.delete_pulse(first)  # it has said something else since
    database.delete_pulse(other)
    database.delete_pulse(other)
    assert database.read_pulses() == [second]
    assert database.read_head(PULSE) == Head(PULSE)


# Users, policies, and the plain items beside them


def user(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": f"user:{name}", "login": name, "groups": ["팀장"], "disabled": False, **fields}


def wait_for(condition: Callable[[], bool]) -> None:
    """An index of DynamoDB lags."""
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_users_and_policies_are_a_log_of_their_own(database: Database) -> None:
    log = Log(database, ACCESS)
    log.commit(user("kim"), user("lee"), new=True)
    policy = {"id": "policy:d", "access": "private", "roles": {"group:팀장": "viewer"}}
    log.commit(policy, new=True)
    log.commit({**log.records["user:kim"], "disabled": True})
    log.commit(deleted(log.records["policy:d"]))
    assert database.load(ACCESS) == (log.head, log.records, log.changes)
    assert set(log.records) == {"user:kim", "user:lee"}
    assert database.read_changes(ACCESS, 0, 9) == log.changes
    with pytest.raises(RecordConflict) as conflict:
        other = Log(database, ACCESS)
        other.head = log.head
        database.commit([other.write(user("kim"), new=True)], token())
    assert conflict.value.record_ids == ["user:kim"]


def test_plain_items_are_no_records_of_the_log(database: Database) -> None:
    log = Log(database, ACCESS)
    log.commit(user("kim"), new=True)
    for number in range(120):
        assert database.items.write(
            ItemWrite(f"token:{number}", {"id": f"token:{number}", "owner_id": "user:kim"})
        )
    wait_for(lambda: len(database.items.of("user:kim")) == 120)
    assert database.items.of("user:lee") == []
    assert database.load(ACCESS) == (log.head, log.records, log.changes)


def test_items_are_written_on_condition(database: Database) -> None:
    items, item = database.items, {"id": "code", "hash": "h", "number": 3, "expires_at": 4_000_000_000}
    assert items.get("code") is None
    assert not items.write(ItemWrite("code", item, expects={}))
    assert not items.write(ItemWrite("code", None, expects={}))
    assert items.write(ItemWrite("code", None))
    assert items.write(ItemWrite("code", item, new=True))
    assert not items.write(ItemWrite("code", {"id": "code"}, new=True))
    assert items.get("code") == item
    assert not items.write(ItemWrite("code", None, expects={"hash": "h", "number": 4}))
    assert items.write(ItemWrite("code", {**item, "number": 4}, expects={"hash": "h", "number": 3}))
    assert items.write(ItemWrite("code", None, expects={"hash": "h", "number": 4}))
    assert items.get("code") is None


def test_items_are_written_with_a_commit_or_not_at_all(database: Database) -> None:
    log = Log(database, ACCESS)
    code = ItemWrite("setup", {"id": "setup", "hash": "h"}, new=True)
    used = ItemWrite("setup", None, expects={"hash": "h"})
    write = log.write(user("kim"), new=True)
    with pytest.raises(RecordConflict) as conflict:
        database.commit([replace(write, items=[used])], token())
    assert conflict.value.record_ids == ["setup"]
    assert database.read_head(ACCESS).revision == 0
    database.items.write(code)
    commit = [replace(write, items=[used, ItemWrite("password:kim", {"id": "password:kim", "hash": "p"})])]
    for _ in range(2):  # an answer was lost: repeated with its token, it is made once
        database.commit(commit, "3f0c9a1e-6f0e-4a52-9d54-2d9d6ab0d4d7")
    assert database.items.get("setup") is None
    assert database.items.get("password:kim") == {"id": "password:kim", "hash": "p"}


def test_what_is_said_of_a_token_is_a_row_without_a_record(database: Database) -> None:
    log = Log(database, ACCESS)
    log.commit(user("kim"), new=True)
    said = {"token": "hash", "user": "kim", "departments": ["d"]}
    change = Change(
        2, "token_revoked", said, str(uuid.uuid4()), log.head.change_id, timestamp(utc_now()), "나"
    )
    head = log.head.after(change, None)
    item = ItemWrite("token:hash")
    database.commit([Write(log.head, head, [change], items=[item])], token())
    assert database.load(ACCESS) == (head, log.records, [*log.changes, change])
    assert head.digest == log.head.digest


def test_every_commit_of_rights_tells_of_itself_with_the_pulses(database: Database) -> None:
    log = Log(database, ACCESS)
    assert database.read_pulses() == []
    for number in range(1, 3):
        log.commit(user(str(number)), new=True)
        assert database.read_pulses() == [Pulse(RIGHTS_PROCESS, -1, named=(NamedLog(ACCESS, number, 0),))]


def test_the_audit_trail_is_kept_longer(tables: Tables) -> None:
    """Its rows expire 372 days later, those of other logs after 37."""
    database = tables.database()
    log = Log(database, ACCESS)
    log.commit(user("kim"), new=True)
    Log(database, DEPARTMENTS).commit(department(str(uuid.uuid4())), new=True)
    rows = {
        row["department_id"]: row for row in tables.records(tables.settings.changes_table) if "kind" in row
    }
    days = {name: (row["expires_at"] - utc_now().timestamp()) / 86_400 for name, row in rows.items()}
    assert {name: round(left) for name, left in days.items()} == {ACCESS: 372, DEPARTMENTS: 37}


PURE = {"forgotten", "when_repaired"}


def test_every_method_is_tested_for_failures(database: Database) -> None:
    methods = {name for name in vars(Database) if not name.startswith("_")}
    methods |= {f"items.{name}" for name in vars(Items) if not name.startswith("_")}
    assert set(every_method(database, "x")) == methods - PURE


FAILURES: dict[str, tuple[Answer | Exception, type[StorageUnavailable] | type[StorageThrottled]]] = {
    "throttled": (error("ProvisionedThroughputExceededException"), StorageThrottled),
    "unreachable": (EndpointConnectionError(endpoint_url=""), StorageUnavailable),
    "a server error": (error("InternalServerError", status=500), StorageUnavailable),
    "no credentials": (NoCredentialsError(), CredentialsRefused),
    "refused": (error("UnrecognizedClientException"), CredentialsRefused),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_every_method_ends_in_time_with_a_storage_error(tables: Tables, failure: str) -> None:
    answer, expected = FAILURES[failure]

    def fail(action: str, body: bytes) -> Answer:
        if isinstance(answer, Exception):
            raise answer
        return answer

    database = tables.database(before=fail)
    for call in every_method(database, "x").values():
        with deadline.within(3.8), taking_at_most(8), pytest.raises(expected):
            call()


def test_a_missing_table_is_named(tables: Tables, log: Log) -> None:
    settings = tables.settings
    tables.drop()
    missing = {}
    for name, call in every_method(log.database, log.log_id).items():
        with pytest.raises(TableMissing) as caught:
            call()
        missing[name] = caught.value.table
    assert missing.pop("read_department") == settings.departments_table
    assert missing.pop("commit") in (settings.departments_table, settings.changes_table)
    assert {missing[name] for name in ("read_event", "read_events", "load")} == {settings.events_table}
    assert {missing[name] for name in missing if name.startswith("items.")} == {settings.access_table}
    assert missing["read_head"] == missing["purge"] == settings.changes_table


def test_a_call_without_time_is_not_made(tables: Tables) -> None:
    calls: list[str] = []
    database = tables.database(before=lambda action, body: calls.append(action))
    for call in every_method(database, "x").values():
        with deadline.within(0.5), pytest.raises(StorageUnavailable):
            call()
    assert calls == []
