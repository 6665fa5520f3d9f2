"""A department and an event as clients see them, how two are compared, and the order of lists."""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from teamcal.domain.department_fields import shown_fields
from teamcal.domain.event_fields import (
    DERIVED,
    EVENT_FIELDS,
    EXCEPTION_MARKS,
    OPTIONAL,
    SEARCHED,
    SIMPLE,
)
from teamcal.domain.values import Record, to_json
from teamcal.domain.visible_text import seen_name

CREATE_DIGEST = "create_digest"
"""Attribute of an event whose id the client made: the digest of its create request, which tells a retry from
another event. Earlier versions stored it for every event."""

_PUBLIC_EVENT = ("id", "department_id", *SIMPLE, "created_at", "last_modified")
_IN_TIME = frozenset({"start_time", "end_time", "time_zone"})
_IF_SET = (*OPTIONAL, *DERIVED)
_OTHERS = frozenset(_IF_SET)
_PUBLIC_DEPARTMENT = ("id", "name", "description", "created_at", "updated_at")


_last_made: tuple[Record, Record] = ({}, {})
"""An event and its public form: a write needs it for the list, for the members and for its answer. It stays
in memory until another event is asked for."""


def public_event(event: Record) -> Record:
    """Returns the event as REST and live messages carry it; neither of the two is changed afterwards.

    The simple fields are strings, also where it has none; the others are there if they are set. `revision`
    and `version` are numbers.
    """
    global _last_made
    made_of, public = _last_made
    if made_of is not event:
        public = _public_event(event)
        _last_made = event, public
    return public


def _public_event(event: Record) -> Record:
    public: Record = {
        name: value if type(value := event.get(name)) is str else text_of(value) for name in _PUBLIC_EVENT
    }
    public["revision"] = _whole(event.get("revision"), 0)
    public["version"] = _whole(event.get("version"), 1)
    if others := event.keys() & _OTHERS:
        set_ones = {name: event[name] for name in _IF_SET if name in others}
        public |= {name: value for name, value in set_ones.items() if value is not None and value != {}}
    return public


def text_of(value: Any) -> str:
    """Returns an attribute as text; other programs may have stored none, or a number."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) else default


def public_department(department: Record) -> Record:
    """Returns the department as REST and live messages carry it; optional fields only if they are set."""
    public = {name: text_of(department.get(name)) for name in _PUBLIC_DEPARTMENT}
    return public | shown_fields(department)


def event_json(event: Record) -> bytes:
    """Returns `public_event` as JSON."""
    return to_json(public_event(event))


def create_digest(fields: Mapping[str, Any], with_empty: bool = False) -> str:
    """Returns the fingerprint of a create request's fields.

    Empty ones don't count: a field that a later version adds leaves the fingerprints of older creates.
    """
    names = sorted(name for name in fields if with_empty or fields[name] not in ("", None))
    text = "\x00".join(f"{name}\x01{_digested(fields[name])}" for name in names)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _digested(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def is_created_by(event: Record, fields: Mapping[str, Any]) -> bool:
    """Returns whether the event was created by a request with these fields.

    Earlier versions stored a fingerprint in which empty fields count, too.
    """
    return event.get(CREATE_DIGEST) in (create_digest(fields), create_digest(fields, with_empty=True))


def differs(record: Record, fields: Mapping[str, str]) -> bool:
    """Returns whether any of `fields` has another value in `record`; a missing one counts as empty."""
    return any(text_of(record.get(name)) != value for name, value in fields.items())


def value_of(event: Record, name: str) -> Any:
    """Returns a field as clients write it: "" for a simple one that is missing, None for another."""
    if name in SIMPLE:
        return text_of(event.get(name))
    value = event.get(name)
    if name == "exceptions" and value is not None:
        patches = {
            day: {key: patch[key] for key in patch if key not in EXCEPTION_MARKS}
            for day, patch in value.items()
        }
        return patches or None
    return value


def changed_fields(before: Record, after: Record) -> list[str]:
    """Returns the names of the event's fields that have another value in `after`.

    `time` stands for the fields that say the same, so that clients that know only the text understand it.
    """
    changed = [name for name in EVENT_FIELDS if value_of(before, name) != value_of(after, name)]
    return [name for name in changed if name not in _IN_TIME or "time" not in changed]


def first_date(event: Record) -> str:
    return text_of(event.get("event_date"))


def last_date(event: Record) -> str:
    """Returns the event's last day, inclusive; an end after midnight doesn't count as one."""
    return text_of(event.get("end_date")) or first_date(event)


def is_series(event: Record) -> bool:
    """Returns whether the record stands for several occurrences."""
    return bool(event.get("recurrence") or event.get("exceptions"))


def touches_series(event: Record) -> bool:
    """Returns whether the record is a series or was one: clients that don't know series can't follow it."""
    return "recurrence" in event or "exceptions" in event


def department_name(department: Record) -> str:
    """Returns the name as names are compared; an older server's may be neither trimmed nor NFC."""
    return seen_name(department.get("name") or "")


def contains(event: Record, text: str) -> bool:
    """Returns whether a text of the event contains `text`, regardless of case."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return any(folded in _words(event.get(name)) for name in SEARCHED)


def _words(value: Any) -> str:
    return " ".join(map(text_of, value)).casefold() if isinstance(value, list) else text_of(value).casefold()


def order_of(event: Record) -> tuple[str, str, str]:
    """Returns the sort key of lists: by date, then in the order in which the events were created."""
    return (text_of(event.get("event_date")), text_of(event.get("created_at")), event["id"])


def meant_by_id(events: Iterable[Record]) -> Record | None:
    """Returns which of the events with one id the bare id means; None if there are none.

    Clients may make one id in two departments at the same moment. Every server decides alike: the first
    that was created, wherever it is now; of deleted ones the newest.
    """
    known = list(events)
    live = [event for event in known if not event.get("deleted")]
    if live:
        return min(live, key=lambda event: (text_of(event.get("created_at")), event["department_id"]))
    return max(known, key=lambda event: _whole(event.get("version"), 1), default=None)
