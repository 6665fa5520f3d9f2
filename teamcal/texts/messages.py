"""Every text of the server that people read, in Korean and English: code → language → text."""

from typing import Any

from teamcal.texts.import_messages import IMPORT_MESSAGES

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
    "request_timeout": {
        "ko": "요청 본문이 제한 시간 안에 도착하지 않았습니다.",
        "en": "The request body did not arrive in time.",
    },
    "protocol_too_old": {
        "ko": "Socket.IO 3 이상(EIO=4)의 클라이언트가 필요합니다. 클라이언트 라이브러리를 업데이트해 주세요.",
        "en": "A client of Socket.IO 3 or newer (EIO=4) is needed. Please update the client library.",
    },
    "origin_refused": {
        "ko": "{origin}의 페이지는 이 서버에 연결할 수 없습니다. 서버의 CORS_ORIGINS 설정에 추가해 주세요.",
        "en": "Pages of {origin} may not connect to this server. Add it to the server's CORS_ORIGINS.",
    },
    "host_refused": {
        "ko": "{host} 주소로는 쓸 수 없습니다. 서버의 PUBLIC_URL 또는 ALLOWED_HOSTS 설정에 추가해 주세요.",
        "en": "{host} is not a name of this server. Add it to the server's PUBLIC_URL or ALLOWED_HOSTS.",
    },
    "department_name_taken": {
        "ko": "같은 이름의 부서가 이미 있습니다.",
        "en": "A department with this name already exists.",
    },
    "id_taken": {"ko": "이미 사용 중인 ID입니다.", "en": "This id is already in use."},
    "key_reused": {
        "ko": "이 키(Idempotency-Key, operation_id)로 다른 요청을 이미 처리했습니다. 새 키를 써 주세요.",
        "en": "Another request was made with this key (Idempotency-Key, operation_id). Please use a new one.",
    },
    "version_conflict": {
        "ko": "다른 사람이 먼저 수정했습니다. 최신 내용을 확인해 주세요.",
        "en": "Someone else changed this first. Please review the latest version.",
    },
    "too_many_occurrences": {
        "ko": "반복 일정이 너무 많습니다. 한 부서에서 보이는 반복 일정은 최대 {limit}개입니다.",
        "en": "There are too many recurring events. A department can show at most {limit} occurrences.",
    },
    "resync_required": {
        "ko": "마지막으로 받은 뒤의 변경 기록이 남아 있지 않습니다. 전체 목록을 다시 불러와 주세요.",
        "en": "The changes since then are no longer available. Please load the whole list again.",
    },
    "not_applied": {
        "ko": "함께 요청한 다른 작업이 실패해 이 작업도 적용하지 않았습니다.",
        "en": "Not applied because another operation in the batch failed.",
    },
    "token_required": {"ko": "로그인이 필요합니다.", "en": "Please sign in."},
    "token_invalid": {
        "ko": "로그인이 만료되었거나 취소되었습니다. 다시 로그인해 주세요.",
        "en": "Your sign-in has expired or was revoked. Please sign in again.",
    },
    "forbidden": {"ko": "이 작업을 할 권한이 없습니다.", "en": "You are not allowed to do this."},
    "user_not_found": {"ko": "사용자를 찾을 수 없습니다.", "en": "The user was not found."},
    "token_not_found": {"ko": "토큰을 찾을 수 없습니다.", "en": "The token was not found."},
    "device_not_found": {
        "ko": "이 코드를 찾을 수 없습니다. 코드를 확인하거나 프로그램에서 새 코드를 받으세요.",
        "en": "This code was not found. Check it, or get a new one from the program.",
    },
    "login_taken": {
        "ko": "이미 사용 중인 아이디입니다.",
        "en": "A user with this login already exists.",
    },
    "last_administrator": {
        "ko": "마지막 관리자입니다. 먼저 다른 사용자를 관리자로 지정해 주세요.",
        "en": "This is the last administrator. Make someone else an administrator first.",
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
    "wrong_credentials": {
        "ko": "아이디, 비밀번호 또는 부서 암호가 올바르지 않습니다.",
        "en": "The login, the password or the passcode is not right.",
    },
    "sign_in_refused": {
        "ko": "로그인하지 못했습니다. 처음부터 다시 로그인해 주세요.",
        "en": "You could not be signed in. Please start again.",
    },
    "provider_unavailable": {
        "ko": "회사 로그인 서버에 연결할 수 없습니다. 잠시 후 다시 시도해 주세요.",
        "en": "The company's sign-in server is not available. Please try again shortly.",
    },
    "too_many_attempts": {
        "ko": "로그인 시도가 너무 많습니다. {retry_after}초 후에 다시 시도해 주세요.",
        "en": "Too many attempts to sign in. Please try again in {retry_after} s.",
    },
    "too_many_requests": {
        "ko": "요청이 너무 많습니다. {retry_after}초 후에 다시 시도해 주세요.",
        "en": "Too many requests. Please try again in {retry_after} s.",
    },
    "too_busy": {
        "ko": "지금은 요청이 많습니다. 잠시 후 다시 시도해 주세요.",
        "en": "The server is busy at the moment. Please try again shortly.",
    },
    "internal_error": {"ko": "서버 오류가 발생했습니다.", "en": "An internal error occurred."},
    "bad_request": {"ko": "잘못된 요청입니다.", "en": "The request is not valid."},
    # success
    "running": {"ko": "팀 캘린더 서버가 실행 중입니다.", "en": "The team calendar server is running."},
    "department_removed": {"ko": "부서가 삭제되었습니다.", "en": "The department was deleted."},
    "event_removed": {"ko": "이벤트가 삭제되었습니다.", "en": "The event was deleted."},
    "connected": {"ko": "서버에 연결되었습니다.", "en": "Connected to the server."},
    "authenticated": {"ko": "로그인되었습니다.", "en": "Signed in."},
    "joined": {"ko": "부서에 참여했습니다.", "en": "Joined the department."},
    "left": {"ko": "부서에서 나갔습니다.", "en": "Left the department."},
    # why a field is refused
    "body_not_object": {"ko": "JSON 객체 형식이어야 합니다.", "en": "Must be a JSON object."},
    "body_not_json": {"ko": "올바른 JSON(UTF-8) 형식이 아닙니다.", "en": "Not valid JSON in UTF-8."},
    "required": {"ko": "필수 항목입니다.", "en": "This field is required."},
    "blank": {"ko": "비워 둘 수 없습니다.", "en": "Must not be blank."},
    "not_a_string": {"ko": "문자열이어야 합니다.", "en": "Must be a string."},
    "too_short": {"ko": "{limit}자 이상이어야 합니다.", "en": "Must be at least {limit} characters."},
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
    "key_needs_atomic": {
        "ko": "atomic이 true인 배치에만 쓸 수 있습니다. 그 밖에는 작업마다 operation_id를 적어 주세요.",
        "en": "Only for a batch with atomic: true. In others, give each operation an operation_id.",
    },
    "key_of_whole_batch": {
        "ko": "atomic이 true인 배치는 Idempotency-Key 헤더 하나로 식별합니다.",
        "en": "A batch with atomic: true has one id, in the Idempotency-Key header.",
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
    "not_a_clock_time": {
        "ko": "HH:MM 형식의 시각이어야 합니다(예: 14:00).",
        "en": "Must be a time HH:MM, such as 14:00.",
    },
    "not_a_time_zone": {
        "ko": "시간대 이름이어야 합니다(예: Asia/Seoul).",
        "en": "Must be the name of a time zone, such as Asia/Seoul.",
    },
    "not_a_color": {
        "ko": "#rrggbb 형식의 색이어야 합니다(예: #3366cc).",
        "en": "Must be a color #rrggbb, such as #3366cc.",
    },
    "not_a_department_color": {
        "ko": "#rrggbb 형식의 색이거나 다음 중 하나여야 합니다: {allowed}.",
        "en": "Must be a color #rrggbb, or one of {allowed}.",
    },
    "not_joined": {"ko": "먼저 부서에 참여해야 합니다.", "en": "Join the department first."},
    "not_a_position": {
        "ko": "{low} 이상 {high} 이하의 숫자여야 합니다.",
        "en": "Must be a number from {low} to {high}.",
    },
    "needs_start_time": {
        "ko": "종료 시각은 시작 시각과 함께 보내 주세요.",
        "en": "An end time needs a start time.",
    },
    "ends_before_start": {"ko": "종료가 시작보다 빠릅니다.", "en": "The end is before the start."},
    "too_many_days": {
        "ko": "한 번에 {limit}일까지 조회할 수 있습니다.",
        "en": "At most {limit} days can be asked for at once.",
    },
    "too_long_event": {
        "ko": "일정은 {limit}일을 넘을 수 없습니다.",
        "en": "An event can last at most {limit} days.",
    },
    "exceptions_too_big": {
        "ko": "반복 일정의 예외가 너무 큽니다({limit}바이트까지).",
        "en": "The exceptions of the series are too big, at most {limit} bytes.",
    },
    "rule_syntax": {"ko": "반복 규칙을 읽을 수 없습니다.", "en": "The recurrence rule cannot be read."},
    "rule_part": {
        "ko": "반복 규칙에 쓸 수 없는 항목이나 값이 있습니다.",
        "en": "The recurrence rule has a part or a value that is not allowed.",
    },
    "rule_too_fine": {
        "ko": "하루보다 짧은 간격으로는 반복할 수 없습니다.",
        "en": "Events cannot recur more often than daily.",
    },
    "rule_interval": {
        "ko": "반복 간격(INTERVAL)은 1 이상 9999 이하여야 합니다.",
        "en": "INTERVAL must be from 1 to 9999.",
    },
    "rule_count": {
        "ko": "반복 횟수(COUNT)는 1 이상 10000 이하여야 합니다.",
        "en": "COUNT must be from 1 to 10000.",
    },
    "rule_count_and_until": {
        "ko": "COUNT와 UNTIL은 함께 쓸 수 없습니다.",
        "en": "COUNT and UNTIL exclude each other.",
    },
    "rule_until": {
        "ko": "반복 종료일(UNTIL)을 읽을 수 없습니다.",
        "en": "UNTIL cannot be read.",
    },
    "rule_too_long": {
        "ko": "반복 규칙이 너무 깁니다(1000자까지).",
        "en": "The recurrence rule is too long, at most 1000 characters.",
    },
    "rule_never": {
        "ko": "이 반복 규칙에 맞는 날짜가 없습니다.",
        "en": "The recurrence rule gives no date.",
    },
    "not_an_object": {"ko": "JSON 객체여야 합니다.", "en": "Must be a JSON object."},
    "not_one_of": {"ko": "{allowed} 중 하나여야 합니다.", "en": "Must be one of {allowed}."},
    "too_many": {"ko": "최대 {limit}개까지 보낼 수 있습니다.", "en": "At most {limit} are allowed."},
    "unknown_user": {
        "ko": "{user}: 그런 사용자가 없습니다. 그룹은 group:이름으로 적어 주세요.",
        "en": "{user}: there is no such user. Groups are written as group:name.",
    },
    "wrong_password": {"ko": "지금 쓰는 비밀번호와 다릅니다.", "en": "This is not the present password."},
    "of_provider": {
        "ko": "회사 계정으로 로그인하는 사용자입니다. 비밀번호는 회사 로그인 서버에서 바꿔 주세요.",
        "en": "This user signs in with a company account. The password is changed there.",
    },
    "unknown_transport": {
        "ko": "polling 또는 websocket이어야 하며, 세션이 쓰는 방식과 같아야 합니다.",
        "en": "Must be polling or websocket, and the one that the session uses.",
    },
    "unknown_session": {
        "ko": "없거나 이미 끝난 세션입니다. 다시 연결해 주세요.",
        "en": "There is no such session, or it has ended. Please connect again.",
    },
    "session_has_websocket": {
        "ko": "이미 웹소켓으로 연결된 세션입니다.",
        "en": "This session already uses a websocket.",
    },
    "too_many_packets": {
        "ko": "요청 하나에 패킷을 최대 {limit}개까지 담을 수 있습니다.",
        "en": "At most {limit} packets fit into one request.",
    },
    "unreadable_packets": {
        "ko": "패킷을 읽을 수 없어 세션을 끝냈습니다. 다시 연결해 주세요.",
        "en": "A packet could not be read, so the session has ended. Please connect again.",
    },
    # why a row of a table is refused
    "csv_not_text": {
        "ko": "UTF-8, UTF-16 또는 CP949로 저장한 CSV 파일이 아닙니다.",
        "en": "Not a CSV file in UTF-8, UTF-16 or CP949.",
    },
    "csv_without_columns": {
        "ko": "첫 줄에 '날짜'와 '제목' 열이 있어야 합니다.",
        "en": "The first row must name the columns 'date' and 'title'.",
    },
    "csv_unknown_column": {
        "ko": "알 수 없는 열이라 읽지 않았습니다.",
        "en": "This column is not known and was not read.",
    },
    "csv_broken_row": {
        "ko": "따옴표나 열의 수가 맞지 않아 이 줄을 읽지 않았습니다.",
        "en": "The quotes or the number of columns do not fit, so this row was not read.",
    },
    "csv_broken_rest": {
        "ko": "닫히지 않은 따옴표가 있거나 줄이 너무 길어 여기부터는 읽지 않았습니다.",
        "en": "A quote is never closed or a row is too long, so nothing was read from here on.",
    },
    "unknown_revision": {
        "ko": "변경 기록에 없는 리비전(revision)입니다.",
        "en": "The history has no such revision.",
    },
    **IMPORT_MESSAGES,
}


def message(code: str, language: str, **details: Any) -> str:
    """Returns the text of `code` with `details` filled in; that of internal_error for an unknown code."""
    texts = MESSAGES.get(code) or MESSAGES["internal_error"]
    return texts[language].format(**details)
