"""What comes in over HTTP, as plain values. Raises InvalidInput."""

import json
import re
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from ..errors import FieldProblem, InvalidInput


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)  # NaN and Infinity are no JSON


def json_object() -> dict[str, Any]:
    """The body. Raises InvalidInput, UnsupportedMediaType."""
    body = request.get_data()
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InvalidInput([FieldProblem("", "body_not_json")]) from None
    if not isinstance(value, dict):
        raise InvalidInput([FieldProblem("", "body_not_object")])
    return value


def expected_version() -> int | None:
    """`If-Match: "<version>"`; None without it and for `*`."""
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return None
    found = re.fullmatch(r'(?:W/)?"([0-9]{1,15})"', given.strip(), re.ASCII)
    if not found:
        raise InvalidInput([FieldProblem("If-Match", "not_a_version")])
    return int(found[1])
