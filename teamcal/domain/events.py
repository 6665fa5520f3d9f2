"""A department and an event as clients see them, how two are compared, and the order of lists."""

import hashlib
import unicodedata
from collections.abc import Mapping

from teamcal.domain.values import Record, to_json

EVENT_FIELDS = ("event_date", "title", "description", "time", "url")
"""What a client may write of an event (teamcal/domain/fields.py has the rules)."""

CREATE_DIGEST = "create_digest"
"""Attribute of an event: the digest of its create request, which tells a retry from another event."""

_PUBLIC_EVENT = ("id", "department_id", *EVENT_FIELDS, "created_at", "last_modified")
_PUBLIC_DEPARTMENT = ("id", "name", "description", "created_at", "updated_at")
_SEARCHED = ("title", "description", "time", "url")


def public_event(event: Record) -> Record:
    """Returns the event as REST and live messages carry it: strings, plus `revision` and `version`."""
    public = {name: event.get(name) or "" for name in _PUBLIC_EVENT}
    public["revision"] = event.get("revision", 0)
    public["version"] = event.get("version", 1)
    return public


def public_department(department: Record) -> Record:
    return {name: department.get(name) or "" for name in _PUBLIC_DEPARTMENT}


def event_json(event: Record) -> bytes:
    """Returns `public_event` as JSON."""
    return to_json(public_event(event))


def create_digest(fields: Mapping[str, str], with_empty: bool = False) -> str:
    """Returns the fingerprint of a create request's fields.

    Empty ones don't count: a field that a later version adds leaves the fingerprints of older creates.
    """
    names = sorted(name for name in fields if with_empty or fields[name])
    text = "\x00".join(f"{name}\x01{fields[name]}" for name in names)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def is_created_by(event: Record, fields: Mapping[str, str]) -> bool:
    """Returns whether the event was created by a request with these fields.

    Earlier versions stored a fingerprint in which empty fields count, too.
    """
    return event.get(CREATE_DIGEST) in (create_digest(fields), create_digest(fields, with_empty=True))


def differs(record: Record, fields: Mapping[str, str]) -> bool:
    """Returns whether any of `fields` has another value in `record`; a missing one counts as empty."""
    return any((record.get(name) or "") != value for name, value in fields.items())


def changed_fields(before: Record, after: Record) -> list[str]:
    """Returns the names of the event's fields that have another value in `after`."""
    return [name for name in EVENT_FIELDS if (before.get(name) or "") != (after.get(name) or "")]


def fields_of(event: Record) -> dict[str, str]:
    """Returns the event's fields, empty where it has none."""
    return {name: event.get(name) or "" for name in EVENT_FIELDS}


def department_name(department: Record) -> str:
    """Returns the name as names are compared; an older server's may be neither trimmed nor NFC."""
    return unicodedata.normalize("NFC", department.get("name") or "").strip()


def contains(event: Record, text: str) -> bool:
    """Returns whether a text of the event contains `text`, regardless of case."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return any(folded in (event.get(name) or "").casefold() for name in _SEARCHED)


def order_of(event: Record) -> tuple[str, str, str]:
    """Returns the sort key of lists: by date, then in the order in which the events were created."""
    return (event.get("event_date") or "", event.get("created_at") or "", event["id"])
