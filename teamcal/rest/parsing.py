"""What comes in over HTTP, as plain values. Raises InvalidInput."""

import json
import re
from contextlib import suppress
from typing import Any, NoReturn

import orjson
from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from teamcal.domain.fields import event_date_from
from teamcal.errors import FieldProblem, InvalidInput


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)  # NaN and Infinity are no JSON


def json_object() -> dict[str, Any]:
    """The body. Raises InvalidInput, UnsupportedMediaType."""
    body = request.get_data()
    if not request.is_json:
        raise UnsupportedMediaType
    return object_from(body)


def object_from(body: bytes) -> dict[str, Any]:
    """The JSON object that `body` is. Raises InvalidInput."""
    with suppress(ValueError):  # else to the one that takes more, and more time
        value = orjson.loads(body)
        if isinstance(value, dict):
            return value
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InvalidInput([FieldProblem("", "body_not_json")]) from None
    if not isinstance(value, dict):
        raise InvalidInput([FieldProblem("", "body_not_object")])
    return value


def expected_version() -> int | None:
    """`If-Match: "<version>"`; None without it and for `*`."""
    return version_from(request.headers.get("If-Match"))


def version_from(given: str | None) -> int | None:
    """The version in an `If-Match`. Raises InvalidInput."""
    if given is None or given.strip() == "*":
        return None
    found = re.fullmatch(r'(?:W/)?"([0-9]{1,15})"', given.strip(), re.ASCII)
    if not found:
        raise InvalidInput([FieldProblem("If-Match", "not_a_version")])
    return int(found[1])


def whole_number(name: str, default: int | None, low: int, high: int) -> int | None:
    """A number of the query string; `default` without one."""
    given = request.args.get(name)
    if given is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", given, re.ASCII) or not low <= int(given) <= high:
        raise InvalidInput([FieldProblem(name, "not_a_number", {"low": low, "high": high})])
    return int(given)


def date_or_none(name: str) -> str | None:
    """A date of the query string."""
    given = request.args.get(name)
    return event_date_from(name, given) if given else None
