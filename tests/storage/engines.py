"""The implementations of DynamoDB that the contract suite runs on, and tables on one of them."""

import itertools
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse

from models import DynamoDBDatabase
from teamcal.domain.values import Record, utc_now
from teamcal.settings import StorageSettings
from teamcal.storage.client import connect
from teamcal.storage.codec import from_item, to_item
from tests import engine as in_process
from tests.engine import Answer, Fault, RawBody
from tests.localdynamo.engines import keys_of
from tests.servers import ROOT
from tests.storage.dynoxide import PROGRAM, dynoxide

Connect = Callable[[Fault | None, Fault | None], Any]
"""Returns a new low-level client, given `before` and `after`.

`before(action, body)` may raise or return an Answer in the engine's place; `after(action, body)` may raise
when the call was applied, so that its answer is lost.
"""
_numbers = itertools.count()


@contextmanager
def inside_the_process(folder: Path) -> Iterator[Connect]:
    yield in_process.client


@contextmanager
def embedded_engine(folder: Path) -> Iterator[Connect]:
    with embedded_endpoint(folder) as settings:
        yield connecting_to(settings)


@contextmanager
def embedded_endpoint(folder: Path) -> Iterator[StorageSettings]:
    """Yields the address and keys of the engine that `DYNAMODB_ENDPOINT_URL=embedded` starts.

    Its user is a process of its own: an engine runs as long as the process that asked for it.
    """
    script = (
        "import sys; from pathlib import Path; from localdynamo import endpoint_of;"
        "print(endpoint_of(Path(sys.argv[1])), flush=True); sys.stdin.read()"
    )
    user = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert user.stdout is not None
    try:
        yield StorageSettings(endpoint_url=user.stdout.readline().strip(), **keys_of(folder))
    finally:
        user.communicate("")


def environment_of(settings: StorageSettings) -> dict[str, str]:
    """Returns the variables by which a process of its own uses this endpoint."""
    return {
        "DYNAMODB_ENDPOINT_URL": settings.endpoint_url or "",
        "AWS_ACCESS_KEY_ID": settings.aws_access_key_id or "",
        "AWS_SECRET_ACCESS_KEY": settings.aws_secret_access_key or "",
    }


@contextmanager
def dynoxide_server(folder: Path) -> Iterator[Connect]:
    with dynoxide() as url:
        yield connecting_to(
            StorageSettings(endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b")
        )


def connecting_to(settings: StorageSettings) -> Connect:
    return lambda before, after: faulty(connect(settings), before, after)


ENGINES = {"in process": inside_the_process, "embedded": embedded_engine}
if PROGRAM:
    ENGINES["dynoxide"] = dynoxide_server


class Tables:
    """Three new tables on an engine. `client` is a client without faults."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.client = connect(None, None)
        number = f"{next(_numbers)}-{uuid.uuid4().hex[:6]}"
        self.settings = StorageSettings(
            departments_table=f"departments-{number}",
            events_table=f"events-{number}",
            changes_table=f"changes-{number}",
            access_table=f"access-{number}",
        )
        self.database().create_tables()

    def database(
        self, before: Fault | None = None, after: Fault | None = None, now: Callable[[], datetime] = utc_now
    ) -> DynamoDBDatabase:
        """Returns a new database; with faults (see Connect) it has a client of its own."""
        client = self._connect(before, after) if before or after else self.client
        return DynamoDBDatabase(self.settings, client, now)

    def put(self, table: str, record: Record) -> None:
        """Stores a record as an older server or a person would: without the log."""
        self.client.put_item(TableName=table, Item=to_item(record))

    def records(self, table: str) -> list[Record]:
        pages = self.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [from_item(item) for page in pages for item in page["Items"]]

    def expire(self, log_id: str, *revisions: int) -> None:
        """Removes rows of the log as TTL does."""
        for revision in revisions:
            key = {"department_id": {"S": log_id}, "revision": {"N": str(revision)}}
            self.client.delete_item(TableName=self.settings.changes_table, Key=key)

    def drop(self) -> None:
        for name in self.settings.tables:
            self.client.delete_table(TableName=name)


def faulty(client: Any, before: Fault | None, after: Fault | None) -> Any:
    """Adds faults to a client of a real endpoint."""
    session = client._endpoint.http_session  # the engine's answer has to exist before it can be lost

    def send(request: Any, **kwargs: Any) -> Any:
        target = request.headers["X-Amz-Target"]
        action = (target.decode() if isinstance(target, bytes) else target).rsplit(".", 1)[1]
        body = request.body.encode() if isinstance(request.body, str) else request.body
        answer = before(action, body) if before else None
        if answer is not None:
            status, headers, content = answer
            return AWSResponse(request.url, status, headers, RawBody(content))
        if after is None:
            return None
        response = session.send(request)
        after(action, body)
        return response

    client.meta.events.register_first("before-send.dynamodb", send)
    return client


def items_answer(items: list[dict[str, Any]]) -> Answer:
    """Returns the answer to a query."""
    body = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
    return 200, {"content-type": "application/x-amz-json-1.0"}, json.dumps(body).encode()
