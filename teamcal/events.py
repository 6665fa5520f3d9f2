"""What a department and an event may hold, and how they look to clients. Limits: CONTRACT.md §4."""

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from .errors import FieldProblem, InvalidInput

Record = dict[str, Any]
"""A department or an event as it is stored, unknown attributes included."""

EVENT_FIELDS = ("event_date", "title", "description", "time", "url")
_PUBLIC_EVENT = ("id", "department_id", *EVENT_FIELDS, "created_at", "last_modified")
_PUBLIC_DEPARTMENT = ("id", "name", "description", "created_at", "updated_at")
# Surrogates can't be stored in UTF-8; the other controls break terminals, XML and C# clients.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")


def _refuse(reason: str, **details: Any) -> PydanticCustomError:
    return PydanticCustomError(reason, reason, details)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _refuse("not_a_string")
    if _REFUSED.search(value):
        raise _refuse("bad_characters")
    return unicodedata.normalize("NFC", value)


def _one_line(limit: int, *, required: bool = False) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value is None and not required:
            return ""
        text = _LINE_BREAK.sub(" ", _string(value)).strip()
        if required and not text:
            raise _refuse("blank")
        if len(text) > limit:
            raise _refuse("too_long", limit=limit)
        return text

    return check


def _text(limit: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        text = "" if value is None else _string(value)
        if len(text) > limit:
            raise _refuse("too_long", limit=limit)
        return text

    return check


def _date(value: Any) -> str:
    text = _string(value).strip()
    # fromisoformat alone would take 20240115 and 2024-W03-1 too, and \d other scripts' digits.
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise _refuse("not_a_date")
    try:
        date.fromisoformat(text)
    except ValueError:
        raise _refuse("not_a_date") from None
    return text


def is_web_address(text: str) -> bool:
    """http or https with a host, and nothing that a browser would read as something else."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and not re.search(r"[\s<>\"\\]", text)


def _url(value: Any) -> str:
    text = _one_line(2048)(value)
    if text and not is_web_address(text):
        raise _refuse("not_a_web_address")
    return text


Name = Annotated[str, BeforeValidator(_one_line(100, required=True))]
Title = Annotated[str, BeforeValidator(_one_line(200, required=True))]
Description = Annotated[str, BeforeValidator(_text(10_000))]
EventDate = Annotated[str, BeforeValidator(_date)]
Time = Annotated[str, BeforeValidator(_one_line(50))]
Url = Annotated[str, BeforeValidator(_url)]


class _Input(BaseModel):
    # Clients send whole objects back: read-only and unknown fields are ignored.
    model_config = ConfigDict(extra="ignore")


class DepartmentInput(_Input):
    name: Name
    description: Description = ""


class DepartmentEdit(_Input):
    name: Name = ""
    description: Description = ""


class EventInput(_Input):
    event_date: EventDate
    title: Title
    description: Description = ""
    time: Time = ""
    url: Url = ""


class EventEdit(_Input):
    event_date: EventDate = ""
    title: Title = ""
    description: Description = ""
    time: Time = ""
    url: Url = ""


def _read(model: type[_Input], body: Any) -> _Input:
    if not isinstance(body, dict):
        raise InvalidInput([FieldProblem("", "body_not_object")])
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise InvalidInput([_problem(found) for found in error.errors()]) from None


def _problem(found: Any) -> FieldProblem:
    reason = "required" if found["type"] == "missing" else found["type"]
    field = ".".join(str(part) for part in found["loc"])
    return FieldProblem(field, reason, dict(found.get("ctx") or {}))


def department_from(body: Any) -> dict[str, str]:
    """Raises InvalidInput."""
    return _read(DepartmentInput, body).model_dump()


def department_edit_from(body: Any) -> dict[str, str]:
    """Only the fields that were sent. Raises InvalidInput."""
    return _read(DepartmentEdit, body).model_dump(exclude_unset=True)


def event_from(body: Any) -> dict[str, str]:
    """Raises InvalidInput."""
    return _read(EventInput, body).model_dump()


def event_edit_from(body: Any) -> dict[str, str]:
    """Only the fields that were sent. Raises InvalidInput."""
    return _read(EventEdit, body).model_dump(exclude_unset=True)


def event_date_from(field: str, value: object) -> str:
    """A real date `YYYY-MM-DD`. Raises InvalidInput about `field`."""
    try:
        return _date(value)
    except PydanticCustomError as error:
        raise InvalidInput([FieldProblem(field, error.type)]) from None


def client_id_from(body: Any) -> str | None:
    """The UUID that the client made for its new event, in lower case, or None. Raises InvalidInput."""
    given = body.get("id") if isinstance(body, dict) else None
    if given is None:
        return None
    if not isinstance(given, str) or not re.fullmatch(
        r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", given
    ):
        raise InvalidInput([FieldProblem("id", "not_a_uuid")])
    return given.lower()


def new_id() -> str:
    return str(uuid.uuid4())


def utc_now() -> datetime:
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """`2024-01-15T10:30:00.000Z`: UTC with milliseconds."""
    # A tenth of strftime's time, and there are several in a write.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


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


to_json: Callable[[Any], bytes] = orjson.dumps
"""JSON as it is sent: compact, in UTF-8, Korean not escaped."""


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
