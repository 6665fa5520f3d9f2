"""A department of many pages whose tables don't fit each other: it is repaired, and others are served."""

import time
from collections import Counter
from pathlib import Path

import pytest

from models import DynamoDBDatabase
from teamcal.deadline import within
from teamcal.errors import StorageError
from teamcal.settings import StorageSettings
from teamcal.storage.client import connect
from tests.big_calendars import big_calendars
from tests.localdynamo.engines import EngineProcess
from tests.storage.engines import faulty

INDEX = "department-date-index"


@pytest.mark.slow
@pytest.mark.parametrize("events", [10_000, 100_000])
def test_an_event_whose_item_and_row_were_removed_by_hand(tmp_path: Path, events: int) -> None:
    """No request has the time to find out; what reads in the background does, and reads each event once."""
    department, other = big_calendars(tmp_path, [events, 200], rows=events)
    engine = EngineProcess(tmp_path, grace=300).ready()
    try:
        storage = StorageSettings(endpoint_url=engine.url, **engine.keys)
        calls: Counter[str] = Counter()
        client = connect(storage)
        database = DynamoDBDatabase(
            storage, faulty(connect(storage), lambda action, body: calls.update([action]), None)
        )
        event = client.query(
            TableName=storage.events_table,
            IndexName=INDEX,
            KeyConditionExpression="department_id = :d",
            ExpressionAttributeValues={":d": {"S": department}},
            Limit=1,
        )["Items"][0]
        key = {"id": event["id"], "department_id": {"S": department}}
        client.delete_item(TableName=storage.events_table, Key=key)
        row = {"department_id": {"S": department}, "revision": event["revision"]}
        client.delete_item(TableName=storage.changes_table, Key=row)
        records, began = None, time.monotonic()
        while records is None and time.monotonic() - began < 75:  # promised: 15 s
            try:
                with within(6.5):
                    records = database.load(department)[1]
            except StorageError:
                assert len(database.load(other)[1]) == 200
        assert records is not None
        assert len(records) == events - 1
        print(f"{events} events are served after {time.monotonic() - began:.1f} s, {dict(calls)}")
        assert calls["BatchGetItem"] < 1.1 * events / 100 + 10
    finally:
        engine.end()
