"""Departments: the list, and what can be done with one."""

from teamcal.calendar.gateway import Gateway
from teamcal.calendar.purge import purge_deleted
from teamcal.domain.caller import Caller
from teamcal.domain.changes import DEPARTMENTS, Head
from teamcal.domain.events import department_name
from teamcal.domain.operations import CloseLog, CreateDepartment, DeleteDepartment, EditDepartment, ReopenLog
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import DepartmentNotFound


class Departments:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def list_all(self, caller: Caller) -> tuple[Head, list[Record]]:
        """Returns the departments in the order in which they were created, and the head of the list."""
        replica = self._gateway.departments()
        with replica.lock():
            records = list(replica.records.values())
            head = replica.require_department()
        return head, sorted(records, key=lambda record: (record.get("created_at") or "", record["id"]))

    def get(self, caller: Caller, department_id: str) -> Record:
        """Raises DepartmentNotFound."""
        department = self._gateway.departments().records.get(department_id)
        if department is None:
            raise DepartmentNotFound(department_id)
        return department

    def create(self, caller: Caller, fields: dict[str, str]) -> Record:
        """Raises DepartmentNameTaken."""
        department = self._new(new_id(), fields)
        return self._gateway.write_one(caller, DEPARTMENTS, CreateDepartment(department)).record

    def import_one(self, caller: Caller, department_id: str, fields: dict[str, str]) -> Record:
        """Returns the department that has this name or id, created if there is none."""
        department = self._new(department_id, fields)
        for existing in self.list_all(caller)[1]:
            if existing["id"] == department_id or department_name(existing) == department["name"]:
                return existing
        operation = CreateDepartment(department)
        if not self._gateway.database.read_head(department_id).deleted:
            return self._gateway.write_one(caller, DEPARTMENTS, operation).record
        # It was deleted: it gets its id back, and its log continues its numbers.
        self.purge()
        parts = ((DEPARTMENTS, operation), (department_id, ReopenLog()))
        return self._gateway.write_across(caller, parts)[0].record

    def _new(self, department_id: str, fields: dict[str, str]) -> Record:
        at = timestamp(self._gateway.now())
        return {"id": department_id, **fields, "created_at": at, "updated_at": at}

    def edit(self, caller: Caller, department_id: str, fields: dict[str, str]) -> Record:
        """Sets the fields given. Raises DepartmentNotFound, DepartmentNameTaken."""
        operation = EditDepartment(department_id, fields, timestamp(self._gateway.now()))
        return self._gateway.write_one(caller, DEPARTMENTS, operation).record

    def delete(self, caller: Caller, department_id: str) -> None:
        """Deletes the department at once for everybody; `purge` removes its events afterwards.

        Raises DepartmentNotFound.
        """
        parts = ((DEPARTMENTS, DeleteDepartment(department_id)), (department_id, CloseLog()))
        self._gateway.write_across(caller, parts)

    def purge(self) -> None:
        """Removes the events of deleted departments; the process that notices some calls it."""
        purge_deleted(self._gateway.database)
