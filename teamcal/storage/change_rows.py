"""Row n of a log: a change in as few bytes as it can be brought back from (docs/decisions/row_form.md).

What a row says anyway isn't said twice, and ids and times are stored as bytes and numbers.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from teamcal.domain.changes import DEPARTMENTS, Change
from teamcal.domain.values import Record

_EPOCH, _MILLISECOND = datetime(1970, 1, 1), timedelta(milliseconds=1)
"""UTC, without a time zone: arithmetic with one takes three times as long."""


class _Short(NamedTuple):
    """A shorter form of some texts. `text(small(one))` is `one` for those that have it."""

    small: Callable[[str], Any]
    text: Callable[[Any], str]


def _bytes_of_uuid(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))


def _uuid_of(packed: bytes) -> str:
    digits = packed.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _milliseconds_of(text: str) -> int:
    return (datetime.fromisoformat(text.removesuffix("Z")) - _EPOCH) // _MILLISECOND


def _time_of(milliseconds: int) -> str:
    return (_EPOCH + milliseconds * _MILLISECOND).isoformat(timespec="milliseconds") + "Z"


_UUID = _Short(_bytes_of_uuid, _uuid_of)
_TIME = _Short(_milliseconds_of, _time_of)
_DIGEST = _Short(bytes.fromhex, bytes.hex)
_SHORT = {"id": _UUID, "created_at": _TIME, "last_modified": _TIME, "create_digest": _DIGEST}


def row_of(log_id: str, change: Change, expires_at: int) -> Record:
    """The attributes of the row of `change`. `expires_at`: seconds since 1970."""
    row: Record = {
        "department_id": log_id, "revision": change.revision, "kind": change.kind,
        "change_id": _packed(_UUID, change.change_id), "at": _packed(_TIME, change.at),
        "expires_at": expires_at,
    }  # fmt: skip
    if change.previous:
        row["previous"] = _packed(_UUID, change.previous)
    if change.by:
        row["by"] = change.by
    if change.by_verified:
        row["by_verified"] = True
    if change.prior:
        place, revision = change.prior
        row["prior"] = revision if place == log_id else [_packed(_UUID, place), revision]
    if "id" in change.record:
        row |= _slim(log_id, change)
    elif change.record:
        row[_name(log_id)] = change.record
    return row


def _slim(log_id: str, change: Change) -> Record:
    """The record without what its row implies; `without` names what is implied and isn't so."""
    implied = _implied(log_id, change.kind, change.revision, change.at)
    told = {
        name: _packed(_SHORT.get(name), value) for name, value in change.record.items()
        if name not in implied or implied[name] != value
    }  # fmt: skip
    lacking = [name for name in implied if name not in change.record]
    return {_name(log_id): told} | ({"without": lacking} if lacking else {})


def change_of(row: Record) -> Change:
    """What `row_of` was given. Rows with everything in full, as they were first written, are read too."""
    log_id, revision, kind = row["department_id"], row["revision"], row["kind"]
    at = _unpacked(_TIME, row.get("at", ""))
    record = row.get(_name(log_id)) or {}
    if "id" in record:
        implied = _implied(log_id, kind, revision, at)
        kept = {name: implied[name] for name in implied if name not in row.get("without", ())}
        record = kept | {name: _unpacked(_SHORT.get(name), value) for name, value in record.items()}
    return Change.from_fields(
        {
            **row,
            "record": record,
            "change_id": _unpacked(_UUID, row["change_id"]),
            "previous": _unpacked(_UUID, row.get("previous", "")),
            "at": at,
            "prior": _prior_of(row),
        }
    )


def _name(log_id: str) -> str:
    return "department" if log_id == DEPARTMENTS else "event"


def _implied(log_id: str, kind: str, revision: int, at: str) -> Record:
    """Attributes of the record that its row tells as well."""
    if log_id == DEPARTMENTS:
        return {"revision": revision}
    implied = {"department_id": log_id, "revision": revision, "last_modified": at}
    return implied | ({"deleted": True} if kind == "event_deleted" else {})


def _prior_of(row: Record) -> tuple[str, int] | None:
    if "prior_revision" in row:
        return (row["prior_department_id"], row["prior_revision"])
    prior = row.get("prior")
    if isinstance(prior, list):
        return (_unpacked(_UUID, prior[0]), prior[1])
    return None if prior is None else (row["department_id"], prior)


def _packed(short: _Short | None, value: Any) -> Any:
    """`value` as it is stored: a text that has a shorter form in it, what is no text in a list of one."""
    if short is None:
        return value
    if not isinstance(value, str):
        return [value]
    try:
        small = short.small(value)
        return small if short.text(small) == value else value
    except (ValueError, TypeError, OverflowError):  # no such text
        return value


def _unpacked(short: _Short | None, stored: Any) -> Any:
    if short is None or isinstance(stored, str):
        return stored
    return stored[0] if isinstance(stored, list) else short.text(stored)
