"""Use cases: permit → store → publish. The one place where a write happens."""

import unicodedata
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from teamcal.domain.changes import DEPARTMENTS, Change, Head, Write
from teamcal.domain.cursor import cursor_of, head_at
from teamcal.domain.events import EVENT_FIELDS, digest_of
from teamcal.domain.fields import usable_id
from teamcal.domain.operations import Draft, Operation, Outcome, Pending, Settled, View
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import (
    DepartmentNameTaken,
    DepartmentNotFound,
    EventGone,
    EventNotFound,
    IdTaken,
    InvalidInput,
    ResyncRequired,
    VersionConflict,
)
from teamcal.sync.replica import Replica
from teamcal.sync.replicas import Replicas

CREATE_DIGEST = "create_digest"
"""Attribute of an event: what its create was sent with, so that a retry is told from another event."""


@dataclass(frozen=True)
class Snapshot:
    """A calendar at one moment. `full`: `events` are all; else those changed since, and `deleted` ids."""

    head: Head
    events: Sequence[Record]
    full: bool = True
    deleted: Sequence[str] = ()
    reason: str | None = None

    @property
    def cursor(self) -> str:
        return cursor_of(self.head)


class Calendar:
    """What can be done with departments and events. Raises CalendarError."""

    def __init__(self, database: Any, replicas: Replicas, now: Callable[[], datetime]) -> None:
        self.database, self.replicas, self.now = database, replicas, now

    # Departments

    def list_departments(self) -> tuple[Head, list[Record]]:
        replica = self.replicas.of(DEPARTMENTS)
        replica.refresh()
        with replica.held():
            departments = sorted(
                replica.records.values(), key=lambda one: (one.get("created_at") or "", one["id"])
            )
            return replica.must_exist(), departments

    def get_department(self, department_id: str) -> Record:
        for department in self.list_departments()[1]:
            if department["id"] == department_id:
                return department
        raise DepartmentNotFound(department_id)

    def create_department(self, fields: dict[str, str], by: str = "") -> Record:
        department = self._new_department(new_id(), fields)

        def create(view: View) -> Draft:
            _name_must_be_free(view, department)
            return Draft("department_created", department, fresh=True)

        return self._write(DEPARTMENTS, create, by).record

    def import_department(self, department_id: str, fields: dict[str, str]) -> Record:
        """A department with a stable id, or the one that already has its name or id."""
        department = self._new_department(department_id, fields)
        for known in self.list_departments()[1]:
            if known["id"] == department_id or _name_of(known) == department["name"]:
                return known
        if self.database.read_head(department_id).deleted:
            return self._make_again(department)

        def create(view: View) -> Draft:
            _name_must_be_free(view, department)
            return Draft("department_created", department, fresh=True)

        return self._write(DEPARTMENTS, create).record

    def _new_department(self, department_id: str, fields: dict[str, str]) -> Record:
        at = timestamp(self.now())
        return {"id": department_id, **fields, "created_at": at, "updated_at": at}

    def edit_department(self, department_id: str, fields: dict[str, str], by: str = "") -> Record:
        at = timestamp(self.now())

        def edit(view: View) -> Draft | Settled:
            current = view.get(department_id)
            if current is None:
                raise DepartmentNotFound(department_id)
            if all((current.get(name) or "") == fields[name] for name in fields):
                return Settled(current)
            edited = {**current, **fields, "updated_at": at}
            if _name_of(edited) != _name_of(current):
                _name_must_be_free(view, edited)
            return Draft("department_updated", edited)

        return self._write(DEPARTMENTS, edit, by).record

    def delete_department(self, department_id: str, by: str = "") -> None:
        """At once for everybody; its events are removed for good afterwards (see `purge`)."""
        if not usable_id(department_id):
            raise DepartmentNotFound(department_id)
        change_id, at = str(uuid.uuid4()), timestamp(self.now())

        def build(replicas: list[Replica]) -> list[Write]:
            departments, events = replicas
            gone = departments.records.get(department_id)
            if gone is None:
                raise DepartmentNotFound(department_id)
            listed = _list_write(
                departments, "department_deleted", {**gone, "deleted": True}, change_id, at, by
            )
            listed.drops, listed.puts = [department_id], []
            listed.head = replace(listed.head, purging=listed.base.purging | {department_id})
            return [listed, _turning_point(events, "department_deleted", change_id, at, by)]

        self.replicas.write_together([DEPARTMENTS, department_id], change_id, build)

    def _make_again(self, department: Record) -> Record:
        """A department that was deleted gets its id back; its log continues its numbers."""
        change_id, at = str(uuid.uuid4()), timestamp(self.now())

        def build(replicas: list[Replica]) -> list[Write]:
            departments, events = replicas
            _name_must_be_free(departments.records, department)
            listed = _list_write(departments, "department_created", department, change_id, at, "")
            return [listed, _turning_point(events, "department_created", change_id, at, "")]

        self.purge()
        self.replicas.write_together([DEPARTMENTS, department["id"]], change_id, build)
        return department

    def purge(self) -> None:
        """Removes the events of deleted departments; whichever process notices finishes it."""
        for department_id in self.database.read_head(DEPARTMENTS).purging:

            def still_deleted(log_id: str = department_id) -> bool:
                return bool(self.database.read_head(log_id).deleted)

            head = self.database.read_head(department_id)
            changes = self.database.read_changes(department_id, 0, head.revision) if head.deleted else []
            self.database.purge(
                department_id, {one.record["id"] for one in changes if one.record}, still_deleted
            )
            self.database.mark_purged(department_id)

    # Events

    def list_events(self, department_id: str) -> Replica:
        """The department's replica, holding at least what was acknowledged before the call."""
        if not usable_id(department_id):
            raise DepartmentNotFound(department_id)
        replica = self.replicas.of(department_id)
        replica.refresh()
        return replica

    def get_event(self, department_id: str, event_id: str) -> Record:
        replica = self.list_events(department_id)
        event = replica.records.get(event_id)
        if event is None:
            raise EventNotFound(event_id)
        return event

    def create_event(
        self, department_id: str, fields: dict[str, str], client_id: str | None = None, by: str = ""
    ) -> Outcome:
        """The event; with `client_id` a repetition gives the same event and makes no change."""
        if not usable_id(department_id):
            raise DepartmentNotFound(department_id)
        operation = self.creating(department_id, fields, client_id)
        pending = Pending(operation, by, record_id=client_id or "")
        if client_id is not None:
            self._must_be_free_elsewhere(department_id, client_id)
        return self.replicas.of(department_id).write(pending)

    def creating(self, department_id: str, fields: dict[str, str], client_id: str | None) -> Operation:
        at = timestamp(self.now())
        event = {
            "id": client_id or new_id(), "department_id": department_id, **fields,
            "created_at": at, "last_modified": at, CREATE_DIGEST: digest_of(fields),
        }  # fmt: skip

        def create(view: View) -> Draft | Settled:
            known = view.get(event["id"])
            if known is None:
                return Draft("event_created", event, fresh=client_id is not None, at=at)
            if known.get(CREATE_DIGEST) != event[CREATE_DIGEST]:
                raise IdTaken(event["id"])
            return Settled(known)

        return create

    def _must_be_free_elsewhere(self, department_id: str, event_id: str) -> None:
        found = self.database.read_event(event_id)
        if found is None:
            return
        if found.get("deleted"):
            raise EventGone(event_id)
        if found["department_id"] != department_id:
            raise IdTaken(event_id)

    def refuse_used_ids(self, department_id: str, pendings: list[Pending]) -> None:
        """Settles creates whose id is used by a deleted event or in another department."""
        for pending in pendings:
            if pending.record_id:
                try:
                    self._must_be_free_elsewhere(department_id, pending.record_id)
                except (EventGone, IdTaken) as error:
                    pending.error = error

    def import_events(self, department_id: str, events: Sequence[Record]) -> set[str]:
        """Writes the events, with stable ids and times of their own; answers the ids that are new now.

        One whose id the department has known stays as it is, edited or deleted. Raises CalendarError.
        """
        known = self.database.read_events([(event["id"], department_id) for event in events])
        pendings = [
            Pending(_importing(event), record_id=event["id"]) for event in events if event["id"] not in known
        ]
        self.replicas.of(department_id).write_all(pendings)
        # Gone: deleted between the look and the write.
        made = [one.result() for one in pendings if not isinstance(one.error, EventGone)]
        return {outcome.record["id"] for outcome in made if outcome.change is not None}

    def update_event(
        self, event_id: str, fields: dict[str, str], version: int | None = None, by: str = ""
    ) -> Outcome:
        """The fields given win, the others stay; `version` makes it conditional on the caller's state."""
        return self._write_to_event(event_id, self.updating(event_id, fields, version), by)

    def updating(self, event_id: str, fields: dict[str, str], version: int | None) -> Operation:
        at = timestamp(self.now())

        def update(view: View) -> Draft | Settled:
            current = _current(view, event_id)
            self._check_version(current, version)
            if all((current.get(name) or "") == fields[name] for name in fields):
                return Settled(current)
            return Draft("event_updated", {**current, **fields, "last_modified": at}, at=at)

        return update

    def delete_event(self, event_id: str, version: int | None = None, by: str = "") -> Outcome:
        return self._write_to_event(event_id, self.deleting(event_id, version), by)

    def deleting(self, event_id: str, version: int | None) -> Operation:
        def delete(view: View) -> Draft:
            current = _current(view, event_id)
            self._check_version(current, version)
            return Draft("event_deleted", {**current, "deleted": True})

        return delete

    def move_event(
        self, event_id: str, department_id: str, version: int | None = None, by: str = ""
    ) -> Record:
        """The event in its new department: one transaction over both logs."""
        if not usable_id(event_id):
            raise EventNotFound(event_id)
        found = self.database.read_event(event_id)
        if found is None or found.get("deleted"):
            raise EventNotFound(event_id)
        source = found["department_id"]
        target = self.list_events(department_id)
        if source == department_id:
            event = self.get_event(department_id, event_id)
            self._check_version(event, version)
            return event
        change_id, at = str(uuid.uuid4()), timestamp(self.now())

        def build(replicas: list[Replica]) -> list[Write]:
            old, new = replicas
            new.must_exist()
            current = _current(old.records, event_id)
            self._check_version(current, version)
            return _move(old, new, current, change_id, at, by)

        self.replicas.write_together([source, department_id], change_id, build)
        with target.held():
            return _current(target.records, event_id)

    def _check_version(self, current: Record, version: int | None) -> None:
        if version is not None and version != current.get("version", 1):
            raise VersionConflict(current, self._fields_changed_since(current, version))

    def _fields_changed_since(self, current: Record, version: int) -> list[str] | None:
        """Which fields differ from what the caller had; None when the log doesn't tell any more."""
        record, log_id = current, current["department_id"]
        for _ in range(100):
            if record.get("version", 1) == version:
                return [
                    name for name in EVENT_FIELDS if (record.get(name) or "") != (current.get(name) or "")
                ]
            revision = record.get("revision", 0)
            if record.get("version", 1) < version or not revision:
                return None
            found = self.database.read_changes(log_id, revision - 1, revision)
            if not found or found[0].prior is None:
                return None
            log_id, revision = found[0].prior
            earlier = self.database.read_changes(log_id, revision - 1, revision)
            if not earlier:
                return None
            record = earlier[0].record
        return None

    def _write_to_event(self, event_id: str, operation: Operation, by: str) -> Outcome:
        if not usable_id(event_id):
            raise EventNotFound(event_id)
        replica = self.replicas.holding(event_id)
        if replica is not None:
            try:
                return replica.write(Pending(operation, by))
            except (EventNotFound, DepartmentNotFound):
                pass  # moved or deleted by another process: ask the table
        found = self.database.read_event(event_id)
        if found is None or found.get("deleted"):
            raise EventNotFound(event_id)
        try:
            return self.replicas.of(found["department_id"]).write(Pending(operation, by))
        except DepartmentNotFound:
            raise EventNotFound(event_id) from None

    def _write(self, log_id: str, operation: Operation, by: str = "") -> Outcome:
        return self.replicas.of(log_id).write(Pending(operation, by))

    # What clients that come back need

    def snapshot(self, replica: Replica, cursor: object) -> Snapshot:
        """The replica's lock is held: what a client with `cursor` (or none) needs to be at its head."""
        head = replica.must_exist()
        if cursor is None:
            return Snapshot(head, replica.listing().events)
        try:
            return self._net_effect(replica, head, cursor)
        except (ResyncRequired, InvalidInput):
            return Snapshot(head, replica.listing().events, reason=ResyncRequired.code)

    def _net_effect(self, replica: Replica, head: Head, cursor: object) -> Snapshot:
        missed = replica.missed(head_at(cursor))
        if "snapshot" in missed.answers:
            return missed.answers["snapshot"]
        changes = missed.changes
        if any("id" not in change.record for change in changes):
            # Deleted and made again meanwhile: what went with it has no changes of its own.
            raise ResyncRequired(replica.log_id)
        touched = dict.fromkeys(change.record["id"] for change in changes)
        live = [replica.records[one] for one in touched if one in replica.records]
        gone = [one for one in touched if one not in replica.records]
        found = missed.answers["snapshot"] = Snapshot(head, live, full=False, deleted=gone)
        return found


