"""Error → status and JSON, for REST and for Socket.IO alike."""

from typing import Any

from teamcal import errors
from teamcal.domain.events import public_event
from teamcal.texts.messages import message

STATUS: dict[str, int] = {
    "validation_error": 400,
    "bad_request": 400,
    "department_not_found": 404,
    "event_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "department_name_taken": 409,
    "id_taken": 409,
    "event_deleted": 410,
    "resync_required": 410,
    "version_conflict": 412,
    "payload_too_large": 413,
    "not_applied": 424,
    "unsupported_media_type": 415,
    "internal_error": 500,
    "storage_throttled": 503,
    "storage_unavailable": 503,
}


def failure(code: str, language: str, **more: Any) -> dict[str, Any]:
    """The body of an answer that isn't a success."""
    return {"success": False, "code": code, "message": message(code, language), **more}


def failure_of(error: errors.CalendarError, language: str) -> dict[str, Any]:
    """The body that tells of `error`; texts in `language`."""
    if isinstance(error, errors.InvalidInput):
        texts = [
            {"field": problem.field, "message": message(problem.reason, language, **problem.details)}
            for problem in error.problems
        ]
        return failure(error.code, language, errors=texts)
    details = error.details()
    if details.get("current"):
        details["current"] = public_event(details["current"])
    return failure(error.code, language, **details)


def status_of(error: errors.CalendarError) -> int:
    return STATUS[error.code]


def headers_of(error: errors.CalendarError) -> dict[str, str]:
    return {"Retry-After": str(error.retry_after)} if isinstance(error, errors.StorageError) else {}
