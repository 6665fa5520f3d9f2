"""What can go wrong, as facts: a code that never changes, and details. Knows neither HTTP nor Socket.IO.

CalendarError
├── InvalidInput          validation_error        (problems: which fields, why)
├── DepartmentNotFound    department_not_found
├── EventNotFound         event_not_found
├── EventGone             event_deleted           (the id was used by an event that has been deleted)
├── DepartmentNameTaken   department_name_taken
├── IdTaken               id_taken
├── VersionConflict       version_conflict        (current, changed)
├── ResyncRequired        resync_required
├── TooLarge              payload_too_large
├── NotApplied            not_applied             (another operation of the same atomic batch failed)
└── StorageError          storage_unavailable     (retry_after)
    ├── StorageThrottled    storage_throttled
    └── StorageUnavailable  storage_unavailable
        ├── CredentialsRefused
        └── TableMissing    (table)
RevisionConflict          a commit lost the race for a revision; it is retried and never reaches a client
"""

from typing import Any, NamedTuple


class FieldProblem(NamedTuple):
    """Why one field is refused: `reason` is a key of teamcal.texts.messages, `details` fill its text."""

    field: str
    reason: str
    details: dict[str, Any] = {}


class CalendarError(Exception):
    code = "internal_error"

    def details(self) -> dict[str, Any]:
        """Returns what a program may need beside the code; it becomes part of the error answer."""
        return {}


class InvalidInput(CalendarError):
    code = "validation_error"

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__(", ".join(f"{problem.field}: {problem.reason}" for problem in problems))
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
    """Seconds after which the client may try again."""


class StorageThrottled(StorageError):
    code = "storage_throttled"


class StorageUnavailable(StorageError):
    """DynamoDB can't be reached or doesn't answer. A write that ends like this may have been applied."""


class CredentialsRefused(StorageUnavailable):
    pass


class TableMissing(StorageUnavailable):
    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


class RevisionConflict(Exception):
    """Another writer moved a head first: the commit must catch up and build its writes again."""
