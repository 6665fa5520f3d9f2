"""A change row is decoded to the change that it was made of, whatever its record holds."""

import random
import uuid
from decimal import Decimal
from typing import Any

import pytest

from teamcal.domain.changes import DEPARTMENTS, Change
from teamcal.domain.events import create_digest
from teamcal.storage.change_rows import change_of, row_of
from teamcal.storage.codec import from_item, to_item
from tests.house import House

TEXTS = (
    "", "회의", "a" * 40, "ab cd", "abcd",
    "0985bc50-3edb-400e-b484-faca1c3b1ba6", "0985BC50-3edb-400e-b484-faca1c3b1ba6",
    "0985bc503edb400eb484faca1c3b1ba6", "098-5bc503edb400eb484faca1c3b1ba6",
    "2024-01-15T10:30:00.000Z", "2024-01-15T10:30:00", "2024-01-15T10:30:00.000+09:00",
    "2024-02-30T00:00:00.000Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z",
)  # fmt: skip
VALUES = (
    *TEXTS, 0, 7, -3, Decimal("1.5"), True, False, None, b"", b"\x00" * 16, [], ["a", 1], {"a": {"b": [1]}},
    {"x", "y"},
)  # fmt: skip
NAMES = (
    "department_id", "event_date", "title", "description", "time", "url", "created_at", "last_modified",
    "create_digest", "revision", "version", "deleted", "expires_at", "updated_at", "without", "색",
)  # fmt: skip
KINDS = (
    "event_created", "event_updated", "event_deleted", "department_created", "department_deleted", "swapped",
)  # fmt: skip


def usual_event(pick: random.Random, log_id: str, revision: int, at: str) -> dict[str, Any]:
    fields = {
        "event_date": "2024-01-20",
        "title": "팀 회의",
        "description": "",
        "time": "오후 2:00",
        "url": "",
    }
    return {
        "id": str(uuid.UUID(int=pick.getrandbits(128))), "department_id": log_id, **fields,
        "created_at": at,
        "last_modified": pick.choice([at, "2024-01-15T10:30:00.001Z"]),
        "create_digest": create_digest(fields),
        "revision": revision, "version": pick.choice([1, 2, 1_000_000]),
    }  # fmt: skip


def any_change(seed: int) -> tuple[str, Change]:
    """A usual event with attributes left out, with odd attributes, or no record at all."""
    pick = random.Random(seed)
    log_id = pick.choice([DEPARTMENTS, "총무팀", str(uuid.UUID(int=pick.getrandbits(128)))])
    revision = pick.choice([1, 10, 12_345, 1_000_000, 987_654_321])
    at = pick.choice(["2024-01-15T10:30:00.000Z", "2024-01-15T10:30:00.123Z", "어제", ""])
    record = usual_event(pick, log_id, revision, at)
    for name in pick.sample(NAMES, pick.choice([0, 1, 3])):
        record.pop(name, None)
    for name in pick.sample(NAMES, pick.choice([0, 0, 1, 4])):
        record[name] = pick.choice(VALUES)
    record["id"] = pick.choice([record["id"], *TEXTS])
    if pick.random() < 0.1:
        record = {}
    prior = pick.choice([None, (log_id, 9), ("다른 부서", 3), (str(uuid.UUID(int=7)), 1_000_000)])
    ids = [str(uuid.UUID(int=pick.getrandbits(128))), "another history"]
    return log_id, Change(
        revision, pick.choice(KINDS), record, pick.choice(ids), pick.choice(["", *ids]), at,
        pick.choice(["", "김하나"]), prior,
    )  # fmt: skip


def test_every_change_is_decoded_as_it_was() -> None:
    for seed in range(20_000):
        log_id, change = any_change(seed)
        row = from_item(to_item(row_of(log_id, change, 1_700_000_000)))
        assert change_of(row) == change, f"seed {seed}"


def test_a_stored_row_is_decoded_as_it_was() -> None:
    house = House()
    for seed in range(200):
        log_id, change = any_change(seed)
        row = row_of(log_id, change, 1_700_000_000)
        house.plain.put_item(TableName=house.storage.changes_table, Item=to_item(row))
        database = house.database()
        assert database.read_changes(log_id, change.revision - 1, change.revision) == [change], f"seed {seed}"


@pytest.mark.parametrize("prior", [{}, {"prior_department_id": "d", "prior_revision": 1}])
def test_rows_of_the_first_format_are_read(prior: dict[str, Any]) -> None:
    event = usual_event(random.Random(1), "d", 2, "2024-01-15T10:30:00.000Z")
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    row = {
        "department_id": "d", "revision": 2, "kind": "event_updated", "change_id": second, "previous": first,
        "at": "2024-01-15T10:30:00.005Z", "by": "", "event": event, "expires_at": 1_700_000_000, **prior,
    }  # fmt: skip
    read = Change(2, "event_updated", event, second, first, row["at"], "", ("d", 1) if prior else None)
    assert change_of(row) == read
    turning = {**row, "kind": "department_deleted", "event": {}}
    assert change_of(turning).record == {}


def test_a_row_leaves_out_what_it_implies() -> None:
    """The usual change of an event."""
    event = usual_event(random.Random(1), "d", 2, "2024-01-15T10:30:00.000Z")
    event["last_modified"] = at = event["created_at"]
    change = Change(2, "event_updated", event, str(uuid.uuid4()), str(uuid.uuid4()), at, "", ("d", 1))
    row = row_of("d", change, 1_700_000_000)
    assert not {"department_id", "revision", "last_modified"} & row["event"].keys()
    assert (row["prior"], len(row["change_id"]), len(row["event"]["id"])) == (1, 16, 16)
    assert "by" not in row
    gone = Change(3, "event_deleted", {**event, "revision": 3, "deleted": True}, *[str(uuid.uuid4())] * 2, at)
    assert "deleted" not in row_of("d", gone, 1_700_000_000)["event"]
