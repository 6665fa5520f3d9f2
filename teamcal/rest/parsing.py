"""Text of an HTTP request → plain values. All raise InvalidInput."""

import json
import re
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from teamcal.domain.caller import Caller, caller_named
from teamcal.domain.fields import event_date_from
from teamcal.errors import FieldProblem, InvalidInput


def json_object_from(body: bytes) -> dict[str, Any]:
    """Returns the JSON object in `body`; UTF-8, a byte order mark is allowed.

    Accepts more than orjson, and takes more time.
    """
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidInput([FieldProblem("", "body_not_json")]) from None
    if not isinstance(value, dict):
        raise InvalidInput([FieldProblem("", "body_not_object")])
    return value


def fields_of(body: dict[str, Any], *names: str) -> dict[str, Any]:
    """Returns those of these fields that the body has."""
    return {name: body[name] for name in names if name in body}


def _refuse_constant(text: str) -> NoReturn:
    """NaN and Infinity aren't JSON, but the standard library accepts them."""
    raise ValueError(text)


def is_json(content_type: str) -> bool:
    """Whether a Content-Type header names JSON, `application/json` or `application/…+json`."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )


def version_from(if_match: str | None) -> int | None:
    """Returns the version in `If-Match: "<version>"`; None without the header and for `*`."""
    if if_match is None or if_match.strip() == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"([0-9]{1,15})"', if_match.strip(), re.ASCII)
    if not match:
        raise InvalidInput([FieldProblem("If-Match", "not_a_version")])
    return int(match[1])


def whole_number_from(name: str, text: str, low: int, high: int) -> int:
    """Returns the number in the query parameter `name`, `low` to `high` inclusive."""
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not low <= int(text) <= high:
        raise InvalidInput([FieldProblem(name, "not_a_number", {"low": low, "high": high})])
    return int(text)


def flag_from(name: str, query: dict[str, str]) -> bool:
    """Returns the query parameter `name`, `true` or `false` (also `1`, `0`); False if it is absent."""
    text = query.get(name, "false")
    if text not in ("true", "false", "1", "0"):
        raise InvalidInput([FieldProblem(name, "not_a_boolean")])
    return text in ("true", "1")


def date_from(name: str, text: str | None) -> str | None:
    """Returns the date in the query parameter `name`; None if it is absent or empty."""
    return event_date_from(name, text) if text else None


def caller_from(display_name: str) -> Caller:
    """Returns the caller that an X-Display-Name header names: UTF-8, percent-encoded or as it is."""
    try:
        name = unquote_to_bytes(display_name.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise InvalidInput([FieldProblem("X-Display-Name", "bad_characters")]) from None
    return caller_named(name, "X-Display-Name")