def _importing(event: Record) -> Operation:
    def create(view: View) -> Draft | Settled:
        known = view.get(event["id"])
        return Draft("event_created", event, fresh=True) if known is None else Settled(known)

    return create


def _current(view: View, event_id: str) -> Record:
    current = view.get(event_id)
    if current is None:
        raise EventNotFound(event_id)
    return current


def _name_of(department: Record) -> str:
    """As names are compared; an older server's may be neither trimmed nor NFC."""
    return unicodedata.normalize("NFC", department.get("name") or "").strip()


def _name_must_be_free(view: View, department: Record) -> None:
    for record_id in view:
        other = view.get(record_id)
        if other and other["id"] != department["id"] and _name_of(other) == department["name"]:
            raise DepartmentNameTaken(department["name"])


def _list_write(replica: Replica, kind: str, record: Record, change_id: str, at: str, by: str) -> Write:
    base = replica.must_exist()
    before = replica.records.get(record["id"])
    record = {**record, "revision": base.revision + 1}
    change = Change(base.revision + 1, kind, record, change_id, base.change_id, at, by)
    return Write(base, base.after(change, before), [change], [record])


def _move(old: Replica, new: Replica, current: Record, change_id: str, at: str, by: str) -> list[Write]:
    """Out of one log and into the other; its history leads from the new log back into the old one."""
    version = current.get("version", 1) + 1
    prior = (old.log_id, current["revision"]) if current.get("revision") else None
    writes = []
    for replica, kind in ((old, "event_deleted"), (new, "event_created")):
        base = replica.must_exist()
        record = {**current, "revision": base.revision + 1, "version": version}
        if replica is new:
            record |= {"department_id": new.log_id, "last_modified": at}
        else:
            record["deleted"] = True
        change = Change(base.revision + 1, kind, record, change_id, base.change_id, at, by, prior)
        writes.append(Write(base, base.after(change, replica.records.get(current["id"])), [change], [record]))
    return writes


def _turning_point(replica: Replica, kind: str, change_id: str, at: str, by: str) -> Write:
    """A department's log ends (or starts again): a change that is about no event."""
    base = replica.head
    assert base is not None
    change = Change(base.revision + 1, kind, {}, change_id, base.change_id, at, by)
    head = Head(base.log_id, change.revision, change_id, deleted=kind == "department_deleted")
    return Write(base, head, [change], lives=False)
