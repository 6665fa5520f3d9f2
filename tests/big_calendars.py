"""Calendars of a size that requests can't write in a test's time: put straight into an engine's files.

big, small = big_calendars(tmp_path, [100_000, 200])
with running("eventlet", data_dir=tmp_path, tables=False) as server: ...
"""

import uuid
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.sample_calendars import events as sample_events
from localdynamo import folder as files
from localdynamo.log import Reader, encode
from teamcal.domain.changes import (
    DEPARTMENT_CREATED,
    DEPARTMENTS,
    EVENT_CREATED,
    EVENT_UPDATED,
    Change,
    Head,
    digest_of_all,
)
from teamcal.domain.values import Record, timestamp
from teamcal.settings import StorageSettings
from teamcal.storage.change_rows import row_of
from teamcal.storage.client import DynamoDBClient
from teamcal.storage.codec import Item, to_item
from teamcal.storage.tables import Tables
from tests.localdynamo.engines import EngineProcess, client

NEVER = 4_000_000_000
"""Seconds since 1970 at which rows expire."""
ITEMS = 100
"""Of one record of the engine's log."""
Op = list[Any]


def big_calendars(folder: Path, sizes: Sequence[int], rows: int = 200, changes: int = 0) -> list[str]:
    """Makes the tables in a new data folder, and a department of each size; returns their ids.

    Each has `changes`: those after the creation of its events update one after the other. Its log tells of
    the newest `rows`; those before have expired.
    """
    settings = StorageSettings()
    engine = EngineProcess(folder).ready()
    Tables(DynamoDBClient(settings, client(engine.folder)), settings).create()
    engine.end()
    calendars = {str(uuid.uuid4()): size for size in sizes}
    _append(folder, _ops(settings, calendars, rows, changes))
    return list(calendars)


def _append(folder: Path, ops: Iterable[Op]) -> None:
    ((first, path),) = files.logs_of(folder)
    reader = Reader(path, first)
    for _ in reader:
        pass
    number, chunk = reader.number, list[Op]()
    with path.open("ab") as log:
        for op in ops:
            chunk.append(op)
            if len(chunk) == ITEMS:
                log.write(encode(number, {"ops": chunk}))
                number, chunk = number + 1, []
        log.write(encode(number, {"ops": chunk}))


def _ops(settings: StorageSettings, calendars: dict[str, int], rows: int, changes: int) -> Iterator[Op]:
    at = timestamp(datetime.now(UTC))
    listed = [_department(one, number, at) for number, one in enumerate(calendars, start=1)]
    for department in listed:
        yield [settings.departments_table, to_item(department)]
    yield from _log(settings, DEPARTMENTS, listed, len(listed), DEPARTMENT_CREATED, rows, at)
    for log_id, size in calendars.items():
        records = [
            _event(log_id, fields.as_json(), revision, at)
            for revision, fields in enumerate(sample_events(log_id, size), start=1)
        ]
        history = [_at(records, revision) for revision in range(1, max(size, changes) + 1)]
        for record in history[-size:]:
            yield [settings.events_table, to_item(record)]
        yield from _log(settings, log_id, history, size, EVENT_CREATED, rows, at)


def _at(records: list[Record], revision: int) -> Record:
    """The record that this revision changed, as it was then."""
    round_, place = divmod(revision - 1, len(records))
    return records[place] | {"revision": revision, "version": round_ + 1}


def _department(department_id: str, revision: int, at: str) -> Record:
    name = f"부서 {revision}"
    times = {"created_at": at, "updated_at": at}
    return {"id": department_id, "name": name, "description": "", **times, "revision": revision, "version": 1}


def _event(department_id: str, fields: dict[str, str], revision: int, at: str) -> Record:
    own = {"department_id": department_id, "revision": revision, "version": 1}
    return {**fields, **own, "created_at": at, "last_modified": at}


def _as_sent(item: Item) -> Any:
    return orjson.loads(orjson.dumps(item, default=lambda value: b64encode(value).decode()))


def _log(
    settings: StorageSettings, log_id: str, history: list[Record], live: int, created: str, rows: int, at: str
) -> Iterator[Op]:
    """`live`: how many records there are; the newest changes are about each of them."""
    previous = ""
    for record in history:
        change_id = str(uuid.uuid4())
        if record["revision"] > len(history) - rows:
            kind = created if record["version"] == 1 else EVENT_UPDATED
            change = Change(record["revision"], kind, record, change_id, previous, at)
            yield [settings.changes_table, _as_sent(to_item(row_of(log_id, change, NEVER)))]
        previous = change_id
    head = Head(log_id, len(history), previous, digest_of_all(history[-live:]))
    stored = {"head": head.revision, "change_id": head.change_id, "digest": head.digest, "deleted": False}
    yield [settings.changes_table, to_item({"department_id": log_id, "revision": 0, **stored})]
