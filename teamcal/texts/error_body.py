"""Error → status and JSON, for REST and for Socket.IO alike."""

from typing import Any

from teamcal import errors
from teamcal.domain.events import public_event
from teamcal.texts.messages import message

STATUS: dict[str, int] = {
    "validation_error": 400,
    "bad_request": 400,
    "protocol_too_old": 400,
    "wrong_credentials": 401,
    "sign_in_refused": 401,
    "token_required": 401,
    "token_invalid": 401,
    "forbidden": 403,
    "origin_refused": 403,
    "department_not_found": 404,
    "event_not_found": 404,
    "user_not_found": 404,
    "token_not_found": 404,
    "device_not_found": 404,
    "import_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "department_name_taken": 409,
    "id_taken": 409,
    "key_reused": 409,
    "login_taken": 409,
    "last_administrator": 409,
    "too_many_occurrences": 409,
    "import_running": 409,
    "event_deleted": 410,
    "resync_required": 410,
    "version_conflict": 412,
    "payload_too_large": 413,
    "host_refused": 421,
    "not_applied": 424,
    "unsupported_media_type": 415,
    "too_many_attempts": 429,
    "too_many_requests": 429,
    "internal_error": 500,
    "provider_unavailable": 502,
    "too_busy": 503,
    "storage_throttled": 503,
    "storage_unavailable": 503,
}
"""Code → HTTP status. The only such table; `code_of` is its inverse."""

_OF_LIBRARIES = (
    "validation_error",
    "not_found",
    "method_not_allowed",
    "payload_too_large",
    "unsupported_media_type",
)
"""The codes of errors that come from Flask, werkzeug or Engine.IO, which know a status only."""
_CODES = {STATUS[code]: code for code in _OF_LIBRARIES}


def code_of(status: int, unknown: str = "bad_request") -> str:
    """Returns the code of a library's error below 500; `unknown` for a status that has none."""
    return _CODES.get(status, unknown)


def status_of(error: errors.CalendarError) -> int:
    return STATUS[error.code]


def headers_of(error: errors.CalendarError) -> dict[str, str]:
    """Returns the headers that an HTTP answer carries beside the body of `failure_of`."""
    if isinstance(error, errors.StorageError | errors.TooMuch):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, errors.TokenInvalid):
        return {"WWW-Authenticate": 'Bearer realm="team-calendar", error="invalid_token"'}
    if status_of(error) == 401:
        # 401 needs the header (RFC 9110, 11.6.1). Basic would open a browser's dialog.
        return {"WWW-Authenticate": 'Bearer realm="team-calendar"'}
    return {}


def failure(code: str, language: str, **details: Any) -> dict[str, Any]:
    """Returns `{"success": false, "code", "message", …}`; the message is in `language`, with the details."""
    return {"success": False, "code": code, "message": message(code, language, **details), **details}


def failure_of(error: errors.CalendarError, language: str) -> dict[str, Any]:
    """Returns the `failure` for `error` with its details; for invalid input `errors` names each field."""
    if isinstance(error, errors.InvalidInput):
        problems = [
            {"field": problem.field, "message": message(problem.reason, language, **problem.details)}
            for problem in error.problems
        ]
        return failure(error.code, language, errors=problems)
    details = error.details()
    if details.get("current"):
        details["current"] = public_event(details["current"])
    return failure(error.code, language, **details)
