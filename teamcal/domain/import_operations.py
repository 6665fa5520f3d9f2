"""Importing an entry of a file: decided on the newest state, so that no edit made here is lost. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from teamcal.domain.changes import EVENT_CREATED
from teamcal.domain.event_edit import created
from teamcal.domain.event_fields import EVENT_FIELDS, IMPORT_DIGEST
from teamcal.domain.events import changed_fields, create_digest, value_of
from teamcal.domain.operations import Draft, EventOperation, Unchanged, View, updated, with_state
from teamcal.domain.values import Record
from teamcal.errors import CalendarError, EditedHere, EventGone
from teamcal.zones import DEFAULT_ZONE

_NO_SOURCE: Mapping[str, Any] = {"sequence": None, "ical": None}


@dataclass(frozen=True, slots=True)
class ImportEntry(EventOperation):
    """Makes the event what a file says of it, unless it was edited here since it was last imported.

    `fields`: those that the file speaks of, as clients write them; of the others an event that is there keeps
    its own. `source`: of iCalendar, `sequence` and `ical` where there are any. `digest`: of what `ical` says,
    "" if there is none. An event that was deleted stays deleted. `whole`: it is a part of an entry that is
    imported as a whole or not at all.
    """

    event_id: str
    department_id: str
    uid: str
    fields: Mapping[str, Any]
    at: str
    zone: str = DEFAULT_ZONE
    source: Mapping[str, Any] | None = None
    digest: str = ""
    whole: bool = False

    def apply(self, view: View) -> Draft | Unchanged:
        """Raises InvalidInput where fields don't fit each other, EditedHere if it is a part of an entry."""
        event = view.get(self.event_id)
        if event is None:
            if self.event_id in view:  # deleted by this batch: a version never starts again
                raise EventGone(self.event_id)
            return Draft(EVENT_CREATED, self._created(), 0, self.at)
        state = self._state(event)
        is_edited = not is_as_imported(event)
        if changed_fields(event, state):
            if is_edited and self.whole:
                raise EditedHere(self.event_id)
            if is_edited:
                return Unchanged(event)
        elif is_edited or not self.digest or self.digest == _digests(event)[1]:
            return Unchanged(event)
        return updated(self._imported(with_state(event, state)), self.at)

    def refusal(self) -> CalendarError:
        return EventGone(self.event_id)

    def says_what(self, event: Record) -> bool:
        """Returns whether the file says the same of the event as it is."""
        return not changed_fields(event, self._state(event))

    def _created(self) -> Record:
        event = {"id": self.event_id, "department_id": self.department_id}
        event |= {"uid": self.uid} if self.uid != f"{self.event_id}@teamcal" else {}
        event |= created(self.fields, self.zone) | {"created_at": self.at, "last_modified": self.at}
        return self._imported(event)

    def _state(self, event: Record) -> Record:
        """Returns the fields that the event has when it is as the file says."""
        others = [name for name in EVENT_FIELDS if name not in self.fields]
        kept = {name: value for name in others if (value := value_of(event, name)) is not None}
        if "start_time" in self.fields or "end_date" in self.fields:
            kept.pop("time", None)  # it follows from them
        return created({**kept, **self.fields}, self.zone)

    def _imported(self, event: Record) -> Record:
        """Returns the event with where it comes from, and by what a later edit is known."""
        source = {**_NO_SOURCE, **self.source} if self.source is not None else {}
        if source.get("sequence") is None:
            source.pop("sequence", None)
        digest = f"{_fields_digest(event)}|{self.digest or _digests(event)[1]}"
        event = {**event, **source, IMPORT_DIGEST: digest}
        return {name: value for name, value in event.items() if value is not None}


def is_as_imported(event: Record) -> bool:
    """Returns whether the event has the fields that its last import gave it.

    One that was never imported may have been read from a file of ours: until its first edit.
    """
    digest, _ = _digests(event)
    return digest == _fields_digest(event) if digest else event.get("version", 1) == 1


def _digests(event: Record) -> tuple[str, str]:
    digest, _, source = str(event.get(IMPORT_DIGEST, "")).partition("|")
    return digest, source


def _fields_digest(event: Record) -> str:
    return create_digest({name: value_of(event, name) for name in EVENT_FIELDS})
