"""A department's optional fields: how it is shown. Pure.

They are in one attribute, `~`, which no other program has: tables of older servers may hold a `color` of
somebody else's. A field that isn't set is in no answer and no live message.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from math import isfinite
from typing import Any

from pydantic_core import PydanticCustomError

from teamcal.domain.text_rules import refuse
from teamcal.domain.values import Record

OWN = "~"
COLORS = (
    "red", "orange", "yellow", "green", "teal", "blue", "indigo", "purple", "pink", "gray",
)  # fmt: skip
"""What pages give a shade of their own to; other colors are #rrggbb."""
MAX_POSITION = 1_000_000_000
_RGB = re.compile("#[0-9a-f]{6}")


def color_from(value: Any) -> str | None:
    """Returns a color as it is stored; None for none. C# sends a field that isn't set as an empty text."""
    if value is None or value == "":
        return None
    color = value.lower() if isinstance(value, str) else ""
    if color not in COLORS and not _RGB.fullmatch(color):
        raise refuse("not_a_department_color", allowed=", ".join(COLORS))
    return color


def position_from(value: Any) -> float | None:
    """Returns the place among the departments, which the clients sort by it; None for none."""
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not -MAX_POSITION <= value <= MAX_POSITION or not isfinite(value):
        raise refuse("not_a_position", low=-MAX_POSITION, high=MAX_POSITION)
    return int(value) if value == int(value) else float(value)


OPTIONAL = ("color", "position")


def shown_fields(department: Record) -> dict[str, Any]:
    """Returns the optional fields that are set, as answers have them; what isn't one of ours is left out."""
    own, shown = department.get(OWN), dict[str, Any]()
    if isinstance(own, dict):
        with suppress(PydanticCustomError):
            shown["color"] = color_from(own.get("color"))
        with suppress(PydanticCustomError, ValueError, TypeError):
            shown["position"] = position_from(float(own.get("position", "none")))
    return {name: value for name, value in shown.items() if value is not None}


def with_fields(department: Record, fields: Mapping[str, Any]) -> Record:
    """Returns the department with these fields, of which None takes an optional one away.

    DynamoDB knows no binary fractions, so that a position is stored as text.
    """
    optional = {name: fields[name] for name in OPTIONAL if name in fields}
    edited = {**department, **{name: value for name, value in fields.items() if name not in OPTIONAL}}
    if not optional:
        return edited
    shown = shown_fields(department) | optional
    own = {name: _as_stored(value) for name, value in shown.items() if value is not None}
    edited.pop(OWN, None)
    return edited | ({OWN: own} if own else {})


def _as_stored(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
