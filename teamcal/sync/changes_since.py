"""What happened in a log after a position, and the answers that are made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from teamcal.domain.changes import Change
from teamcal.domain.cursor import Cursor
from teamcal.domain.events import event_json, public_event, touches_series
from teamcal.domain.values import Record, compact, to_json
from teamcal.errors import ResyncRequired
from teamcal.sync.turns import in_turns


def public_change(change: Change) -> dict[str, Any]:
    """Returns a change as `/api/changes` and an event's history carry it."""
    event = public_event(change.record) if "id" in change.record else None
    return {
        "revision": change.revision,
        "kind": change.kind,
        "event": event,
        "at": change.at,
        "by": change.by,
        "by_verified": change.by_verified,
    }


@dataclass(frozen=True)
class ChangesSince:
    """Consecutive changes of a log, oldest first. `cursor` is the position after them.

    `more`: the log has more changes after these. An answer is made once and kept, for all who ask for it.
    `own_bytes`: bytes of the changes if nobody else keeps them.
    """

    cursor: Cursor
    changes: Sequence[Change]
    more: bool
    own_bytes: int = 0

    @cached_property
    def net_effect(self) -> tuple[list[Record], list[str]]:
        """The events that were changed, as they are at `cursor`, and the ids of those that are gone.

        Raises ResyncRequired if the department was deleted and created again meanwhile: the events of its
        earlier life are gone without changes of their own.
        """
        if any(change.restarts_log for change in self.changes):
            raise ResyncRequired(self.cursor.log_id)
        newest = {change.record["id"]: change for change in self.changes if "id" in change.record}
        live = [change.record for change in newest.values() if not change.removes]
        return live, [event_id for event_id, change in newest.items() if change.removes]

    @cached_property
    def touches_series(self) -> bool:
        """Whether clients that don't know series can't be told of it by the changed events alone."""
        return any(touches_series(change.record) for change in self.changes)

    @cached_property
    def events_json(self) -> bytes:
        """The changed events of `net_effect`, as a JSON array. Raises ResyncRequired."""
        return b"[" + b",".join(map(event_json, in_turns(self.net_effect[0]))) + b"]"

    @cached_property
    def full_json(self) -> bytes:
        """Every change, as `/api/changes` returns them."""
        return self._json(changes=[public_change(change) for change in in_turns(self.changes)])

    @cached_property
    def compact_json(self) -> bytes:
        """Their net effect, as `/api/changes?compact=1` returns it. Raises ResyncRequired."""
        events, deleted = self.net_effect
        return self._json(events=[public_event(event) for event in events], deleted=deleted)

    def _json(self, **content: Any) -> bytes:
        position = {"revision": self.cursor.revision, "cursor": self.cursor.text, "more": self.more}
        return compact(to_json({"success": True, **position, **content}))

    @property
    def memory(self) -> int:
        """Bytes of the answers that are kept, and of the changes that only this one keeps."""
        answers = [value for value in list(vars(self).values()) if isinstance(value, bytes)]
        return self.own_bytes + sum(map(len, answers))
