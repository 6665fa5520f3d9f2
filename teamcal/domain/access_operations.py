"""Operations on the log `@access`: users, policies, and what happens to tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from teamcal.domain.caller import Right
from teamcal.domain.changes import ACCESS
from teamcal.domain.items import ItemWrite
from teamcal.domain.operations import Draft, Unchanged, View
from teamcal.domain.people import STARTED, USER, Token, User, policy_record_id, user_record_id
from teamcal.domain.values import Record
from teamcal.errors import (
    CalendarError,
    LastAdministrator,
    LoginTaken,
    StorageUnavailable,
    TokenInvalid,
    UserNotFound,
)

USER_CREATED, USER_UPDATED = "user_created", "user_updated"
POLICY_SET, POLICY_REMOVED = "policy_set", "policy_removed"
TOKEN_ISSUED, TOKEN_REVOKED = "token_issued", "token_revoked"
TOKEN_MODE_STARTED = "token_mode_started"  # noqa: S105 -- a name, no secret
"""Kinds of changes. Those of tokens are about no record: {"token": its hash, "user": its owner's id, …}."""


class _AccessOperation:
    needs: ClassVar[Right] = Right.ADMINISTER
    belongs_to: ClassVar[str] = ACCESS

    @property
    def concerns(self) -> str:
        return ""

    def refusal(self) -> CalendarError:
        return StorageUnavailable("a stored item is not as expected")


@dataclass(frozen=True, slots=True)
class CreateUser(_AccessOperation):
    """Adds a user with an unused login. `items`: his password, and a code that is used up by it, if any."""

    user: Record
    items: tuple[ItemWrite, ...] = ()

    def apply(self, view: View) -> Draft | Unchanged:
        new = User.of(self.user)
        for user in _users(view):
            if user.login_key == new.login_key or (new.subject and user.subject == new.subject):
                raise LoginTaken(new.login)
        return Draft(USER_CREATED, self.user, expects=0, items=self.items)

    def refusal(self) -> CalendarError:
        return TokenInvalid()


@dataclass(frozen=True, slots=True)
class EditUser(_AccessOperation):
    """Sets `fields` of a user; `changed_by` says who did. The last administrator stays one."""

    user_id: str
    fields: Mapping[str, Any]
    items: tuple[ItemWrite, ...] = ()
    changed_by: str = ""

    def apply(self, view: View) -> Draft | Unchanged:
        record = view.get(user_record_id(self.user_id))
        if record is None:
            raise UserNotFound(self.user_id)
        if not self.items and all(record.get(name) == value for name, value in self.fields.items()):
            return Unchanged(record)
        edited = {**record, **self.fields, "changed_by": self.changed_by}
        before, after = User.of(record), User.of(edited)
        # The log's lock is held: the other users are looked at only if it depends on them.
        renamed = after.login_key != before.login_key
        resigned = _is_administrator(before) and not _is_administrator(after)
        others = [user for user in _users(view) if user.id != after.id] if renamed or resigned else []
        if renamed and any(user.login_key == after.login_key for user in others):
            raise LoginTaken(after.login)
        if resigned and not any(map(_is_administrator, others)):
            raise LastAdministrator(self.user_id)
        return Draft(USER_UPDATED, edited, items=self.items)

    def refusal(self) -> CalendarError:
        return TokenInvalid()


@dataclass(frozen=True, slots=True)
class EditOwnUser(EditUser):
    """As EditUser, by the user himself: his password, his name."""

    needs: ClassVar[Right] = Right.OWN

    @property
    def concerns(self) -> str:
        return self.user_id


@dataclass(frozen=True, slots=True)
class SetPolicy(_AccessOperation):
    """Sets `fields` of a department's policy. `if_missing`: only if it has none."""

    needs: ClassVar[Right] = Right.MANAGE
    department_id: str
    fields: Mapping[str, Any]
    items: tuple[ItemWrite, ...] = ()
    changed_by: str = ""
    if_missing: bool = False

    @property
    def concerns(self) -> str:
        return self.department_id

    def apply(self, view: View) -> Draft | Unchanged:
        record_id = policy_record_id(self.department_id)
        record = view.get(record_id)
        if record is not None and (
            self.if_missing
            or (not self.items and all(record.get(name) == value for name, value in self.fields.items()))
        ):
            return Unchanged(record)
        known: Record = record or {"id": record_id, "access": "members", "roles": {}}
        return Draft(POLICY_SET, {**known, **self.fields, "changed_by": self.changed_by}, items=self.items)


@dataclass(frozen=True, slots=True)
class PutFirstPolicy(SetPolicy):
    """The policy of a department that is being created, or that exists when token mode is first started."""

    needs: ClassVar[Right] = Right.ADMINISTER


@dataclass(frozen=True, slots=True)
class RemovePolicy(_AccessOperation):
    """With the department itself. `items`: its passcode."""

    needs: ClassVar[Right] = Right.MANAGE
    department_id: str
    items: tuple[ItemWrite, ...] = ()

    @property
    def concerns(self) -> str:
        return self.department_id

    def apply(self, view: View) -> Draft | Unchanged:
        record = view.get(policy_record_id(self.department_id))
        if record is None:
            return Unchanged({})
        return Draft(POLICY_REMOVED, {**record, "deleted": True}, items=self.items)


@dataclass(frozen=True, slots=True)
class MarkStarted(_AccessOperation):
    """Says that the departments were opened that existed when token mode was first started."""

    def apply(self, view: View) -> Draft | Unchanged:
        record = view.get(STARTED)
        return Unchanged(record) if record is not None else Draft(TOKEN_MODE_STARTED, {"id": STARTED})


@dataclass(frozen=True, slots=True)
class IssueToken(_AccessOperation):
    """Stores a token that lasts. `items`: a code that is used up by it, if any."""

    needs: ClassVar[Right] = Right.OWN
    token: Token
    items: tuple[ItemWrite, ...] = ()
    changed_by: str = ""

    @property
    def concerns(self) -> str:
        return self.token.user

    def apply(self, view: View) -> Draft | Unchanged:
        item = self.token.item()
        write = ItemWrite(item["id"], item, new=True)
        note = _note(self.token, self.changed_by)
        return Draft(TOKEN_ISSUED, note, items=(write, *self.items))

    def refusal(self) -> CalendarError:
        return TokenInvalid()


@dataclass(frozen=True, slots=True)
class RevokeToken(_AccessOperation):
    """Deletes a token, of a session too, and says so to every process."""

    needs: ClassVar[Right] = Right.OWN
    token: Token
    changed_by: str = ""

    @property
    def concerns(self) -> str:
        return self.token.user

    def apply(self, view: View) -> Draft | Unchanged:
        note = _note(self.token, self.changed_by)
        return Draft(TOKEN_REVOKED, note, items=(ItemWrite(self.token.item()["id"]),))


def _note(token: Token, changed_by: str) -> Record:
    note: Record = {"token": token.hash, "token_kind": token.kind.value, "user": token.user}
    note |= {"name": token.name, "cap": token.cap, "changed_by": changed_by}
    if token.departments is not None:
        note["departments"] = list(token.departments)
    return {name: value for name, value in note.items() if value}


def _users(view: View) -> list[User]:
    return [User.of(record) for record in view.values() if record and record["id"].startswith(USER)]


def _is_administrator(user: User) -> bool:
    return user.admin and not user.disabled
