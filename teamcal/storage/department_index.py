"""Reading a department's events from the date index, which DynamoDB pages by 1 MB.

One page after the other, 100,000 events take 50 calls; a call takes 10 to 70 ms. Ranges of dates are
therefore read beside each other. The ranges aren't known beforehand: a page that ends before its range does
leaves a remainder, and that is halved as long as there are idle workers.
"""

import threading
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from teamcal.domain.values import Record
from teamcal.settings import StorageSettings
from teamcal.storage.client import DynamoDBClient, is_loopback
from teamcal.storage.codec import Item
from teamcal.storage.own_fields import record_of
from teamcal.storage.parallel import WorkQueue
from teamcal.storage.tables import DATE_INDEX

WORKERS, LOCAL_WORKERS = 4, 2
"""Calls at once; each holds a page of 1 MB. An engine on this machine has one processor: more calls at once
only wait for each other there, until they time out."""
YIELD_ITEMS = 250
"""Items that are decoded before other greenlets may run: about 3 ms."""


ReadRest = Callable[[Callable[[], None]], None]
"""Reads the pages after the first; calls its argument, which may wait, before each of them."""


class DepartmentIndex:
    def __init__(self, dynamodb: DynamoDBClient, settings: StorageSettings) -> None:
        self._dynamodb, self._settings = dynamodb, settings

    def read(self, department_id: str, take: Callable[[Record], object], attributes: str = "") -> None:
        """Calls `take` with each event, in no order, some of them twice. `attributes`: all by default.

        The index lags: the caller has to check what it is told.
        """
        rest = self.begin(department_id, take, attributes)
        if rest is not None:
            rest(lambda: None)

    def begin(
        self, department_id: str, take: Callable[[Record], object], attributes: str = ""
    ) -> ReadRest | None:
        """As `read`, with the first page only. Returns what reads the others; None if there are none."""
        settings = self._settings
        is_local = settings.embedded or is_loopback(settings.endpoint_url or "")
        workers = LOCAL_WORKERS if is_local else WORKERS
        return _Reading(self._dynamodb, self._query(department_id, attributes), take, workers).begin()

    def _query(self, department_id: str, attributes: str) -> dict[str, Any]:
        query: dict[str, Any] = {
            "TableName": self._settings.events_table,
            "IndexName": DATE_INDEX,
            "KeyConditionExpression": "department_id = :department",
            "ExpressionAttributeValues": {":department": {"S": department_id}},
        }
        return query | ({"ProjectionExpression": attributes} if attributes else {})


class _Reading:
    def __init__(
        self, dynamodb: DynamoDBClient, query: dict[str, Any], take: Callable[[Record], object], workers: int
    ) -> None:
        self._dynamodb, self._query, self._take, self._workers = dynamodb, query, take, workers
        self._taking = threading.Lock()
        self._before_page: Callable[[], None] = lambda: None

    def begin(self) -> ReadRest | None:
        first = self._page(self._query)
        start = first.get("LastEvaluatedKey")
        self._decode(first["Items"])
        return None if start is None else partial(self._read_after, start)

    def _read_after(self, start: Item, before_page: Callable[[], None]) -> None:
        self._before_page = before_page
        newest = self._page({**self._query, "ScanIndexForward": False, "Limit": 1})["Items"]
        last_date = newest[0]["event_date"]["S"] if newest and "event_date" in newest[0] else ""
        queue = WorkQueue(self._workers)
        queue.run(
            [lambda queue: self._range(queue, start, start["event_date"]["S"], last_date, is_last=True)]
        )

    def _range(self, queue: WorkQueue, start: Item | None, low: str, high: str, is_last: bool) -> None:
        """Reads the events from `low` to `high`, both included, beginning after the key `start`.

        `is_last`: there is no upper bound; `high` only is where the newest event was seen.
        """
        while True:
            middle = _middle_of(low, high) if queue.has_idle_workers else None
            if middle is not None:
                # Both ranges contain the events of `middle`: between two dates there may be other strings.
                queue.add(partial(self._range, start=None, low=middle, high=high, is_last=is_last))
                high, is_last = middle, False
                continue
            self._before_page()
            page = self._page(self._bounded(low, None if is_last else high, start))
            self._decode(page["Items"])
            start = page.get("LastEvaluatedKey")
            if start is None:
                return
            low = start["event_date"]["S"]

    def _bounded(self, low: str, high: str | None, start: Item | None) -> dict[str, Any]:
        values = {**self._query["ExpressionAttributeValues"], ":low": {"S": low}}
        condition = "event_date >= :low"
        if high is not None:
            values[":high"] = {"S": high}
            condition = "event_date BETWEEN :low AND :high"
        query = self._query | {
            "KeyConditionExpression": f"department_id = :department AND {condition}",
            "ExpressionAttributeValues": values,
        }
        return query | ({"ExclusiveStartKey": start} if start else {})

    def _page(self, query: dict[str, Any]) -> Any:
        return self._dynamodb.call("query", **query)

    def _decode(self, items: list[Item]) -> None:
        for at in range(0, len(items), YIELD_ITEMS):
            with self._taking:  # by one thread at a time
                for item in items[at : at + YIELD_ITEMS]:
                    self._take(record_of(item))
            if len(items) > YIELD_ITEMS:
                time.sleep(0)


def _middle_of(low: str, high: str) -> str | None:
    """Returns a date between the two; None if there is none or they aren't dates."""
    try:
        first, last = date.fromisoformat(low[:10]), date.fromisoformat(high[:10])
    except ValueError:
        return None
    middle = first + (last - first) / 2
    return middle.isoformat() if first < middle < last else None
