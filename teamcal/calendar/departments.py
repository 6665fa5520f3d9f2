"""Departments: the list, and what can be done with one."""

import itertools
from typing import Any

from teamcal.calendar.gateway import Gateway
from teamcal.calendar.purge import purge_deleted, require_purged
from teamcal.calendar.repetitions import Repetitions
from teamcal.domain.access_operations import PutFirstPolicy, RemovePolicy
from teamcal.domain.caller import SYSTEM, Caller, Right
from teamcal.domain.changes import ACCESS, DEPARTMENTS, Head
from teamcal.domain.department_fields import with_fields
from teamcal.domain.department_operations import (
    CloseLog,
    CreateDepartment,
    DeleteDepartment,
    EditDepartment,
    ReopenLog,
)
from teamcal.domain.events import department_name
from teamcal.domain.fold import Outcome
from teamcal.domain.items import PASSCODE, ItemWrite
from teamcal.domain.operation_ids import AppliedOperation, OperationId
from teamcal.domain.operations import Operation
from teamcal.domain.people import Access
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import DepartmentNotFound, Forbidden


class Departments:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._permits = gateway, gateway.permits
        self._repetitions = Repetitions(gateway)

    def list_all(self, caller: Caller) -> tuple[Head | None, list[Record]]:
        """Returns the departments that the caller sees, in the order in which they were created.

        And the head of the list; None for who doesn't see all: it tells of the others, too.
        """
        self._permits.require_somebody(caller)
        replica = self._gateway.departments()
        with replica.lock():
            records = list(replica.records.values())
            head = replica.require_department()
        departments = sorted(self._permits.visible(caller, records), key=_creation)
        return (head if self._permits.sees_everything(caller) else None), departments

    def list_stored(self, caller: Caller) -> list[Record]:
        """Returns all departments in that order, for scripts: it looks into no rights, and starts no mode.

        Raises Forbidden for anybody but the system.
        """
        if caller is not SYSTEM:
            raise Forbidden
        return sorted(self._gateway.all_departments(), key=_creation)

    def get(self, caller: Caller, department_id: str) -> Record:
        """Raises DepartmentNotFound."""
        self._gateway.require_seen(caller, department_id)
        department = self._gateway.departments().records.get(department_id)
        if department is None:
            raise DepartmentNotFound(department_id)
        return department

    def known(self, department_id: str) -> Record | None:
        """Returns the department as this process knows it; None if it doesn't. Asks nothing, never waits."""
        return self._gateway.replicas.of(DEPARTMENTS).records.get(department_id)

    def known_ids(self) -> list[str]:
        return list(self._gateway.replicas.of(DEPARTMENTS).records)

    # With an `operation_id`, repeating a write returns what the first one did, and makes no change.

    def create(
        self, caller: Caller, fields: dict[str, Any], operation_id: OperationId | None = None
    ) -> Record:
        """Raises DepartmentNameTaken."""

        def write(own_id: OperationId | None) -> Outcome:
            return self._create(caller, self._new(new_id(), fields), operation_id=own_id)

        def permit(operation: AppliedOperation) -> None:
            self._permits.require(caller, Right.ADMINISTER, DEPARTMENTS)

        return self._repetitions.once(caller, operation_id, write, permit).record

    def import_one(self, caller: Caller, department_id: str, fields: dict[str, str]) -> Record:
        """Returns the department that has this id, or else this name; created if there is none."""
        department = self._new(department_id, fields)
        _, departments = self.list_all(caller)
        same_id = (existing for existing in departments if existing["id"] == department_id)
        name = department_name(department)
        same_name = (existing for existing in departments if department_name(existing) == name)
        for existing in itertools.chain(same_id, same_name):
            return existing
        if not self._gateway.database.read_head(department_id).deleted:
            return self._create(caller, department).record
        # It was deleted: it gets its id back, and its log continues its numbers.
        require_purged(self._gateway.database, department_id)
        return self._create(caller, department, (department_id, ReopenLog())).record

    def _new(self, department_id: str, fields: dict[str, Any]) -> Record:
        at = timestamp(self._gateway.now())
        return with_fields({"id": department_id, "created_at": at, "updated_at": at}, fields)

    def _create(
        self,
        caller: Caller,
        department: Record,
        *more: tuple[str, Operation],
        operation_id: OperationId | None = None,
    ) -> Outcome:
        """Creates it with its policy: nobody is to hear of a department of which that isn't known yet."""
        creation = (DEPARTMENTS, CreateDepartment(department))
        if self._permits.is_open and not more:
            return self._gateway.write_one(caller, *creation, operation_id=operation_id)
        parts: list[tuple[str, Operation]] = [creation, *more]
        if not self._permits.is_open:
            fields = {"access": Access.MEMBERS.value}
            policy = PutFirstPolicy(department["id"], fields, changed_by=caller.id)
            parts.insert(0, (ACCESS, policy))
        outcomes = self._gateway.write_across(caller, parts, operation_id)
        return outcomes[parts.index(creation)]

    def edit(
        self,
        caller: Caller,
        department_id: str,
        fields: dict[str, Any],
        operation_id: OperationId | None = None,
    ) -> Record:
        """Sets the fields given; None takes an optional one away.

        Raises DepartmentNotFound, DepartmentNameTaken.
        """

        def write(own_id: OperationId | None) -> Outcome:
            at, hidden = timestamp(self._gateway.now()), self._hidden_from(caller)
            operation = EditDepartment(department_id, fields, at, hidden)
            return self._gateway.write_one(caller, DEPARTMENTS, operation, operation_id=own_id)

        def permit(operation: AppliedOperation) -> None:
            self._permits.require(caller, Right.MANAGE, department_id)
            self.get(caller, department_id)

        return self._repetitions.once(caller, operation_id, write, permit).record

    def _hidden_from(self, caller: Caller) -> frozenset[str]:
        if self._permits.is_open or self._permits.sees_everything(caller):
            return frozenset()
        everything = {department["id"]: department for department in self._gateway.all_departments()}
        visible = self._permits.visible(caller, everything.values())
        return frozenset(everything) - {department["id"] for department in visible}

    def delete(self, caller: Caller, department_id: str, operation_id: OperationId | None = None) -> None:
        """Deletes the department at once for everybody; `purge` removes its events afterwards.

        Raises DepartmentNotFound.
        """

        def write(own_id: OperationId | None) -> Outcome:
            return self._delete(caller, department_id, own_id)

        def permit(operation: AppliedOperation) -> None:
            self._permits.require_somebody(caller)
            # Nobody has a right in a department that is gone: who asks deleted it himself.
            if department_id in self._gateway.departments().records:
                self._permits.require(caller, Right.MANAGE, department_id)

        self._repetitions.once(caller, operation_id, write, permit)

    def _delete(self, caller: Caller, department_id: str, operation_id: OperationId | None) -> Outcome:
        parts: list[tuple[str, Operation]] = [
            (DEPARTMENTS, DeleteDepartment(department_id)),
            (department_id, CloseLog()),
        ]
        if not self._permits.is_open:
            # Last: who saw the department is told of its deletion by its policy.
            passcode = ItemWrite(PASSCODE + department_id)
            parts.append((ACCESS, RemovePolicy(department_id, (passcode,))))
        return self._gateway.write_across(caller, parts, operation_id)[0]

    def purge(self) -> None:
        """Removes the events of deleted departments; the process that notices some calls it."""
        purge_deleted(self._gateway.database)


def _creation(department: Record) -> tuple[str, str]:
    return department.get("created_at") or "", department["id"]
