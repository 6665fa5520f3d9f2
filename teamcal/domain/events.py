"""A department and an event as clients see them, and the order of lists."""

import hashlib
import unicodedata
from collections.abc import Mapping

from teamcal.domain.values import Record, to_json

EVENT_FIELDS = ("event_date", "title", "description", "time", "url")
_PUBLIC_EVENT = ("id", "department_id", *EVENT_FIELDS, "created_at", "last_modified")
_PUBLIC_DEPARTMENT = ("id", "name", "description", "created_at", "updated_at")


def digest_of(fields: Mapping[str, str]) -> str:
    """What a create was sent with; a retry is told from another event by it."""
    text = "\x00".join(f"{name}\x01{fields[name]}" for name in sorted(fields))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def public_event(event: Record) -> Record:
    """As REST and the live messages carry it: always strings, plus `revision` and `version`."""
    shown = {name: event.get(name) or "" for name in _PUBLIC_EVENT}
    shown["revision"] = event.get("revision", 0)
    shown["version"] = event.get("version", 1)
    return shown


def event_json(event: Record) -> bytes:
    """`public_event` as it is sent."""
    return to_json(public_event(event))


def contains(event: Record, words: str) -> bool:
    """Does it contain `words`? Case doesn't count."""
    wanted = unicodedata.normalize("NFC", words).casefold()
    return any(
        wanted in (event.get(name) or "").casefold() for name in ("title", "description", "time", "url")
    )


def public_department(department: Record) -> Record:
    return {name: department.get(name) or "" for name in _PUBLIC_DEPARTMENT}


def order_of(event: Record) -> tuple[str, str, str]:
    """Lists are by date, then in the order in which the events were made."""
    return (event.get("event_date") or "", event.get("created_at") or "", event["id"])
