"""Who may do what at this moment, as far as this process knows: what the replica of `@access` says."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable

from teamcal.access import Rights
from teamcal.brief_lock import BriefLock
from teamcal.domain.access_operations import TOKEN_REVOKED
from teamcal.domain.changes import Change
from teamcal.domain.values import Record

logger = logging.getLogger(__name__)

MAX_REVOKED = 10_000
"""Revoked tokens that are remembered, for requests and sockets that began before: far more than there can be
within a request's deadline, since each is a change of one log."""

RightsChanged = Callable[[Rights | None, Rights, Change | None], None]
"""(before, after, the change): called with the lock of `@access` held, before the change is acknowledged. It
must be quick, must not write, and must not wait for another log. `before` is None at the first load; the
change is None when everything was loaded anew, and anything may have changed.
"""


class CurrentRights:
    """`rights`: None until they are loaded. Whoever needs them then waits for the load, or fails."""

    def __init__(self) -> None:
        self.rights: Rights | None = None
        self.generation = 0
        """Counts what may have ended a token: what was read of one before such a change isn't kept after."""
        self._revoked: OrderedDict[str, None] = OrderedDict()
        self._listeners: list[RightsChanged] = []
        self._lock = BriefLock()

    def listen(self, changed: RightsChanged) -> None:
        """Has `changed` called after each change of rights, in the order in which they asked for it."""
        self._listeners.append(changed)

    def is_revoked(self, token: str) -> bool:
        return token in self._revoked

    # Of Replicas only

    def loaded(self, records: Iterable[Record]) -> None:
        self._become(Rights.of(records), None)

    def advanced(self, change: Change) -> None:
        before = self.rights if self.rights is not None else Rights()
        if change.kind == TOKEN_REVOKED:
            self._revoke(str(change.record.get("token", "")))
        self._become(before.after(change), change)

    def _revoke(self, token: str) -> None:
        with self._lock:
            self._revoked[token] = None
            if len(self._revoked) > MAX_REVOKED:
                self._revoked.popitem(last=False)

    def _become(self, rights: Rights, change: Change | None) -> None:
        before, self.rights = self.rights, rights
        self.generation += 1
        for changed in self._listeners:
            try:
                changed(before, rights, change)
            except Exception:
                logger.exception("a change of rights wasn't taken up everywhere")
