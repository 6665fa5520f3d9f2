// Every text of the page, in both languages. `{name}` is filled in by the caller.
//
// The page loads one language only, in two parts: the build makes them of this (build/languages.js).

import { ACCOUNTS_MESSAGES } from "./accounts/accounts-messages.js";
import { DEPARTMENTS_MESSAGES } from "./departments/departments-messages.js";
import { EVENT_MESSAGES } from "./events/event-messages.js";
import { NOTICES_MESSAGES } from "./notices/notices-messages.js";
import { SEARCH_MESSAGES } from "./search/search-messages.js";
import { VIEW_MESSAGES } from "./views/view-messages.js";
import { languageOf, translatorOf } from "./language.js";

const ROOMS = [EVENT_MESSAGES, DEPARTMENTS_MESSAGES, ACCOUNTS_MESSAGES, SEARCH_MESSAGES, NOTICES_MESSAGES, VIEW_MESSAGES];
const ofRooms = (language) => Object.assign({}, ...ROOMS.map((messages) => messages[language]));

export const MESSAGES = {
  ko: {
    ...ofRooms("ko"),
    title: "팀 캘린더",
    today: "오늘",
    previous_month: "이전 달",
    next_month: "다음 달",
    month: "월간 캘린더",
    new_event: "새 일정",
    edit_event: "일정 수정",
    day_empty: "일정이 없습니다.",
    day_nothing_selected: "표시할 부서를 선택하세요.",
    day_label: "{day}, 일정 {count}개",
    day_loading: "일정을 불러오는 중…",
    more: "+{count}개",
    all_day: "종일",
    field_title: "제목",
    field_event_date: "날짜",
    field_time: "시간",
    field_description: "설명",
    field_url: "링크",
    field_department: "부서",
    field_name: "이름",
    hint_time: "예: 점심 이후, 오후 2시쯤",
    hint_url: "https://",
    save: "저장",
    save_as_new: "새 일정으로 저장",
    create: "만들기",
    cancel: "취소",
    delete: "삭제",
    edit: "수정",
    keep_editing: "계속 수정",
    discard: "버리기",
    ask_discard: "저장하지 않은 내용이 있습니다. 버릴까요?",
    conflict: "그사이 다른 사람이 이 일정을 수정했습니다. 어느 내용을 남길지 선택하세요.",
    conflict_mine: "내가 수정한 내용",
    conflict_theirs: "다른 사람이 수정한 내용",
    conflict_use_theirs: "다른 사람의 내용 유지",
    conflict_empty: "(없음)",
    event_gone: "다른 사람이 이미 삭제한 일정입니다. 입력한 내용은 새 일정으로 저장할 수 있습니다.",
    network_failed: "서버에 연결할 수 없습니다. 잠시 후 다시 시도하세요.",
    queue_full: "보내지 못한 변경이 너무 많습니다. 서버에 연결된 뒤 다시 시도하세요.",
    storage_failed: "브라우저에 저장할 공간이 없습니다.",
    unexpected: "요청을 처리하지 못했습니다. ({code})",
    view_event: "일정 보기",
    close: "닫기",
  },
  en: {
    ...ofRooms("en"),
    title: "Team Calendar",
    today: "Today",
    previous_month: "Previous month",
    next_month: "Next month",
    month: "Month",
    new_event: "New event",
    edit_event: "Edit event",
    day_empty: "No events.",
    day_nothing_selected: "Select a department to show.",
    day_label: "{day}, events: {count}",
    day_loading: "Loading events…",
    more: "+{count} more",
    all_day: "All day",
    field_title: "Title",
    field_event_date: "Date",
    field_time: "Time",
    field_description: "Description",
    field_url: "Link",
    field_department: "Department",
    field_name: "Name",
    hint_time: "e.g. after lunch",
    hint_url: "https://",
    save: "Save",
    save_as_new: "Save as a new event",
    create: "Create",
    cancel: "Cancel",
    delete: "Delete",
    edit: "Edit",
    keep_editing: "Keep editing",
    discard: "Discard",
    ask_discard: "There are unsaved changes. Discard them?",
    conflict: "Somebody has changed this event in the meantime. Choose what to keep.",
    conflict_mine: "Yours",
    conflict_theirs: "Theirs",
    conflict_use_theirs: "Use theirs",
    conflict_empty: "(empty)",
    event_gone: "Somebody has already deleted this event. You can save it as a new one.",
    network_failed: "The server can't be reached. Try again in a moment.",
    queue_full: "Too many changes wait to be sent. Try again once the server is there.",
    storage_failed: "This browser has no space left to keep it.",
    unexpected: "The request failed. ({code})",
    view_event: "Show event",
    close: "Close",
  },
};

export const translator = (language) => translatorOf(MESSAGES[language], language);
export { languageOf };
