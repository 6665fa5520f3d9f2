"""Users, policies and tokens: their values, their records, and the rules of their fields.

Users and policies are the records of the log `@access`, which every process holds. Neither has a secret:
hashes of passwords and passcodes are plain items beside them, and so are tokens (teamcal/domain/items.py).
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydantic_core import PydanticCustomError

from teamcal.domain.caller import NAME_CHARACTERS, ROLES, Role, Scope
from teamcal.domain.text_rules import one_line
from teamcal.domain.values import Record
from teamcal.domain.visible_text import seen_name
from teamcal.errors import FieldProblem, InvalidInput

USER, POLICY = "user:", "policy:"
"""What the ids of their records begin with."""
GROUP = "group:"
"""What the key of a group begins with among a policy's roles; other keys are ids of users."""
MAX_ROLES, MAX_GROUPS = 200, 200
STARTED = "started"
"""Id of the record that says that token mode was started once, and departments were opened for it."""


class Access(Enum):
    """Who has what in a department without a role of his own."""

    OPEN = "open"
    """Guests and all who are signed in edit."""
    MEMBERS = "members"
    """All who are signed in view."""
    PRIVATE = "private"
    """Only those with a role."""


@dataclass(frozen=True, slots=True)
class User:
    """`subject`: who an identity provider says that he is ("issuer|sub"); "" for a local user.

    `groups` are those that the provider named at his last sign-in, `signed_in_at`. Tokens that were made
    before `tokens_since` have ended, and sessions and devices before `sessions_since`. `login_key`: the login
    as logins are compared, computed once: a sign-in looks at everybody's.
    """

    id: str
    login: str
    name: str
    subject: str = ""
    admin: bool = False
    disabled: bool = False
    has_password: bool = False
    groups: tuple[str, ...] = ()
    signed_in_at: str = ""
    created_at: str = ""
    tokens_since: str = ""
    sessions_since: str = ""
    login_key: str = ""

    @classmethod
    def of(cls, record: Record) -> "User":
        login = str(record.get("login", ""))
        return cls(
            record["id"].removeprefix(USER),
            login,
            str(record.get("name", "")),
            str(record.get("subject") or ""),
            record.get("admin") is True,
            record.get("disabled") is not False,
            bool(record.get("has_password")),
            tuple(record.get("groups") or ()),
            str(record.get("signed_in_at") or ""),
            str(record.get("created_at") or ""),
            str(record.get("tokens_since") or ""),
            str(record.get("sessions_since") or ""),
            login_key(login),
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may what in a department. `roles`: by user id or `group:<name>`.

    `passcode_id` is a random id of the present passcode, "" without one: tokens name it, and end with it.
    """

    access: Access = Access.MEMBERS
    roles: Mapping[str, Role] = field(default_factory=dict)
    passcode_id: str = ""

    @classmethod
    def of(cls, record: Record) -> "Policy":
        """What isn't understood gives nobody anything."""
        try:
            access = Access(record.get("access"))
        except ValueError:
            access = Access.PRIVATE
        roles = {key: ROLES[name] for key, name in dict(record.get("roles") or {}).items() if name in ROLES}
        return cls(access, roles, str(record.get("passcode_id") or ""))


NO_POLICY = Policy()


def user_record_id(user_id: str) -> str:
    return USER + user_id


def policy_record_id(department_id: str) -> str:
    return POLICY + department_id


def login_key(login: str) -> str:
    """Returns a login as logins are compared."""
    return seen_name(login).casefold()


# Fields


def _checked(field: str, rule: Callable[[Any], Any], value: Any) -> Any:
    try:
        return rule(value)
    except PydanticCustomError as error:
        raise InvalidInput([FieldProblem(field, error.type, dict(error.context or {}))]) from None


def login_from(value: Any) -> str:
    return str(_checked("login", one_line(NAME_CHARACTERS, required=True), value))


def name_from(value: Any) -> str:
    return str(_checked("name", one_line(NAME_CHARACTERS, required=True), value))


def flag_from(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput([FieldProblem(field, "not_a_boolean")])
    return value


def groups_from(value: Iterable[Any]) -> list[str]:
    """Returns the groups of an identity provider's claim: what can be a name, without duplicates."""
    names = dict.fromkeys(name for name in value if isinstance(name, str) and 0 < len(name) <= 200)
    return list(names)[:MAX_GROUPS]


def access_from(value: Any) -> str:
    if value not in [access.value for access in Access]:
        raise InvalidInput([FieldProblem("access", "not_one_of", {"allowed": "open, members, private"})])
    return str(value)


def role_from(field: str, value: Any) -> Role:
    if not isinstance(value, str) or value not in ROLES:
        raise InvalidInput([FieldProblem(field, "not_one_of", {"allowed": ", ".join(ROLES)})])
    return ROLES[value]


def roles_from(value: Any) -> dict[str, str]:
    """Returns roles by user id or `group:<name>`. Raises InvalidInput."""
    if not isinstance(value, dict):
        raise InvalidInput([FieldProblem("roles", "not_an_object")])
    if len(value) > MAX_ROLES:
        raise InvalidInput([FieldProblem("roles", "too_many", {"limit": MAX_ROLES})])
    for key, role in value.items():
        role_from("roles", role)
        _checked("roles", one_line(206, required=True), key)
    return dict(value)


# Tokens


class TokenKind(Enum):
    SESSION = "session"
    """Of the page."""
    DEVICE = "device"
    """Of a desktop program that its user confirmed in the page."""
    APP = "app"
    """Of scripts and programs that ask for a password."""
    FEED = "feed"
    """In a URL: viewer of one department."""
    PASSCODE = "passcode"
    """Nobody's: of one department whose passcode was known."""


TOKEN = "token:"  # noqa: S105 -- a name, no secret
"""What the id of a token's item begins with; the token's SHA-256 in hex follows."""
SECRET = "tcs_"  # noqa: S105 -- the public part
"""What every token begins with, so that people and scanners of secrets recognize one."""
SECRET_BYTES = 20


def new_secret() -> str:
    """Returns a new token: 160 random bits in hex after `tcs_`."""
    return SECRET + secrets.token_hex(SECRET_BYTES)


@dataclass(frozen=True, slots=True)
class Token:
    """What is stored of a token. `hash`: its SHA-256 in hex, `user`: its owner's id, "" of a passcode's.

    `used_on`: the day of its last use, `idle`: seconds without use after which it ends (0: none),
    `ends_at`: seconds since 1970 at which it ends in any case (0: never), `expires_at`: at which it ends if
    it isn't used again.
    """

    hash: str
    kind: TokenKind
    user: str = ""
    name: str = ""
    departments: tuple[str, ...] | None = None
    cap: str = ""
    passcode_id: str = ""
    created_at: str = ""
    used_on: str = ""
    idle: int = 0
    ends_at: int = 0
    expires_at: int = 0

    @property
    def scope(self) -> Scope:
        departments = None if self.departments is None else frozenset(self.departments)
        return Scope(departments, ROLES.get(self.cap))

    def item(self) -> Record:
        """Returns the item. TTL removes it some time after `expires_at`."""
        fields: Record = {
            "id": TOKEN + self.hash,
            "kind": self.kind.value,
            "owner_id": USER + self.user if self.user else "",
            "name": self.name,
            "cap": self.cap,
            "passcode_id": self.passcode_id,
            "created_at": self.created_at,
            "used_on": self.used_on,
            "idle": self.idle,
            "ends_at": self.ends_at,
            "expires_at": self.expires_at,
        }
        item = {name: value for name, value in fields.items() if value}
        return item if self.departments is None else item | {"departments": list(self.departments)}

    @classmethod
    def of(cls, item: Record) -> "Token":
        departments = item.get("departments")
        return cls(
            item["id"].removeprefix(TOKEN),
            TokenKind(item["kind"]),
            item.get("owner_id", "").removeprefix(USER),
            item.get("name", ""),
            None if departments is None else tuple(departments),
            item.get("cap", ""),
            item.get("passcode_id", ""),
            item.get("created_at", ""),
            item.get("used_on", ""),
            item.get("idle", 0),
            item.get("ends_at", 0),
            item.get("expires_at", 0),
        )
