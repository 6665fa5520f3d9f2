"""What can be done with departments, as operations: values that `fold` applies. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from teamcal.domain.caller import Right
from teamcal.domain.changes import DEPARTMENT_CREATED, DEPARTMENT_DELETED, DEPARTMENT_UPDATED, DEPARTMENTS
from teamcal.domain.department_fields import OPTIONAL, shown_fields, with_fields
from teamcal.domain.events import department_name, differs
from teamcal.domain.operations import Draft, Unchanged, View
from teamcal.domain.values import Record
from teamcal.errors import (
    CalendarError,
    DepartmentNameTaken,
    DepartmentNotFound,
    NotApplied,
    StorageUnavailable,
)


class _DepartmentOperation:
    needs: ClassVar[Right] = Right.MANAGE
    belongs_to: ClassVar[str] = DEPARTMENTS

    @property
    def concerns(self) -> str:
        return ""

    def refusal(self) -> CalendarError:
        return StorageUnavailable("a stored department is not as expected")


@dataclass(frozen=True, slots=True)
class CreateDepartment(_DepartmentOperation):
    """Adds a department with a free name to the list; one that has its id already stays as it is."""

    needs: ClassVar[Right] = Right.ADMINISTER
    department: Record

    def apply(self, view: View) -> Draft | Unchanged:
        existing = view.get(self.department["id"])
        if existing is not None:
            return Unchanged(existing)
        _require_free_name(view, self.department)
        return Draft(DEPARTMENT_CREATED, self.department, expects=0)


@dataclass(frozen=True, slots=True)
class EditDepartment(_DepartmentOperation):
    """Sets `fields`; None takes an optional one away. `hidden`: departments that the caller can't see; their
    names don't count as taken, since he would learn them.
    """

    department_id: str
    fields: Mapping[str, Any]
    at: str
    hidden: frozenset[str] = frozenset()

    @property
    def concerns(self) -> str:
        return self.department_id

    def apply(self, view: View) -> Draft | Unchanged:
        current = _department(view, self.department_id)
        edited = with_fields(current, self.fields)
        texts = {name: value for name, value in self.fields.items() if name not in OPTIONAL}
        if not differs(current, texts) and shown_fields(current) == shown_fields(edited):
            return Unchanged(current)
        edited["updated_at"] = self.at
        try:
            if edited.get("name") != current.get("name"):
                _require_free_name(view, edited, self.hidden)
        except DepartmentNameTaken:
            if department_name(edited) != department_name(current):
                raise
            edited["name"] = current["name"]  # sent back as it was, but for what is trimmed
        return Draft(DEPARTMENT_UPDATED, edited)


@dataclass(frozen=True, slots=True)
class BlankDescription(_DepartmentOperation):
    """Takes away the `description` that a department has, unless it has another one by now."""

    department_id: str
    description: str
    at: str

    @property
    def concerns(self) -> str:
        return self.department_id

    def apply(self, view: View) -> Draft | Unchanged:
        current = _department(view, self.department_id)
        if current.get("description") != self.description:
            raise NotApplied
        return Draft(DEPARTMENT_UPDATED, {**current, "description": "", "updated_at": self.at})


@dataclass(frozen=True, slots=True)
class DeleteDepartment(_DepartmentOperation):
    """Takes the department off the list. CloseLog ends its own log in the same commit."""

    department_id: str

    @property
    def concerns(self) -> str:
        return self.department_id

    def apply(self, view: View) -> Draft | Unchanged:
        return Draft(DEPARTMENT_DELETED, {**_department(view, self.department_id), "deleted": True})


@dataclass(frozen=True, slots=True)
class CloseLog(_DepartmentOperation):
    """Ends the log of a department that is being deleted."""

    belongs_to: ClassVar[str] = ""

    def apply(self, view: View) -> Draft | Unchanged:
        return Draft(DEPARTMENT_DELETED, {})


@dataclass(frozen=True, slots=True)
class ReopenLog(_DepartmentOperation):
    """Continues the log of a deleted department that is being created again."""

    needs: ClassVar[Right] = Right.ADMINISTER
    belongs_to: ClassVar[str] = ""

    def apply(self, view: View) -> Draft | Unchanged:
        return Draft(DEPARTMENT_CREATED, {})


def _department(view: View, department_id: str) -> Record:
    department = view.get(department_id)
    if department is None:
        raise DepartmentNotFound(department_id)
    return department


def _require_free_name(view: View, department: Record, hidden: frozenset[str] = frozenset()) -> None:
    name = department_name(department)
    for other in view.values():
        if other is None or other["id"] == department["id"] or other["id"] in hidden:
            continue
        if department_name(other) == name:
            raise DepartmentNameTaken(department["name"])
