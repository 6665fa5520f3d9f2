"""What AWS does and no engine emulates: an index that lags in no order, answers that get lost."""

import json
import random
import threading
import time
from typing import Any

from tests.engine import error


class LaggingIndex:
    """Answers index queries with each event as it was a random while ago. The engine's own are not used.

    Give `before` to every server over the tables: what they write is seen on its way.
    """

    def __init__(self, seconds: float, seed: int = 1) -> None:
        self.seconds = seconds
        self.random = random.Random(seed)
        self.written: dict[str, list[tuple[float, dict[str, Any]]]] = {}
        self.lock = threading.Lock()

    def before(self, action: str, body: bytes) -> Any:
        request = json.loads(body)
        if action == "TransactWriteItems":
            with self.lock:
                for one in request["TransactItems"]:
                    item = one.get("Put", {}).get("Item", {})
                    if "id" in item:
                        self.written.setdefault(item["id"]["S"], []).append((time.monotonic(), item))
        if action != "Query" or "IndexName" not in request:
            return None
        wanted = request["ExpressionAttributeValues"][":department"]
        with self.lock:
            items = [self._seen(versions) for versions in self.written.values()]
        found = [item for item in items if item and item.get("department_id") == wanted]
        answer = json.dumps({"Items": [item for item in found if "event_date" in item]})
        return 200, {"content-type": "application/x-amz-json-1.0"}, answer.encode()

    def _seen(self, versions: list[tuple[float, dict[str, Any]]]) -> dict[str, Any] | None:
        until = time.monotonic() - self.random.uniform(0, self.seconds)
        return next((item for at, item in reversed(versions) if at <= until), None)


class LostAnswers:
    """Every `every`-th transaction is applied, but its answer never arrives."""

    def __init__(self, every: int = 2) -> None:
        self.every, self.number, self.lost = every, 0, 0

    def after(self, action: str, body: bytes) -> None:
        if action == "TransactWriteItems":
            self.number += 1
            if self.number % self.every == 0:
                self.lost += 1
                raise ConnectionResetError("cut")


class Trouble:
    """A share of the calls is throttled, a share of the transactions cancelled by a conflict."""

    def __init__(self, share: float, seed: int = 1) -> None:
        self.share, self.random, self.injected = share, random.Random(seed), 0

    def before(self, action: str, body: bytes) -> Any:
        if self.random.random() >= self.share:
            return None
        self.injected += 1
        if action == "TransactWriteItems" and self.random.random() < 0.5:
            reasons = [{"Code": "TransactionConflict"}]
            return error("TransactionCanceledException", "cancelled", CancellationReasons=reasons)
        return error("ProvisionedThroughputExceededException", "slow down")
