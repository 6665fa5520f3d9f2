"""The past: changes since a cursor, who changed what, and bringing an older state back."""

from dataclasses import dataclass, field
from typing import Any

from teamcal.calendar.events import Calendar
from teamcal.domain.changes import Change, Head
from teamcal.domain.cursor import head_at
from teamcal.domain.events import EVENT_FIELDS
from teamcal.domain.fields import usable_id
from teamcal.domain.operations import Draft, Operation, Outcome, Pending, Settled, View
from teamcal.domain.values import Record, timestamp
from teamcal.errors import DepartmentNotFound, EventNotFound, FieldProblem, InvalidInput

MAX_STEPS = 200
"""Changes of one event that are followed back."""


@dataclass(frozen=True)
class Page:
    """Changes after a cursor, oldest first; `head` is the position after the last of them."""

    head: Head
    changes: list[Change]
    more: bool
    answers: dict[Any, Any] = field(default_factory=dict)
    """What was made of it, for the next who asks."""


class History:
    def __init__(self, database: Any, calendar: Calendar) -> None:
        self.database, self.calendar = database, calendar

    def changes(self, department_id: str, cursor: str | None, limit: int) -> Page:
        """At most `limit` changes after `cursor`, or from revision 1. Raises ResyncRequired."""
        replica = self.calendar.list_events(department_id)
        position = Head(department_id) if cursor is None else head_at(cursor)
        missed = replica.missed(position, limit)
        if not missed.changes:
            return Page(missed.head, [], False, missed.answers)
        last = missed.changes[-1]
        here = Head(department_id, last.revision, last.change_id)
        return Page(here, missed.changes, here.revision < missed.head.revision, missed.answers)

    def of_event(self, event_id: str) -> list[tuple[str, Change]]:
        """The event's changes, newest first, as far as the log reaches back: (department, change)."""
        record = self._newest(event_id)
        steps: list[tuple[str, Change]] = []
        place: tuple[str, int] | None = (record["department_id"], record.get("revision", 0))
        while place is not None and place[1] and len(steps) < MAX_STEPS:
            found = self.database.read_changes(place[0], place[1] - 1, place[1])
            if not found or found[0].record.get("id") != event_id:
                break
            steps.append((place[0], found[0]))
            place = found[0].prior
        return steps

    def _newest(self, event_id: str) -> Record:
        record = self.database.read_event(event_id) if usable_id(event_id) else None
        if record is None:
            raise EventNotFound(event_id)
        try:
            self.calendar.list_events(record["department_id"])
        except DepartmentNotFound:
            raise EventNotFound(event_id) from None
        return record

    def restore(self, event_id: str, revision: int, by: str = "") -> Outcome:
        """The event as it was after `revision`, also when it is deleted now. Raises InvalidInput."""
        newest = self._newest(event_id)
        found = [change.record for _, change in self.of_event(event_id) if change.revision == revision]
        if not found:
            raise InvalidInput([FieldProblem("revision", "unknown_revision")])
        fields = {name: found[0].get(name) or "" for name in EVENT_FIELDS}
        while True:
            bring_back = self._bringing_back(newest, fields)
            try:
                return self.calendar.replicas.of(newest["department_id"]).write(Pending(bring_back, by))
            except EventNotFound:  # moved or deleted meanwhile: where it is now, if it still is
                before, newest = newest, self._newest(event_id)
                if newest == before:
                    raise

    def _bringing_back(self, newest: Record, fields: dict[str, str]) -> Operation:
        event_id, department_id, at = newest["id"], newest["department_id"], timestamp(self.calendar.now())

        def bring_back(view: View) -> Draft | Settled:
            current = view.get(event_id)
            if current is None:
                # Read here: since `newest` was read it may have moved, and would then be in two places.
                gone = self.database.read_event(event_id)
                if gone is None or not gone.get("deleted") or gone["department_id"] != department_id:
                    raise EventNotFound(event_id)
                kept = {name: value for name, value in gone.items() if name not in ("deleted", "expires_at")}
                return Draft("event_created", {**kept, **fields, "last_modified": at}, at=at)
            if all((current.get(name) or "") == fields[name] for name in fields):
                return Settled(current)
            return Draft("event_updated", {**current, **fields, "last_modified": at}, at=at)

        return bring_back


def compacted(page: Page) -> tuple[list[Record], list[str]]:
    """The net effect of a page: the events touched, as they were after it, and the ids that were gone."""
    newest = {change.record["id"]: change for change in page.changes if "id" in change.record}
    live = [change.record for change in newest.values() if not change.removes]
    return live, [event_id for event_id, change in newest.items() if change.removes]
