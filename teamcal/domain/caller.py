"""Who asks for something, and what rights there are."""

from dataclasses import dataclass
from enum import Enum, IntEnum

from pydantic_core import PydanticCustomError

from teamcal.domain.text_rules import one_line
from teamcal.errors import FieldProblem, InvalidInput

NAME_CHARACTERS = 100


class Right(Enum):
    """What an operation or a read needs in its department."""

    SEE = "see"
    EDIT = "edit"
    MANAGE = "manage"
    """Rename, describe and delete a department; its access, roles and passcode."""
    ADMINISTER = "administer"
    """Create departments; users, others' tokens, audit. It is of no department."""
    OWN = "own"
    """What a user does with his own: his tokens. Asked about a user, not a department."""


class Role(IntEnum):
    """What somebody is in a department; a higher one includes the lower ones."""

    VIEWER = 1
    EDITOR = 2
    MANAGER = 3


ROLES = {role.name.lower(): role for role in Role}
"""Roles by the names that are stored and sent: viewer, editor, manager."""


class Kind(Enum):
    """How a caller is known."""

    OPEN = "open"
    """Everybody, with AUTH_MODE=open. In token mode it is treated as NOBODY."""
    NOBODY = "nobody"
    GUEST = "guest"
    """Of GUEST_NETWORKS, without a token."""
    USER = "user"
    PASSCODE = "passcode"
    """Whoever knew a department's passcode. `id` is that of the passcode."""
    SYSTEM = "system"
    """The command line and the server itself, which may do everything."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token allows of its owner's rights. `departments`: only these; `cap`: at most this role."""

    departments: frozenset[str] | None = None
    cap: Role | None = None

    @property
    def is_whole(self) -> bool:
        return self.departments is None and self.cap is None


WHOLE = Scope()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `name` becomes the author of the changes that he makes.

    `verified`: the server knows that the name is his. It is False for a name that the client claims itself.
    `id` is the user's id. What he may is not said here: the rights of the moment say it (teamcal/access.py),
    so that a caller who is kept, by a socket say, never has more. `token`: the SHA-256 of the token that he
    came with, in hex, which was made at `issued_at` and ends at `ends` (seconds since 1970, 0: never).
    `signed_in`: it is a session's or a device's, which a new password ends. `is_feed`: it is a feed's, the
    only kind that may stand in an address.
    """

    name: str = ""
    verified: bool = False
    id: str = ""
    kind: Kind = Kind.OPEN
    scope: Scope = WHOLE
    token: str = ""
    issued_at: str = ""
    ends: int = 0
    signed_in: bool = False
    is_feed: bool = False


UNNAMED = Caller()
NOBODY = Caller(kind=Kind.NOBODY)
GUEST = Caller(kind=Kind.GUEST)
SYSTEM = Caller(kind=Kind.SYSTEM, verified=True)


def caller_named(name: object, field: str) -> Caller:
    """Returns the caller who claims to be `name`. Raises InvalidInput about `field`."""
    try:
        return Caller(_display_name(name))
    except PydanticCustomError as error:
        raise InvalidInput([FieldProblem(field, error.type, dict(error.context or {}))]) from None


_display_name = one_line(NAME_CHARACTERS)
