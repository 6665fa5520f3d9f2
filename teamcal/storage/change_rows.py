"""Compact, lossless encoding of a change as a row of the changes table (docs/develop/decisions/row_form.md).

Attributes that the row implies are left out of its record; ids and times are stored as bytes and numbers.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from teamcal.domain.changes import (
    ACCESS,
    DEPARTMENT_CREATED,
    DEPARTMENT_DELETED,
    DEPARTMENTS,
    EVENT_DELETED,
    LISTS,
    REPAIRED,
    Change,
)
from teamcal.domain.values import Record
from teamcal.storage.codec import Item, Value, from_value
from teamcal.storage.own_fields import as_in_row, in_memory

_EPOCH, _MILLISECOND = datetime(1970, 1, 1), timedelta(milliseconds=1)
"""UTC, without a time zone: arithmetic with one takes three times as long."""


class _Format(NamedTuple):
    """A compact form of the strings that `pattern` matches.

    `decode(encode(text))` is `text` for each of them, unless `encode` raises ValueError (30 February, say).
    """

    pattern: re.Pattern[str]
    encode: Callable[[str], Any]
    decode: Callable[[Any], str]


def _uuid_of_bytes(data: bytes) -> str:
    digits = data.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _time_of_milliseconds(milliseconds: int) -> str:
    return (_EPOCH + milliseconds * _MILLISECOND).isoformat(timespec="milliseconds") + "Z"


_UUID = _Format(
    re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    lambda text: bytes.fromhex(text.replace("-", "")),
    _uuid_of_bytes,
)
_TIME = _Format(
    # Later versions of Python read 24:00 as the next day's 00:00.
    re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"),
    lambda text: (datetime.fromisoformat(text[:-1]) - _EPOCH) // _MILLISECOND,
    _time_of_milliseconds,
)
_DIGEST = _Format(re.compile("([0-9a-f]{2})*"), bytes.fromhex, bytes.hex)
_FORMATS = {"id": _UUID, "created_at": _TIME, "last_modified": _TIME, "create_digest": _DIGEST}
"""Formats of a record's attributes; the other attributes are stored as they are."""
_RECORD_NAMES = {DEPARTMENTS: "department", ACCESS: "entry"}
"""Names of a row's record, by log; in every other log it is the "event"."""


def row_of(log_id: str, change: Change, expires_at: int) -> Record:
    """Returns the attributes of the change's row. `expires_at`: seconds since 1970."""
    row: Record = {
        "department_id": log_id,
        "revision": change.revision,
        "kind": change.kind,
        "change_id": _encode(_UUID, change.change_id),
        "at": _encode(_TIME, change.at),
        "expires_at": expires_at,
    }
    if change.previous:
        row["previous"] = _encode(_UUID, change.previous)
    if change.by:
        row["by"] = change.by
    if change.by_verified:
        row["by_verified"] = True
    if change.prior:
        prior_log_id, revision = change.prior
        row["prior"] = revision if prior_log_id == log_id else [_encode(_UUID, prior_log_id), revision]
    if "id" in change.record:
        row |= _compact_record(log_id, change)
    elif change.record:
        row[_RECORD_NAMES.get(log_id, "event")] = change.record
    return row


def _compact_record(log_id: str, change: Change) -> Record:
    """Returns the record without what its row implies; `without` names implied attributes that it lacks."""
    implied = _implied(log_id, change.kind, change.revision, change.at)
    record = {
        name: _encode(_FORMATS[name], value) if name in _FORMATS else value
        for name, value in (change.record if log_id in LISTS else as_in_row(change.record)).items()
        if name not in implied or implied[name] != value
    }
    lacking = [name for name in implied if name not in change.record]
    return {_RECORD_NAMES.get(log_id, "event"): record} | ({"without": lacking} if lacking else {})


