"""Every text of the server that people read, in Korean and English: code → language → text."""

from typing import Any

LANGUAGES = ("ko", "en")

MESSAGES: dict[str, dict[str, str]] = {
    # errors
    "validation_error": {"ko": "입력값이 올바르지 않습니다.", "en": "The input is not valid."},
    "department_not_found": {"ko": "부서를 찾을 수 없습니다.", "en": "The department was not found."},
    "event_not_found": {"ko": "이벤트를 찾을 수 없습니다.", "en": "The event was not found."},
    "event_deleted": {"ko": "삭제된 이벤트입니다.", "en": "The event has been deleted."},
    "not_found": {"ko": "요청하신 주소를 찾을 수 없습니다.", "en": "There is nothing at this address."},
    "method_not_allowed": {
        "ko": "이 주소에서는 사용할 수 없는 요청 방식입니다.",
        "en": "This method is not allowed at this address.",
    },
    "department_name_taken": {
        "ko": "같은 이름의 부서가 이미 있습니다.",
        "en": "A department with this name already exists.",
    },
    "id_taken": {"ko": "이미 사용 중인 ID입니다.", "en": "This id is already in use."},
    "version_conflict": {
        "ko": "다른 사람이 먼저 수정했습니다. 최신 내용을 확인해 주세요.",
        "en": "Someone else changed this first. Please review the latest version.",
    },
    "resync_required": {
        "ko": "마지막으로 받은 뒤의 변경 기록이 남아 있지 않습니다. 전체 목록을 다시 불러와 주세요.",
        "en": "The changes since then are no longer available. Please load the whole list again.",
    },
    "not_applied": {
        "ko": "함께 요청한 다른 작업이 실패해 이 작업도 적용하지 않았습니다.",
        "en": "Not applied because another operation in the batch failed.",
    },
    "payload_too_large": {"ko": "요청 데이터가 너무 큽니다.", "en": "The request is too large."},
    "unsupported_media_type": {
        "ko": "Content-Type은 application/json이어야 합니다.",
        "en": "The Content-Type must be application/json.",
    },
    "storage_throttled": {
        "ko": "요청이 많아 처리하지 못했습니다. 잠시 후 다시 시도해 주세요.",
        "en": "Too many requests at the moment. Please try again shortly.",
    },
    "storage_unavailable": {
        "ko": "데이터베이스에 연결할 수 없습니다. 잠시 후 다시 시도해 주세요.",
        "en": "The database is not available. Please try again shortly.",
    },
    "internal_error": {"ko": "서버 오류가 발생했습니다.", "en": "An internal error occurred."},
    "bad_request": {"ko": "잘못된 요청입니다.", "en": "The request is not valid."},
    # success
    "running": {"ko": "팀 캘린더 서버가 실행 중입니다.", "en": "The team calendar server is running."},
    "department_removed": {"ko": "부서가 삭제되었습니다.", "en": "The department was deleted."},
    "event_removed": {"ko": "이벤트가 삭제되었습니다.", "en": "The event was deleted."},
    "connected": {"ko": "서버에 연결되었습니다.", "en": "Connected to the server."},
    "joined": {"ko": "부서에 참여했습니다.", "en": "Joined the department."},
    "left": {"ko": "부서에서 나갔습니다.", "en": "Left the department."},
    # why a field is refused
    "body_not_object": {"ko": "JSON 객체 형식이어야 합니다.", "en": "Must be a JSON object."},
    "body_not_json": {"ko": "올바른 JSON(UTF-8) 형식이 아닙니다.", "en": "Not valid JSON in UTF-8."},
    "required": {"ko": "필수 항목입니다.", "en": "This field is required."},
    "blank": {"ko": "비워 둘 수 없습니다.", "en": "Must not be blank."},
    "not_a_string": {"ko": "문자열이어야 합니다.", "en": "Must be a string."},
    "too_long": {"ko": "{limit}자 이하여야 합니다.", "en": "Must be at most {limit} characters."},
    "bad_characters": {
        "ko": "사용할 수 없는 문자가 있습니다.",
        "en": "Contains characters that are not allowed.",
    },
    "not_a_date": {
        "ko": "YYYY-MM-DD 형식의 실제 날짜여야 합니다.",
        "en": "Must be a real date in the form YYYY-MM-DD.",
    },
    "not_a_web_address": {
        "ko": "http:// 또는 https://로 시작하는 주소여야 합니다.",
        "en": "Must be an http:// or https:// address.",
    },
    "not_a_uuid": {"ko": "UUID 형식이어야 합니다.", "en": "Must be a UUID."},
    "not_a_cursor": {"ko": "올바른 커서(cursor)가 아닙니다.", "en": "Not a valid cursor."},
    "not_a_number": {
        "ko": "{low} 이상 {high} 이하의 정수여야 합니다.",
        "en": "Must be a whole number from {low} to {high}.",
    },
    "not_a_version": {
        "ko": '"3"처럼 큰따옴표로 묶은 버전이어야 합니다.',
        "en": 'Must be a quoted version such as "3".',
    },
    "not_an_integer": {"ko": "정수여야 합니다.", "en": "Must be a whole number."},
    "not_a_boolean": {"ko": "true 또는 false여야 합니다.", "en": "Must be true or false."},
    "not_a_list": {"ko": "배열이어야 합니다.", "en": "Must be a list."},
    "unknown_operation": {
        "ko": "create, update, delete 중 하나여야 합니다.",
        "en": "Must be create, update or delete.",
    },
    "too_many": {"ko": "최대 {limit}개까지 보낼 수 있습니다.", "en": "At most {limit} are allowed."},
    "unknown_revision": {
        "ko": "변경 기록에 없는 리비전(revision)입니다.",
        "en": "The history has no such revision.",
    },
}


def message(code: str, language: str, **details: Any) -> str:
    """Returns the text of `code` with `details` filled in; that of internal_error for an unknown code."""
    texts = MESSAGES.get(code) or MESSAGES["internal_error"]
    return texts[language].format(**details)
