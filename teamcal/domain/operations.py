"""Operations as values: what a caller can want done to a log. Pure. `fold` applies them.

An operation decides on the newest state of its log. It may be applied again, to a newer state, when another
server process wrote in between.
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from teamcal.domain.caller import Right
from teamcal.domain.changes import EVENT_CREATED, EVENT_DELETED, EVENT_UPDATED
from teamcal.domain.event_edit import created, edited, with_times_read
from teamcal.domain.event_fields import EVENT_FIELDS, SIMPLE
from teamcal.domain.events import (
    CREATE_DIGEST,
    changed_fields,
    create_digest,
    is_created_by,
    is_series,
    text_of,
    touches_series,
)
from teamcal.domain.items import ItemWrite
from teamcal.domain.series_edit import as_of_version
from teamcal.domain.values import Record
from teamcal.errors import (
    CalendarError,
    EventGone,
    EventNotFound,
    IdTaken,
    StorageUnavailable,
    VersionConflict,
)
from teamcal.zones import DEFAULT_ZONE

View = ChainMap[str, Record | None]
"""The records of a log as an operation sees them, after the operations before it in the batch; None for one
that these have deleted."""


class Draft(NamedTuple):
    """A change that is to be made, before it has a number.

    `expects`: the revision at which the record must be stored for this, 0 for an id that was never used.
    `at`: the time of the change if it isn't that of the commit; a row whose event has the same time is
    smaller. `prior_log`: the log of the record's previous change if it isn't this one. `items`: plain items
    that are written in the same transaction.
    """

    kind: str
    record: Record
    expects: int | None = None
    at: str = ""
    prior_log: str = ""
    items: tuple[ItemWrite, ...] = ()


class Unchanged(NamedTuple):
    """There is nothing to change: the answer is `record` as it is."""

    record: Record


class Operation(Protocol):
    """What a caller wants done to one log. `needs`: the right that the caller must have.

    `belongs_to`: the log, if it isn't a department's own: DEPARTMENTS or ACCESS. `concerns`: the id of the
    department (of the user for Right.OWN) that the right is needed in; "" is the log's own department.
    """

    needs: ClassVar[Right]
    belongs_to: ClassVar[str]

    @property
    def concerns(self) -> str: ...

    def apply(self, view: View) -> Draft | Unchanged:
        """Returns the change to make to the state in `view`. Raises CalendarError if there can't be one."""

    def refusal(self) -> CalendarError:
        """Returns the error of this operation when the stored record isn't as its draft expects it."""


class EventOperation:
    """What operations on events have in common."""

    needs: ClassVar[Right] = Right.EDIT
    belongs_to: ClassVar[str] = ""

    @property
    def concerns(self) -> str:
        return ""

    def refusal(self) -> CalendarError:
        return StorageUnavailable("a stored event is not as expected")


@dataclass(frozen=True, slots=True)
class CreateEvent(EventOperation):
    """Creates an event with these fields; repeating it returns the event as it is now.

    `id_is_clients`: the client made the id, so it may have been used before, also by a deleted event. `zone`:
    that of the event's times, if the fields name none.
    """

    event_id: str
    department_id: str
    fields: Mapping[str, Any]
    at: str
    zone: str = DEFAULT_ZONE
    id_is_clients: bool = False

    def apply(self, view: View) -> Draft | Unchanged:
        existing = view.get(self.event_id)
        if existing is not None:
            if not is_created_by(existing, self.fields):
                raise IdTaken(self.event_id)
            return Unchanged(existing)
        if self.event_id in view:  # deleted by this batch: a version never starts again
            raise EventGone(self.event_id)
        event = {"id": self.event_id, "department_id": self.department_id, **created(self.fields, self.zone)}
        event |= {"created_at": self.at, "last_modified": self.at}
        if self.id_is_clients:
            event[CREATE_DIGEST] = create_digest(self.fields)
        return Draft(EVENT_CREATED, event, 0 if self.id_is_clients else None, self.at)

    def refusal(self) -> CalendarError:
        return EventGone(self.event_id)


@dataclass(frozen=True, slots=True)
class ImportEvent(EventOperation):
    """An event with a stable id; one whose id the department has known stays as it is."""

    event: Record

    def apply(self, view: View) -> Draft | Unchanged:
        existing = view.get(self.event["id"])
        return Draft(EVENT_CREATED, self.event, expects=0) if existing is None else Unchanged(existing)

    def refusal(self) -> CalendarError:
        return EventGone(self.event["id"])