def change_of(row: Record) -> Change:
    """Returns the change that `row_of` was given. Also reads rows of the first format: everything in full."""
    log_id, revision, kind = row["department_id"], row["revision"], row["kind"]
    at = _decode(_TIME, row.get("at", ""))
    record = row.get(_RECORD_NAMES.get(log_id, "event")) or {}
    if "id" in record:
        implied = _implied(log_id, kind, revision, at)
        record = {name: implied[name] for name in implied if name not in row.get("without", ())} | {
            name: _decode(_FORMATS.get(name), value) for name, value in record.items()
        }
        if log_id not in LISTS:
            record = in_memory(record)
    fields = {
        "record": record,
        "change_id": _decode(_UUID, row["change_id"]),
        "previous": _decode(_UUID, row.get("previous", "")),
        "at": at,
        "prior": _prior_of(row),
    }
    return Change.from_fields(row | fields)


class RowKey(NamedTuple):
    """What a row says without its record: `record_id` is None if it is about no record.

    `stored_at`: its time as it is stored. Decoded for each row it would take half of the time of them all.
    """

    revision: int
    kind: str
    stored_at: Any
    record_id: str | None
    removes: bool
    repaired_from: int | None
    log_id: str

    @property
    def at(self) -> str:
        return _decode(_TIME, self.stored_at)

    @property
    def starts_over(self) -> bool:
        """Whether what lies before it is no longer the log's: a repair, a deletion, or a newer server's."""
        return self.record_id is None and (self.log_id != ACCESS or self.kind == REPAIRED)

    @property
    def restarts_log(self) -> bool:
        return self.record_id is None and self.kind in (DEPARTMENT_CREATED, DEPARTMENT_DELETED)


def rows_query(table: str, log_id: str, after: int, upto: int, newest_first: bool) -> dict[str, Any]:
    """Returns the parameters of a consistent Query of the rows `after` < revision ≤ `upto`."""
    return {
        "TableName": table,
        "KeyConditionExpression": "department_id = :log AND revision BETWEEN :first AND :last",
        "ExpressionAttributeValues": {
            ":log": {"S": log_id},
            ":first": {"N": str(after + 1)},
            ":last": {"N": str(upto)},
        },
        "ConsistentRead": True,
        "ScanIndexForward": not newest_first,
    }


def key_projection(log_id: str) -> dict[str, Any]:
    """Returns the parameters of a Query that returns what `key_of` needs."""
    attributes = "revision, kind, #at, repaired_from, #record.id, #record.deleted"
    return {
        "ProjectionExpression": attributes,
        "ExpressionAttributeNames": {"#at": "at", "#record": _RECORD_NAMES.get(log_id, "event")},
    }


def key_of(log_id: str, item: Item) -> RowKey:
    """Takes a row as DynamoDB has it: all attributes in Python's types would take twice as long."""
    record = item.get(_RECORD_NAMES.get(log_id, "event"), _NO_RECORD).get("M", {})
    kind = item["kind"]["S"] if "kind" in item else ""
    return RowKey(
        from_value(item["revision"]),
        kind,
        from_value(item["at"]) if "at" in item else "",
        _decode(_UUID, from_value(record["id"])) if "id" in record else None,
        kind == EVENT_DELETED or ("deleted" in record and bool(from_value(record["deleted"]))),
        from_value(item["repaired_from"]) if "repaired_from" in item else None,
        log_id,
    )


_NO_RECORD: Value = {}


def _implied(log_id: str, kind: str, revision: int, at: str) -> Record:
    """Returns the attributes of a record that its row has as well."""
    if log_id in LISTS:
        return {"revision": revision}
    implied = {"department_id": log_id, "revision": revision, "last_modified": at}
    return implied | ({"deleted": True} if kind == "event_deleted" else {})


def _prior_of(row: Record) -> tuple[str, int] | None:
    if "prior_revision" in row:
        return (row["prior_department_id"], row["prior_revision"])
    prior = row.get("prior")
    if isinstance(prior, list):
        return (_decode(_UUID, prior[0]), prior[1])
    return None if prior is None else (row["department_id"], prior)


def _encode(format_: _Format, value: Any) -> Any:
    """Returns a string in its compact form if it has one, a value of another type as a list of one.

    So a number or bytes that the record holds can't be confused with a compact form.
    """
    if not isinstance(value, str):
        return [value]
    try:
        return format_.encode(value) if format_.pattern.fullmatch(value) else value
    except ValueError:
        return value


def _decode(format_: _Format | None, stored: Any) -> Any:
    if format_ is None or isinstance(stored, str):
        return stored
    return stored[0] if isinstance(stored, list) else format_.decode(stored)
