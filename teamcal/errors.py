"""What can go wrong, as facts: a code that never changes and details. Knows no HTTP, no Socket.IO.

CalendarError
├── InvalidInput          validation_error        (errors: which fields, why)
├── DepartmentNotFound    department_not_found
├── EventNotFound         event_not_found
├── EventGone             event_deleted           (its id was used by an event that was deleted)
├── DepartmentNameTaken   department_name_taken
├── IdTaken               id_taken
├── VersionConflict       version_conflict        (current, changed)
├── ResyncRequired        resync_required
└── StorageError
    ├── StorageThrottled    storage_throttled     (retry_after, seconds)
    └── StorageUnavailable  storage_unavailable
        ├── CredentialsRefused
        └── TableMissing    (table)
RevisionConflict          a lost race for a revision: caught inside, never answered
"""

from typing import Any, NamedTuple


class FieldProblem(NamedTuple):
    """One field that can't be taken: `reason` is a key of messages.MESSAGES, `details` fill its text."""

    field: str
    reason: str
    details: dict[str, Any] = {}


class CalendarError(Exception):
    code = "internal_error"

    def details(self) -> dict[str, Any]:
        """What a program may want to know beside the code; becomes part of the answer."""
        return {}


class InvalidInput(CalendarError):
    code = "validation_error"

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__(", ".join(f"{p.field}: {p.reason}" for p in problems))
        self.problems = problems


class DepartmentNotFound(CalendarError):
    code = "department_not_found"


class EventNotFound(CalendarError):
    code = "event_not_found"


class EventGone(CalendarError):
    code = "event_deleted"


class DepartmentNameTaken(CalendarError):
    code = "department_name_taken"


class IdTaken(CalendarError):
    code = "id_taken"


class VersionConflict(CalendarError):
    """The event isn't at the version that the caller expected.

    `current` is the event as it is now. `changed` names the fields that differ from what the caller had;
    it is None when the log no longer tells.
    """

    code = "version_conflict"

    def __init__(self, current: dict[str, Any], expected: int) -> None:
        super().__init__(f"expected version {expected}")
        self.current, self.expected = current, expected
        self.changed: list[str] | None = None

    def details(self) -> dict[str, Any]:
        return {"current": self.current, "changed": self.changed}


class ResyncRequired(CalendarError):
    code = "resync_required"


class TooLarge(CalendarError):
    code = "payload_too_large"


class NotApplied(CalendarError):
    code = "not_applied"


class StorageError(CalendarError):
    code = "storage_unavailable"
    retry_after = 1


class StorageThrottled(StorageError):
    code = "storage_throttled"


class StorageUnavailable(StorageError):
    """DynamoDB can't be reached or doesn't answer. A write that ends so may have been applied."""


class CredentialsRefused(StorageUnavailable):
    pass


class TableMissing(StorageUnavailable):
    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


class RevisionConflict(Exception):
    """Somebody else moved a head first: catch up and build the write anew."""
