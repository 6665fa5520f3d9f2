"""What is said about files that are imported, and about their entries: code → language → text."""

IMPORT_MESSAGES: dict[str, dict[str, str]] = {
    # errors
    "import_not_found": {
        "ko": "가져오기 작업을 찾을 수 없습니다. 결과는 한 시간 동안 보관합니다.",
        "en": "There is no such import. Results are kept for an hour.",
    },
    "import_running": {
        "ko": "이 부서에 이미 다른 파일을 가져오고 있습니다. 끝난 뒤에 다시 시도해 주세요.",
        "en": "Another file is being imported into this department. Please try again when that is done.",
    },
    # why an import failed
    "import_interrupted": {
        "ko": "서버가 멈춰 가져오기가 중단되었습니다. 같은 파일을 다시 보내면 이어서 진행합니다.",
        "en": "The server stopped during the import. Send the same file again, and it goes on from there.",
    },
    "file_too_large": {"ko": "파일이 너무 큽니다(10MB까지).", "en": "The file is too large, at most 10 MB."},
    "not_a_calendar": {"ko": "iCalendar(.ics) 파일이 아닙니다.", "en": "This is not an iCalendar file."},
    "too_many_entries": {
        "ko": "일정이 너무 많습니다. 파일 하나에 10,000개까지 가져올 수 있습니다.",
        "en": "There are too many entries. A file can have at most 10,000.",
    },
    # why an entry stays as it is
    "edited_here": {
        "ko": "이 캘린더에서 수정한 일정이라 그대로 두었습니다.",
        "en": "The event was edited in this calendar, so it stays as it is.",
    },
    # why an entry is refused
    "not_an_event": {"ko": "일정이 아닙니다({detail}).", "en": "This is not an event ({detail})."},
    "unterminated": {
        "ko": "항목이 끝나지 않아 읽을 수 없습니다.",
        "en": "The entry has no end, so it cannot be read.",
    },
    "too_deep": {"ko": "항목이 너무 깊게 겹쳐 있습니다.", "en": "The entry is nested too deeply."},
    "too_many_lines": {"ko": "항목의 줄이 너무 많습니다.", "en": "The entry has too many lines."},
    "too_large": {"ko": "항목이 너무 큽니다.", "en": "The entry is too large."},
    "line_too_long": {"ko": "줄이 너무 깁니다(64KB까지).", "en": "A line is too long, at most 64 KB."},
    "unreadable": {"ko": "항목을 읽을 수 없습니다.", "en": "The entry cannot be read."},
    "no_start": {"ko": "시작(DTSTART)이 없습니다.", "en": "There is no start (DTSTART)."},
    "bad_date": {"ko": "날짜를 읽을 수 없습니다: {detail}", "en": "A date cannot be read: {detail}"},
    "older_revision": {
        "ko": "같은 일정의 더 새로운 항목이 파일에 있습니다.",
        "en": "The file has a newer revision of this event.",
    },
    "several_rules": {
        "ko": "반복 규칙이 여러 개인 일정은 가져올 수 없습니다.",
        "en": "Events with several recurrence rules cannot be imported.",
    },
    "exclusion_rule": {
        "ko": "제외 규칙(EXRULE)이 있는 일정은 가져올 수 없습니다.",
        "en": "Events with an exclusion rule (EXRULE) cannot be imported.",
    },
    "too_many_exceptions": {
        "ko": "반복 일정의 예외가 너무 많습니다.",
        "en": "The series has too many exceptions.",
    },
    "range_unsupported": {
        "ko": "'이후 모두'(THISANDFUTURE) 변경을 이 반복 규칙에는 적용할 수 없습니다.",
        "en": "A change of all that follow (THISANDFUTURE) cannot be read for this rule.",
    },
    "no_occurrence": {"ko": "일정이 한 번도 일어나지 않습니다.", "en": "The event never takes place."},
    # what was changed in an entry
    "unknown_zone": {
        "ko": "알 수 없는 시간대입니다({detail}). 기본 시간대로 읽었습니다.",
        "en": "The time zone {detail} is not known. Times were read in the default zone.",
    },
    "end_dropped": {
        "ko": "종료가 시작보다 늦지 않아 읽지 않았습니다.",
        "en": "The end is not after the start and was not read.",
    },
    "rule_dropped": {
        "ko": "이 일정에 쓸 수 없는 반복 규칙이라 읽지 않았습니다. {detail}",
        "en": "The recurrence rule cannot be used for this event and was not read. {detail}",
    },
    "seconds_dropped": {"ko": "초는 읽지 않았습니다.", "en": "Seconds were not read."},
    "end_zone_converted": {
        "ko": "종료 시각을 시작의 시간대로 바꾸었습니다.",
        "en": "The end was converted to the time zone of the start.",
    },
    "title_missing": {"ko": "제목이 없습니다.", "en": "There is no title."},
    "text_cut": {
        "ko": "너무 긴 글을 잘랐습니다: {detail}",
        "en": "A text was too long and was cut: {detail}",
    },
    "characters_removed": {
        "ko": "쓸 수 없는 문자를 뺐습니다: {detail}",
        "en": "Characters that are not allowed were removed: {detail}",
    },
    "url_dropped": {"ko": "주소(URL)를 읽지 않았습니다.", "en": "The address (URL) was not read."},
    "categories_dropped": {
        "ko": "분류가 너무 많아 나머지는 읽지 않았습니다.",
        "en": "There are too many categories; the others were not read.",
    },
    "attachment_dropped": {
        "ko": "첨부 파일을 보관하지 않았습니다. {detail}",
        "en": "An attachment was not kept. {detail}",
    },
    "lines_dropped": {
        "ko": "너무 긴 줄을 보관하지 않았습니다: {detail}",
        "en": "Lines that are too long were not kept: {detail}",
    },
    "extras_dropped": {
        "ko": "이 캘린더에 없는 정보가 너무 커서 보관하지 않았습니다.",
        "en": "What this calendar has no fields for is too large and was not kept.",
    },
    "private": {
        "ko": "비공개로 표시된 일정입니다. 부서 사람 모두에게 보입니다.",
        "en": "The event is marked as private. Everybody in the department sees it.",
    },
    "no_series": {
        "ko": "반복 일정의 본래 항목이 파일에 없습니다.",
        "en": "The series of this occurrence is not in the file.",
    },
    "uid_repeated": {
        "ko": "같은 UID의 일정이 파일에 또 있습니다.",
        "en": "The file has another event with the same UID.",
    },
    "uid_replaced": {
        "ko": "쓸 수 없는 UID를 바꾸었습니다.",
        "en": "The UID cannot be used and was replaced.",
    },
    "series_split": {
        "ko": "중간에 바뀌는 반복 일정이라 둘로 나누었습니다.",
        "en": "The series changes on the way, so it became two.",
    },
    "date_dropped": {
        "ko": "읽을 수 없는 날짜를 뺐습니다: {detail}",
        "en": "A date cannot be read and was left out: {detail}",
    },
    "override_outdated": {
        "ko": "반복 일정의 더 새로운 판에 맞지 않는 예외라 읽지 않았습니다: {detail}",
        "en": "An exception is of an older revision of the series and was not read: {detail}",
    },
    "override_repeated": {
        "ko": "같은 날짜의 예외가 여러 개라 하나만 읽었습니다: {detail}",
        "en": "There are several exceptions of one date, of which one was read: {detail}",
    },
}
