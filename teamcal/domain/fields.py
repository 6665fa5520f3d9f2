"""What a department and an event may hold: every field's rule, checked by pydantic."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial
from math import inf
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from teamcal.domain.changes import DEPARTMENTS
from teamcal.errors import FieldProblem, InvalidInput

# Surrogates can't be stored in UTF-8; the other controls break terminals, XML and C# clients.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")


def _refuse(reason: str, **details: Any) -> PydanticCustomError:
    return PydanticCustomError(reason, reason, details)


def _text(value: Any, *, limit: float = inf, lines: bool = False, if_blank: str = "") -> str:
    """Returns the text in NFC, as one trimmed line unless it may have `lines`.

    `if_blank`: the reason to refuse a blank text with; without one, null is an empty text.
    """
    if value is None and not if_blank:
        return ""
    if not isinstance(value, str):
        raise _refuse("not_a_string")
    if _REFUSED.search(value):
        raise _refuse("bad_characters")
    text = unicodedata.normalize("NFC", value)
    if not lines:
        text = _LINE_BREAK.sub(" ", text).strip()
    if if_blank and not text:
        raise _refuse(if_blank)
    if len(text) > limit:
        raise _refuse("too_long", limit=limit)
    return text


def one_line(limit: int, *, required: bool = False) -> Callable[[Any], str]:
    """Returns the rule of a text of at most `limit` characters; a line break in it becomes a space."""
    return partial(_text, limit=limit, if_blank="blank" if required else "")


def _date(value: Any) -> str:
    text = _text(value, if_blank="not_a_date")
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
    text = _text(value, limit=2048)
    if text and not is_web_address(text):
        raise _refuse("not_a_web_address")
    return text


Name = Annotated[str, BeforeValidator(one_line(100, required=True))]
Title = Annotated[str, BeforeValidator(one_line(200, required=True))]
Description = Annotated[str, BeforeValidator(partial(_text, limit=10_000, lines=True))]
EventDate = Annotated[str, BeforeValidator(_date)]
Time = Annotated[str, BeforeValidator(one_line(50))]
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


def _fields(model: type[_Input], body: Any, *, only_sent: bool = False) -> dict[str, str]:
    if not isinstance(body, dict):
        raise InvalidInput([FieldProblem("", "body_not_object")])
    try:
        return model.model_validate(body).model_dump(exclude_unset=only_sent)
    except ValidationError as error:
        raise InvalidInput([_problem(found) for found in error.errors()]) from None


def _problem(found: Any) -> FieldProblem:
    reason = "required" if found["type"] == "missing" else found["type"]
    field = ".".join(str(part) for part in found["loc"])
    return FieldProblem(field, reason, dict(found.get("ctx") or {}))


FieldsFrom = Callable[[Any], dict[str, str]]
"""Body of a request → its fields as they are stored. Raises InvalidInput."""

department_from: FieldsFrom = partial(_fields, DepartmentInput)
event_from: FieldsFrom = partial(_fields, EventInput)
# Of an edit, only the fields that were sent.
department_edit_from: FieldsFrom = partial(_fields, DepartmentEdit, only_sent=True)
event_edit_from: FieldsFrom = partial(_fields, EventEdit, only_sent=True)


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


def usable_id(value: object) -> bool:
    """Could this be an id in a table? What isn't need not be looked up."""
    if not isinstance(value, str) or not value or value == DEPARTMENTS or len(value) > 255:
        return False
    return value.isprintable() and not any("\ud800" <= char <= "\udfff" for char in value)
