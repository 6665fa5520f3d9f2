"""What can go wrong, as facts: a code that never changes, and details. Knows neither HTTP nor Socket.IO.

CalendarError
├── InvalidInput          validation_error        (problems: which fields, why)
├── DepartmentNotFound    department_not_found
├── EventNotFound         event_not_found
├── EventGone             event_deleted           (the id was used by an event that has been deleted)
├── DepartmentNameTaken   department_name_taken
├── IdTaken               id_taken
├── KeyReused             key_reused              (another request was made under this operation id)
├── OperationRepeated                             (its id was used before: it is answered as the first time)
├── VersionConflict       version_conflict        (current, changed)
├── ResyncRequired        resync_required
├── TooManyOccurrences    too_many_occurrences    (limit)
├── ImportNotFound        import_not_found
├── ImportRunning         import_running          (id: of the job that the department's import is)
├── EditedHere            edited_here             (of an entry of an import; it never reaches a client)
├── TooLarge              payload_too_large
├── NotApplied            not_applied             (another operation of the same atomic batch failed)
├── WrongCredentials      wrong_credentials       (a login, password or passcode; not which of them)
├── SignInRefused         sign_in_refused         (the identity provider's answer can't be believed)
├── ProviderUnavailable   provider_unavailable    (the identity provider can't be reached)
├── TooMuch                                       (retry_after)
│   ├── TooManyAttempts     too_many_attempts
│   ├── TooManyRequests     too_many_requests
│   └── TooBusy             too_busy
├── TokenRequired         token_required          (nobody has signed in)
├── TokenInvalid          token_invalid           (a token that ended, was revoked or never was)
├── Forbidden             forbidden               (what the caller sees but may not do)
├── UserNotFound          user_not_found
├── TokenNotFound         token_not_found
├── DeviceNotFound        device_not_found        (no program shows this code)
├── LoginTaken            login_taken
├── LastAdministrator     last_administrator      (without it nobody could administer)
└── StorageError          storage_unavailable     (retry_after)
    ├── StorageThrottled    storage_throttled
    └── StorageUnavailable  storage_unavailable
        ├── CredentialsRefused
        ├── TableMissing    (table)
        ├── OperationUnsupported
        └── WriteRefused
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


class KeyReused(CalendarError):
    code = "key_reused"


class OperationRepeated(CalendarError):
    """An operation with this id was applied before. The calendar gives its answer; no client sees this."""


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


class TooManyOccurrences(CalendarError):
    """The department's series would have more occurrences than clients are shown that don't know series."""

    code = "too_many_occurrences"

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} occurrences")
        self.limit = limit

    def details(self) -> dict[str, Any]:
        return {"limit": self.limit}


class ImportNotFound(CalendarError):
    code = "import_not_found"


class ImportRunning(CalendarError):
    """A file is being imported into the department already. `job_id`: which import that is."""

    code = "import_running"

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id

    def details(self) -> dict[str, Any]:
        return {"id": self.job_id}


class TooLarge(CalendarError):
    code = "payload_too_large"


class EditedHere(CalendarError):
    """An imported event keeps what was edited here, and so do the others of the file's entry."""

    code = "edited_here"


class NotApplied(CalendarError):
    code = "not_applied"


class WrongCredentials(CalendarError):
    code = "wrong_credentials"


class SignInRefused(CalendarError):
    """What somebody brought back from the identity provider isn't believed. `reason` is for the log."""

    code = "sign_in_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderUnavailable(CalendarError):
    """The identity provider can't be reached, or answers with what isn't OpenID Connect. Its text: why."""

    code = "provider_unavailable"


class TooMuch(CalendarError):
    """`retry_after`: the seconds after which the client may try again."""

    code = "too_many_requests"

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after

    def details(self) -> dict[str, Any]:
        return {"retry_after": self.retry_after}


class TooManyAttempts(TooMuch):
    """Too many tries to sign in, from one address or for one account."""

    code = "too_many_attempts"


class TooManyRequests(TooMuch):
    pass


class TooBusy(TooMuch):
    """As many passwords are being checked, or files imported, as the server can at once."""

    code = "too_busy"


class TokenRequired(CalendarError):
    code = "token_required"


class TokenInvalid(CalendarError):
    code = "token_invalid"


class Forbidden(CalendarError):
    code = "forbidden"


class UserNotFound(CalendarError):
    code = "user_not_found"


class TokenNotFound(CalendarError):
    code = "token_not_found"


class DeviceNotFound(CalendarError):
    code = "device_not_found"


class LoginTaken(CalendarError):
    code = "login_taken"


class LastAdministrator(CalendarError):
    code = "last_administrator"


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


class OperationUnsupported(StorageUnavailable):
    """The endpoint doesn't know the operation: it isn't AWS, and not complete."""


class WriteRefused(StorageUnavailable):
    """DynamoDB doesn't accept this transaction, however often it is sent, and applied nothing of it."""


class RevisionConflict(Exception):
    """Another writer moved a head first: the commit must catch up and build its writes again."""
