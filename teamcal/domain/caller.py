"""Who asks for something, and what rights there are."""

from dataclasses import dataclass
from enum import Enum

from pydantic_core import PydanticCustomError

from teamcal.domain.fields import one_line
from teamcal.errors import FieldProblem, InvalidInput

NAME_CHARACTERS = 100


class Right(Enum):
    """What an operation or a read needs in its department."""

    SEE = "see"
    EDIT = "edit"
    MANAGE = "manage"
    """Rename, describe and delete a department."""
    ADMINISTER = "administer"
    """Create departments."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `name` becomes the author of the changes that he makes.

    `verified`: the server knows that the name is his. It is False for a name that the client claims itself.
    """

    name: str = ""
    verified: bool = False


UNNAMED = Caller()


def caller_named(name: object, field: str) -> Caller:
    """Returns the caller who claims to be `name`. Raises InvalidInput about `field`."""
    try:
        return Caller(_display_name(name))
    except PydanticCustomError as error:
        raise InvalidInput([FieldProblem(field, error.type, dict(error.context or {}))]) from None


_display_name = one_line(NAME_CHARACTERS)
