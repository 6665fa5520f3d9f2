"""Faults between a server and its DynamoDB, at the door of boto3: what no engine does by itself.

The shares come from a file that the test may rewrite at any time: `{"throttle": 0.02, "lag": 2.0, …}`.
"""

import json
import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

counts: Counter[str] = Counter()
_LOOK_SECONDS = 0.25


class Shares:
    """The file's numbers; 0 for what it doesn't name."""

    def __init__(self, path: Path) -> None:
        self._path, self._next, self._shares = path, 0.0, dict[str, float]()

    def __getitem__(self, name: str) -> float:
        if time.monotonic() > self._next:
            self._next = time.monotonic() + _LOOK_SECONDS
            self._shares = json.loads(self._path.read_text())
        return self._shares.get(name, 0.0)

    def hits(self, name: str) -> bool:
        if random.random() >= self[name]:
            return False
        counts[f"fault {name}"] += 1
        return True


shares = Shares(Path(os.environ["CONVERGENCE_FAULTS"]))


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        yield self._body


def _answer(url: str, status: int, body: dict[str, Any]) -> AWSResponse:
    headers = {"content-type": "application/x-amz-json-1.0"}
    return AWSResponse(url, status, headers, _Raw(json.dumps(body).encode()))


def _error(url: str, code: str, **more: Any) -> AWSResponse:
    return _answer(url, 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **more})


class LaggingIndex:
    """Items of the index as they were a while ago, each for itself: it lags, and in no order."""

    def __init__(self) -> None:
        self._past: dict[str, list[tuple[float, dict[str, Any] | None]]] = {}

    def learn(self, body: dict[str, Any]) -> None:
        """What this process is about to put."""
        for action in body.get("TransactItems", []):
            item = action.get("Put", {}).get("Item", {})
            if "id" in item and "department_id" in item:
                entries = self._past.setdefault(item["id"]["S"], [(0.0, None)])
                entries.append((time.monotonic(), item))
                del entries[:-4]

    def answer(self, response: AWSResponse, department_id: str) -> AWSResponse:
        body = json.loads(response.content)
        if response.status_code != 200:
            return _answer(response.url, response.status_code, body)
        fresh = {item["id"]["S"]: item for item in body["Items"]}
        since = time.monotonic() - shares["lag"]
        for record_id, entries in self._past.items():
            recent = [item for at, item in entries if at > since]
            if recent and random.random() < 0.5:
                self._go_back(fresh, record_id, entries, department_id)
        body["Items"] = sorted(fresh.values(), key=lambda item: item["event_date"]["S"])
        body["Count"] = len(body["Items"])
        return _answer(response.url, 200, body)

    @staticmethod
    def _go_back(
        fresh: dict[str, Any], record_id: str, entries: list[tuple[float, Any]], department_id: str
    ) -> None:
        counts["fault stale index item"] += 1
        old = entries[random.randrange(len(entries))][1]
        fresh.pop(record_id, None)
        if old is not None and "event_date" in old and old["department_id"]["S"] == department_id:
            fresh[record_id] = old


class FaultyDoor:
    """Stands for the way to DynamoDB of one client: sends, refuses, loses answers, shows an old index."""

    def __init__(self, client: Any) -> None:
        # The session that botocore itself would send with: an answer has to exist before it can be lost.
        self._session = client._endpoint.http_session
        self._index = LaggingIndex()
        client.meta.events.register("before-send.dynamodb", self.send)

    def send(self, request: Any, **kwargs: Any) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        action = (target.decode() if isinstance(target, bytes) else target).rsplit(".", 1)[1]
        body = json.loads(request.body)
        refused = self._refusal(action, body, request.url)
        if refused is not None:
            return refused
        if action == "TransactWriteItems":
            self._index.learn(body)
            if shares["slow purge"] and any("Delete" in one for one in body["TransactItems"]):
                # As if the process had been suspended right here: the department may live again by now.
                counts["fault slow purge"] += 1
                time.sleep(random.uniform(0, shares["slow purge"]))
        response = self._session.send(request)
        if action == "TransactWriteItems" and shares.hits("lost answer"):
            raise ConnectionClosedError(endpoint_url=request.url)
        whole = "ProjectionExpression" not in body
        if action == "Query" and "IndexName" in body and whole and shares["lag"]:
            values = body["ExpressionAttributeValues"]
            return self._index.answer(response, values[":department"]["S"])
        return response

    @staticmethod
    def _refusal(action: str, body: dict[str, Any], url: str) -> AWSResponse | None:
        if shares.hits("throttle"):
            return _error(url, "ProvisionedThroughputExceededException")
        if action == "TransactWriteItems" and shares.hits("conflict"):
            reasons = [
                {"Code": "TransactionConflict"},
                *({"Code": "None"} for _ in body["TransactItems"][1:]),
            ]
            return _error(url, "TransactionCanceledException", CancellationReasons=reasons)
        if action == "BatchGetItem" and shares.hits("unprocessed"):
            return _answer(url, 200, {"Responses": {}, "UnprocessedKeys": body["RequestItems"]})
        if shares.hits("lost request"):
            raise ConnectionClosedError(endpoint_url=url)
        return None
