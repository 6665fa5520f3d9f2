"""Who is behind each connection. Only with AUTH_MODE=token."""

from typing import TypeVar

from teamcal.domain.caller import NOBODY, Caller, Kind

Key = TypeVar("Key")


class Group:
    """The clients of one caller, by their Socket.IO ids.

    What depends on the caller is found out once for all of them.
    """

    __slots__ = ("caller", "sids")

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.sids: set[str] = set()


class CallerGroups:
    """Connected clients and their callers. Who calls a method holds the lock of the `Audience`."""

    def __init__(self) -> None:
        self._group_of: dict[str, Group] = {}
        self._groups: dict[Caller, Group] = {}
        self._of_identity: dict[tuple[Kind, str], set[Group]] = {}
        self._of_token: dict[str, set[Group]] = {}

    def __contains__(self, sid: str) -> bool:
        return sid in self._group_of

    def __len__(self) -> int:
        return len(self._group_of)

    def put(self, sid: str, caller: Caller) -> None:
        """Adds a client, or gives it another caller."""
        self.drop(sid)
        group = self._groups.get(caller)
        if group is None:
            group = self._groups[caller] = Group(caller)
            self._of_identity.setdefault((caller.kind, caller.id), set()).add(group)
            if caller.token:
                self._of_token.setdefault(caller.token, set()).add(group)
        group.sids.add(sid)
        self._group_of[sid] = group

    def drop(self, sid: str) -> None:
        group = self._group_of.pop(sid, None)
        if group is None:
            return
        group.sids.discard(sid)
        if group.sids:
            return
        caller = group.caller
        del self._groups[caller]
        _discard(self._of_identity, (caller.kind, caller.id), group)
        if caller.token:
            _discard(self._of_token, caller.token, group)

    def caller_of(self, sid: str) -> Caller:
        """Returns NOBODY for a client that has gone."""
        group = self._group_of.get(sid)
        return NOBODY if group is None else group.caller

    def clients_of(self, caller: Caller) -> list[str]:
        group = self._groups.get(caller)
        return [] if group is None else list(group.sids)

    def groups(self) -> list[Group]:
        return list(self._groups.values())

    def of_identity(self, kind: Kind, identity: str) -> list[Group]:
        """Those who are this user, or came with this passcode: a group for each of their tokens."""
        return list(self._of_identity.get((kind, identity), ()))

    def of_token(self, token: str) -> list[Group]:
        return list(self._of_token.get(token, ()))


def _discard(groups: dict[Key, set[Group]], key: Key, group: Group) -> None:
    groups[key].discard(group)
    if not groups[key]:
        del groups[key]
