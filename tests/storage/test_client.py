"""What DynamoDBClient counts, and that it doesn't complain of throttling when it had no time to ask."""

from collections import Counter
from typing import Any

import pytest

from models import DynamoDBDatabase
from teamcal import deadline
from teamcal.errors import StorageThrottled, StorageUnavailable
from teamcal.metrics import STORAGE_CALLS, STORAGE_RETRIES, STORAGE_THROTTLED, Metrics
from tests.engine import client, error
from tests.house import House


class Counts(Metrics):
    def __init__(self) -> None:
        self.counter: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1) -> None:
        self.counter[name] += amount


def counted(house: House, *answers: Any) -> tuple[DynamoDBDatabase, Counter[str]]:
    """A database whose first calls get these answers; None is the engine's."""
    left, counts = list(answers), Counts()
    low_level = client(before=lambda action, body: left.pop(0) if left else None)
    return DynamoDBDatabase(house.storage, low_level, metrics=counts), counts.counter


def test_calls_retries_and_throttles_are_counted(house: House) -> None:
    throttled = error("ThrottlingException")
    database, counter = counted(house, None, throttled, throttled, None)
    database.read_head("x")
    assert counter == {STORAGE_CALLS: 1}
    database.read_head("x")
    assert counter == {STORAGE_CALLS: 4, STORAGE_RETRIES: 2, STORAGE_THROTTLED: 2}


def test_lasting_throttling_is_counted_at_each_attempt(house: House) -> None:
    database, counter = counted(house, *[error("ThrottlingException")] * 20)
    with deadline.within(5), pytest.raises(StorageThrottled):
        database.read_head("x")
    assert counter[STORAGE_THROTTLED] == counter[STORAGE_CALLS] == counter[STORAGE_RETRIES] + 1


def test_a_batch_that_was_never_sent_is_not_throttled(house: House, caplog: pytest.LogCaptureFixture) -> None:
    database, counter = counted(house)
    with deadline.within(0.5), pytest.raises(StorageUnavailable):
        database.read_heads(["x"])
    assert counter == {}
    assert caplog.text == ""
