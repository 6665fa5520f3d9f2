"""Which codes an operation's errors have, by its status."""

from collections.abc import Mapping, Sequence

from teamcal.texts.error_body import STATUS

_EVERYWHERE: Mapping[int, tuple[str, ...]] = {
    400: ("validation_error", "bad_request"),
    401: ("token_required", "token_invalid"),
    403: ("forbidden",),
    429: ("too_many_requests",),
}
"""Instead of all codes that have the status."""
_OF_PATH = {
    "department_id": "department_not_found",
    "event_id": "event_not_found",
    "user_id": "user_not_found",
    "token_id": "token_not_found",
    "user_code": "device_not_found",
    "job_id": "import_not_found",
}
_SIGN_IN = "sign_in"
_OF_OPERATION: Mapping[tuple[str, int], tuple[str, ...]] = {
    (_SIGN_IN, 401): ("wrong_credentials", "token_invalid", "token_required"),
    (_SIGN_IN, 404): ("not_found", "department_not_found", "device_not_found"),
    (_SIGN_IN, 409): ("login_taken",),
    (_SIGN_IN, 429): ("too_many_attempts", "too_many_requests"),
    ("begin_device", 429): ("too_many_attempts", "too_many_requests"),
    ("get_device", 429): ("too_many_attempts", "too_many_requests"),
    ("confirm_device", 429): ("too_many_attempts", "too_many_requests"),
    ("edit_user", 401): ("wrong_credentials", "token_required", "token_invalid"),
    ("edit_user", 409): ("login_taken", "last_administrator"),
    ("edit_user", 429): ("too_many_attempts", "too_many_requests"),
    ("create_user", 409): ("login_taken",),
    ("create_department", 409): ("department_name_taken",),
    ("edit_department", 409): ("department_name_taken",),
    ("create_event", 409): ("id_taken", "too_many_occurrences"),
    ("create_event", 410): ("event_deleted",),
    ("update_event", 409): ("too_many_occurrences",),
    ("move_event", 404): ("event_not_found", "department_not_found"),
    ("move_event", 409): ("id_taken", "too_many_occurrences"),
    ("restore", 404): ("event_not_found", "department_not_found"),
    ("restore", 409): ("id_taken", "too_many_occurrences"),
    ("list_changes", 410): ("resync_required",),
    ("get_calendars", 404): ("department_not_found",),
    ("issue_token", 404): ("not_found", "department_not_found", "user_not_found"),
    ("list_tokens", 404): ("not_found", "user_not_found"),
    ("import_file", 409): ("import_running",),
}
_ONLY_WITH_TOKENS = frozenset({"people", "session"})
"""Tags of operations that are 404 `not_found` with AUTH_MODE=open."""


def codes_of(operation: str, status: int, tags: Sequence[str], in_path: Sequence[str]) -> list[str]:
    """Returns the codes that `operation` may answer with `status`; `in_path`: the variables of its path."""
    codes = list(_OF_OPERATION.get((operation, status), ()))
    if not codes and status == 404:
        codes = [_OF_PATH[name] for name in in_path if name in _OF_PATH]
        if not codes or _ONLY_WITH_TOKENS.intersection(tags):
            codes.append("not_found")
    if not codes:
        codes = list(_EVERYWHERE.get(status, ())) or [code for code, one in STATUS.items() if one == status]
    return codes


def keyed(codes: list[str], status: int) -> list[str]:
    """Returns the codes of an operation that takes an Idempotency-Key, if the server knows such keys."""
    extra = "key_reused"
    return [*codes, extra] if STATUS.get(extra) == status and extra not in codes else codes
