"""Users: who they are, and what administrators do with them."""

from typing import Any, NamedTuple

from teamcal.calendar.gateway import Gateway
from teamcal.domain.access_operations import CreateUser, EditOwnUser, EditUser
from teamcal.domain.caller import SYSTEM, WHOLE, Caller, Kind, Right
from teamcal.domain.changes import ACCESS
from teamcal.domain.items import PASSWORD, ItemWrite
from teamcal.domain.people import (
    User,
    flag_from,
    groups_from,
    login_from,
    login_key,
    name_from,
    user_record_id,
)
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import FieldProblem, InvalidInput, LastAdministrator, UserNotFound


class SignIn(NamedTuple):
    """What a sign-in by password is checked with; None, after the same reads, for an unknown login.

    `at`: when that was so. Tokens.sign_in wants to know: the check takes a while.
    """

    user: User | None
    password: str | None
    at: str


class People:
    """Passwords are given and returned as hashes (teamcal/signin). Raises CalendarError."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._permits = gateway, gateway.permits

    # Reading

    def list_all(self, caller: Caller) -> list[User]:
        """Returns the users by login. Raises Forbidden for all but administrators."""
        self._permits.require(caller, Right.ADMINISTER, "")
        return sorted(self._users().values(), key=lambda user: (user.login_key, user.id))

    def get(self, caller: Caller, user_id: str) -> User:
        """Returns a user, for himself or an administrator. Raises UserNotFound, Forbidden."""
        self._permits.require_somebody(caller)
        if caller.kind is not Kind.USER or caller.id != user_id:
            self._permits.require(caller, Right.ADMINISTER, "")
        return self._get(user_id)

    def names(self, caller: Caller, department_id: str) -> dict[str, tuple[str, str]]:
        """Returns (login, name) by user id of all who could have a role, for managers of a department."""
        self._permits.require(caller, Right.MANAGE, department_id)
        return {user.id: (user.login, user.name) for user in self._users().values() if not user.disabled}

    def is_administrator(self, caller: Caller) -> bool:
        return self._permits.may(caller, Right.ADMINISTER, "")

    def has_administrator(self) -> bool:
        """Whether anybody can administer; if not, the first one is to be made."""
        return any(user.admin and not user.disabled for user in self._users().values())

    def sign_in(self, login: str) -> SignIn:
        """Returns who has this login and his password's hash, for the check of a password."""
        key, at = login_key(login), timestamp(self._gateway.now())
        # All are looked at, so that an unknown login takes as long as one that is found early.
        user = next(iter([one for one in self._users().values() if one.login_key == key]), None)
        # Read for an unknown login, too, so that it takes as long.
        item = self._gateway.database.items.get(PASSWORD + (user.id if user else new_id()))
        return SignIn(user, str(item["hash"]) if user is not None and item is not None else None, at)

    def of_id(self, user_id: str) -> User | None:
        users: dict[str, User] = self._users()
        return users.get(user_id)

    def of_subject(self, subject: str) -> User | None:
        """Returns who an identity provider calls "issuer|sub"."""
        return next((user for user in self._users().values() if user.subject == subject), None)

    def caller_of(self, user: User) -> Caller:
        """Returns the user as a caller without a token, for what a sign-in does in his name."""
        at = timestamp(self._gateway.now())
        return Caller(user.name, True, user.id, Kind.USER, WHOLE, issued_at=at)

    def _users(self) -> Any:
        rights = self._permits.newest
        return {} if rights is None else rights.users

    def _get(self, user_id: str) -> User:
        user: User | None = self._users().get(user_id)
        if user is None:
            raise UserNotFound(user_id)
        return user

    # Writing

    def create(
        self,
        caller: Caller,
        fields: dict[str, Any],
        password: str | None = None,
        subject: str = "",
        consumes: tuple[ItemWrite, ...] = (),
    ) -> User:
        """Creates a user of `fields` {login, name, admin?, groups?}; `password` is a hash.

        `consumes`: items that are used up in the same transaction, the code of the first administrator say;
        raises TokenInvalid if they are gone. Raises LoginTaken, InvalidInput.
        """
        self._permits.require(caller, Right.ADMINISTER, "")
        user_id, at = new_id(), timestamp(self._gateway.now())
        login = login_from(fields.get("login"))
        record: Record = {
            "id": user_record_id(user_id),
            "login": login,
            "name": name_from(fields["name"]) if fields.get("name") else login,
            "subject": subject,
            "admin": flag_from("admin", fields.get("admin", False)),
            "disabled": False,
            "has_password": password is not None,
            "groups": groups_from(fields.get("groups") or ()),
            "signed_in_at": at if subject else "",
            "created_at": at,
            "changed_by": caller.id,
        }
        items = (*consumes, *_password_items(user_id, password))
        return User.of(self._gateway.write_one(caller, ACCESS, CreateUser(record, items)).record)

    def edit(self, caller: Caller, user_id: str, fields: dict[str, Any], password: str | None = None) -> User:
        """Sets login, name, admin or disabled; other fields are ignored. For administrators.

        `password`: the hash of a new one, in the same transaction; it ends his sessions and devices. Raises
        UserNotFound, LoginTaken, LastAdministrator, InvalidInput.
        """
        self._permits.require(caller, Right.ADMINISTER, "")
        edited: dict[str, Any] = {}
        if "login" in fields:
            edited["login"] = login_from(fields["login"])
        if "name" in fields:
            edited["name"] = name_from(fields["name"])
        edited |= {name: flag_from(name, fields[name]) for name in ("admin", "disabled") if name in fields}
        if edited.get("disabled"):
            # His tokens stay ended when he is enabled again.
            edited["tokens_since"] = timestamp(self._gateway.now())
        if password is not None:
            edited |= self._new_password(caller, user_id)
        operation = EditUser(user_id, edited, _password_items(user_id, password), caller.id)
        return User.of(self._gateway.write_one(caller, ACCESS, operation).record)

    def set_password(self, caller: Caller, user_id: str, password: str) -> User:
        """Sets the hash of a password, by the user or an administrator. Ends his sessions and devices."""
        fields, items = self._new_password(caller, user_id), _password_items(user_id, password)
        operation = EditOwnUser(user_id, fields, items, caller.id)
        return User.of(self._gateway.write_one(caller, ACCESS, operation).record)

    def rehash(self, user: User, stored: str, password: str) -> None:
        """Stores a newer hash of the same password, unless there is another one by now."""
        item_id = PASSWORD + user.id
        item = {"id": item_id, "hash": password}
        self._gateway.database.items.write(ItemWrite(item_id, item, expects={"hash": stored}))

    def _new_password(self, caller: Caller, user_id: str) -> dict[str, Any]:
        """Raises InvalidInput about an identity provider's user: whether he may come in is the provider's."""
        self._permits.require(caller, Right.OWN, user_id)
        if self._get(user_id).subject:
            raise InvalidInput([FieldProblem("password", "of_provider")])
        return {"has_password": True, "sessions_since": timestamp(self._gateway.now())}

    def signed_in_by_provider(
        self, user: User, name: str, groups: list[str], admin: bool | None = None
    ) -> User:
        """Takes over what an identity provider says at a sign-in. `admin`: None leaves it as it is.

        Writes at most once a day if nothing has changed. The last administrator stays one.
        """
        at = timestamp(self._gateway.now())
        fields: dict[str, Any] = {"name": name_from(name), "groups": groups_from(groups)}
        if admin is not None:
            fields["admin"] = admin
        same = user.name == fields["name"] and list(user.groups) == fields["groups"]
        if same and admin in (None, user.admin) and user.signed_in_at[:10] == at[:10]:
            return user
        try:
            return self._edit_signed_in(user, fields | {"signed_in_at": at})
        except LastAdministrator:
            return self._edit_signed_in(user, fields | {"signed_in_at": at, "admin": True})

    def _edit_signed_in(self, user: User, fields: dict[str, Any]) -> User:
        operation = EditUser(user.id, fields, changed_by=user.id)
        return User.of(self._gateway.write_one(SYSTEM, ACCESS, operation).record)


def _password_items(user_id: str, password: str | None) -> tuple[ItemWrite, ...]:
    if password is None:
        return ()
    item_id = PASSWORD + user_id
    return (ItemWrite(item_id, {"id": item_id, "hash": password}),)
