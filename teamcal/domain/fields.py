"""What a department and an event may hold: bodies of requests → fields as they are stored.

The rules of an event's fields are in teamcal/domain/event_fields.py, in one table.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model
from pydantic_core import PydanticCustomError

from teamcal.domain.changes import LISTS
from teamcal.domain.department_fields import color_from, position_from
from teamcal.domain.event_fields import FIELDS
from teamcal.domain.operation_ids import OperationId, digest_of
from teamcal.domain.text_rules import Description, Name, date_text
from teamcal.errors import FieldProblem, InvalidInput

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class _Input(BaseModel):
    # Clients send whole objects back: read-only and unknown fields are ignored.
    model_config = ConfigDict(extra="ignore")


Color = Annotated[Any, BeforeValidator(color_from)]
Position = Annotated[Any, BeforeValidator(position_from)]


class DepartmentInput(_Input):
    name: Name
    description: Description = ""
    color: Color = None
    position: Position = None


class DepartmentEdit(_Input):
    name: Name = ""
    description: Description = ""
    color: Color = None
    position: Position = None


# A field of an event that isn't sent is absent; of the simple ones all but two are "" then.
_REQUIRED = ("event_date", "title")
EventInput = create_model(
    "EventInput",
    __base__=_Input,
    **{f.name: (f.type, ... if f.name in _REQUIRED else "" if f.is_simple else None) for f in FIELDS},
)  # type: ignore[call-overload] # the fields aren't known to mypy
EventEdit = create_model(
    "EventEdit", __base__=_Input, **{f.name: (f.type, "" if f.is_simple else None) for f in FIELDS}
)  # type: ignore[call-overload] # as above


def _fields(
    model: type[_Input], body: Any, *, only_sent: bool = False, without_null: bool = False
) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise InvalidInput([FieldProblem("", "body_not_object")])
    try:
        return model.model_validate(body).model_dump(exclude_unset=only_sent, exclude_none=without_null)
    except ValidationError as error:
        raise InvalidInput([_problem(found) for found in error.errors()]) from None


def _problem(found: Any) -> FieldProblem:
    reason = "required" if found["type"] == "missing" else found["type"]
    field = ".".join(str(part) for part in found["loc"])
    return FieldProblem(field, reason, dict(found.get("ctx") or {}))


FieldsFrom = Callable[[Any], dict[str, Any]]
"""Body of a request → its fields as they are stored; of an edit, None takes one away. Raises InvalidInput."""

department_from: FieldsFrom = partial(_fields, DepartmentInput, without_null=True)
event_from: FieldsFrom = partial(_fields, EventInput, without_null=True)
# Of an edit, only the fields that were sent.
department_edit_from: FieldsFrom = partial(_fields, DepartmentEdit, only_sent=True)
event_edit_from: FieldsFrom = partial(_fields, EventEdit, only_sent=True)


def event_date_from(field: str, value: object) -> str:
    """A real date `YYYY-MM-DD`. Raises InvalidInput about `field`."""
    try:
        return date_text(value)
    except PydanticCustomError as error:
        raise InvalidInput([FieldProblem(field, error.type)]) from None


def client_id_from(body: Any) -> str | None:
    """The UUID that the client made for its new event, in lower case, or None. Raises InvalidInput."""
    given = body.get("id") if isinstance(body, dict) else None
    if given is None:
        return None
    if not is_uuid(given):
        raise InvalidInput([FieldProblem("id", "not_a_uuid")])
    return folded_id(given)


def is_uuid(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def operation_id_from(given: object, field: str, *asked: Any) -> OperationId:
    """Returns the id of a write for what is `asked`, JSON values. Raises InvalidInput about `field`."""
    if not is_uuid(given):
        raise InvalidInput([FieldProblem(field, "not_a_uuid")])
    try:
        return OperationId(str(given).lower(), digest_of(*asked))
    except RecursionError:
        raise InvalidInput([FieldProblem("", "body_not_json")]) from None


def folded_id(given: str) -> str:
    """Returns an id from outside as the tables have it: a UUID in lower case, any other text as it is.

    Swift writes UUIDs in upper case, and clients compare them as they like.
    """
    lower = given.lower()
    return lower if lower != given and _UUID.fullmatch(given) else given


def usable_id(value: object) -> bool:
    """Could this be an id in a table? What isn't need not be looked up."""
    if not isinstance(value, str) or not value or value in LISTS or len(value) > 255:
        return False
    return value.isprintable()  # a lone surrogate isn't
