"""Who keeps replicas in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from teamcal.domain.changes import Change
from teamcal.domain.values import Record

if TYPE_CHECKING:
    from teamcal.sync.replica import Replica


class Holder:
    """Who keeps a replica in memory. It is told what happens to it, with the replica's lock held."""

    def loaded(self, replica: Replica, before: Mapping[str, Record]) -> None:
        """All records were read; `before` are those that the replica had until then."""

    def changed(self, replica: Replica, change: Change, before: Mapping[str, Record]) -> None:
        """`change` was applied to the records `before`: the same object, unless the log was restarted."""

    def advanced(self, replica: Replica, source: str) -> None:
        """All changes that `source` brought at once were applied."""

    def grew(self, replica: Replica) -> None:
        """An answer was made and is kept."""


NO_HOLDER = Holder()
