"""Compact, lossless encoding of a change as a row of the changes table (docs/develop/decisions/row_form.md).

Attributes that the row implies are left out of its record; ids and times are stored as bytes and numbers.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from teamcal.domain.changes import DEPARTMENTS, Change
from teamcal.domain.values import Record

_EPOCH, _MILLISECOND = datetime(1970, 1, 1), timedelta(milliseconds=1)
"""UTC, without a time zone: arithmetic with one takes three times as long."""


class _Format(NamedTuple):
    """A compact form of some strings. `decode(encode(text))` is `text` for the strings that have it."""

    encode: Callable[[str], Any]
    decode: Callable[[Any], str]


def _bytes_of_uuid(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))


def _uuid_of_bytes(data: bytes) -> str:
    digits = data.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _milliseconds_of_time(text: str) -> int:
    return (datetime.fromisoformat(text.removesuffix("Z")) - _EPOCH) // _MILLISECOND


def _time_of_milliseconds(milliseconds: int) -> str:
    return (_EPOCH + milliseconds * _MILLISECOND).isoformat(timespec="milliseconds") + "Z"


_UUID = _Format(_bytes_of_uuid, _uuid_of_bytes)
_TIME = _Format(_milliseconds_of_time, _time_of_milliseconds)
_DIGEST = _Format(bytes.fromhex, bytes.hex)
_FORMATS = {"id": _UUID, "created_at": _TIME, "last_modified": _TIME, "create_digest": _DIGEST}
"""Formats of a record's attributes; the other attributes are stored as they are."""


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
        row[_record_name(log_id)] = change.record
    return row


def _compact_record(log_id: str, change: Change) -> Record:
    """Returns the record without what its row implies; `without` names implied attributes that it lacks."""
    implied = _implied(log_id, change.kind, change.revision, change.at)
    record = {
        name: _encode(_FORMATS.get(name), value)
        for name, value in change.record.items()
        if name not in implied or implied[name] != value
    }
    lacking = [name for name in implied if name not in change.record]
    return {_record_name(log_id): record} | ({"without": lacking} if lacking else {})


def change_of(row: Record) -> Change:
    """Returns the change that `row_of` was given. Also reads rows of the first format: everything in full."""
    log_id, revision, kind = row["department_id"], row["revision"], row["kind"]
    at = _decode(_TIME, row.get("at", ""))
    record = row.get(_record_name(log_id)) or {}
    if "id" in record:
        implied = _implied(log_id, kind, revision, at)
        record = {name: implied[name] for name in implied if name not in row.get("without", ())} | {
            name: _decode(_FORMATS.get(name), value) for name, value in record.items()
        }
    fields = {
        "record": record,
        "change_id": _decode(_UUID, row["change_id"]),
        "previous": _decode(_UUID, row.get("previous", "")),
        "at": at,
        "prior": _prior_of(row),
    }
    return Change.from_fields(row | fields)


def _record_name(log_id: str) -> str:
    return "department" if log_id == DEPARTMENTS else "event"


def _implied(log_id: str, kind: str, revision: int, at: str) -> Record:
    """Returns the attributes of a record that its row has as well."""
    if log_id == DEPARTMENTS:
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


def _encode(format_: _Format | None, value: Any) -> Any:
    """Returns a string in its compact form if it has one, a value of another type as a list of one.

    So a number or bytes that the record holds can't be confused with a compact form.
    """
    if format_ is None:
        return value
    if not isinstance(value, str):
        return [value]
    try:
        compact = format_.encode(value)
        return compact if format_.decode(compact) == value else value
    except (ValueError, TypeError, OverflowError):  # not a string of this format
        return value


def _decode(format_: _Format | None, stored: Any) -> Any:
    if format_ is None or isinstance(stored, str):
        return stored
    return stored[0] if isinstance(stored, list) else format_.decode(stored)