@dataclass(frozen=True, slots=True)
class UpdateEvent(EventOperation):
    """Sets `fields` and leaves the others. `expected_version`: only if the event is still at it.

    `whole_series`: the caller knows series; for others one isn't there, so that none changes a year of
    meetings by accident.
    """

    event_id: str
    fields: Mapping[str, Any]
    expected_version: int | None
    at: str
    zone: str = DEFAULT_ZONE
    whole_series: bool = False

    def apply(self, view: View) -> Draft | Unchanged:
        current = event_in(view, self.event_id, self.whole_series)
        require_version(current, self.expected_version)
        event = edited(current, self.fields, self.zone)
        return Unchanged(current) if event is current else updated(event, self.at)


@dataclass(frozen=True, slots=True)
class ReadTimes(EventOperation):
    """Gives the event of an earlier version, which knew only the text of a time, the times that it means."""

    event_id: str
    at: str
    zone: str = DEFAULT_ZONE

    def apply(self, view: View) -> Draft | Unchanged:
        current = event_in(view, self.event_id, whole_series=True)
        event = with_times_read(current, self.zone)
        return Unchanged(current) if event is current else updated(event, self.at)


@dataclass(frozen=True, slots=True)
class DeleteEvent(EventOperation):
    """`whole_series`: see UpdateEvent."""

    event_id: str
    expected_version: int | None = None
    whole_series: bool = False

    def apply(self, view: View) -> Draft | Unchanged:
        current = event_in(view, self.event_id, self.whole_series)
        require_version(current, self.expected_version)
        return Draft(EVENT_DELETED, {**current, "deleted": True})


@dataclass(frozen=True, slots=True)
class ReceiveEvent(EventOperation):
    """The second half of a move. `event` is what DeleteEvent, at its version, takes out of its department."""

    event: Record
    department_id: str
    at: str

    def apply(self, view: View) -> Draft | Unchanged:
        if view.get(self.event["id"]) is not None:  # clients made one id in two departments at once
            raise IdTaken(self.event["id"])
        # An older server's event has no version: it counts as its first.
        moved = {"version": 1, **self.event, "department_id": self.department_id, "last_modified": self.at}
        if touches_series(moved):  # revisions are those of a log
            moved = as_of_version(moved, moved["version"] + 1)
        return Draft(EVENT_CREATED, moved, at=self.at, prior_log=self.event["department_id"])


@dataclass(frozen=True, slots=True)
class RestoreEvent(EventOperation):
    """Gives the event the fields of `state`, an earlier record of it.

    `newest` is its newest record, which may be a tombstone.
    """

    newest: Record
    state: Record
    at: str

    def apply(self, view: View) -> Draft | Unchanged:
        current = view.get(self.newest["id"])
        if current is not None:
            if not changed_fields(current, self.state):
                return Unchanged(current)
            return updated(with_state(current, self.state), self.at)
        if not self.newest.get("deleted") or self.newest["id"] in view:  # the tombstone isn't the newest
            raise EventNotFound(self.newest["id"])
        event = {name: value for name, value in self.newest.items() if name not in ("deleted", "expires_at")}
        restored = {**with_state(event, self.state), "last_modified": self.at}
        # The event may have been restored and moved since the tombstone was read: it would be in two places.
        return Draft(EVENT_CREATED, restored, self.newest["revision"], self.at)

    def refusal(self) -> CalendarError:
        return EventNotFound(self.newest["id"])


def event_in(view: View, event_id: str, whole_series: bool) -> Record:
    """Returns the event. Raises EventNotFound, also for a series that isn't asked for as one."""
    event = view.get(event_id)
    if event is None or (is_series(event) and not whole_series):
        raise EventNotFound(event_id)
    return event


def require_version(current: Record, expected: int | None) -> None:
    """Raises VersionConflict if the record, or the occurrence, is at another version."""
    if expected is not None and expected != current.get("version", 1):
        raise VersionConflict(current, expected)


def updated(event: Record, at: str) -> Draft:
    """Returns the change to an event that is edited at this moment."""
    return Draft(EVENT_UPDATED, {**event, "last_modified": at}, at=at)


def with_state(event: Record, state: Record) -> Record:
    """Returns the event with all fields as in `state`. A series that is single again stays known as one."""
    fields = (*EVENT_FIELDS, "until_day")
    kept = {name: value for name, value in event.items() if name not in fields}
    restored = kept | {name: text_of(state.get(name)) for name in SIMPLE}
    restored |= {name: state[name] for name in fields if name in state and name not in SIMPLE}
    if touches_series(event) or touches_series(state):
        restored = as_of_version(restored, event.get("version", 1) + 1)
    return restored
