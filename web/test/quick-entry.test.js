import assert from "node:assert/strict";
import test from "node:test";
import { parseQuickEntry } from "../page/events/quick-entry.js";

const TODAY = "2026-11-26"; // a Thursday
const OPTIONS = {
  today: TODAY,
  categories: ["연차", "오전반차", "오후반차", "반차", "외근", "출장", "재택", "교육", "회의", "Holiday"],
  places: ["한강홀", "Blue Room"],
  departments: [{ id: "d1", name: "개발팀" }, { id: "d2", name: "Sales Team" }, { id: "d3", name: "개발팀 2" }],
};

// [line, title, day, the other fields]. Where nothing else is named, it is today and all-day.
const KOREAN = [
  ["내일 오후 3시 회의실A 주간회의", "주간회의", "2026-11-27", { start_time: "15:00", location: "회의실A" }],
  ["회의", "회의", TODAY, { categories: ["회의"] }],
  ["오늘 점심 약속", "점심 약속", TODAY],
  ["모레 면담", "면담", "2026-11-28"],
  ["내일모레 면담", "면담", "2026-11-28"],
  ["글피 면담", "면담", "2026-11-29"],
  ["어제 방문 기록", "방문 기록", "2026-11-25"],
  ["3일 뒤 점검", "점검", "2026-11-29"],
  ["2주 후 점검", "점검", "2026-12-10"],
  ["일주일 뒤 점검", "점검", "2026-12-03"],
  ["2개월 뒤 점검", "점검", "2027-01-26"],
  ["보름 후 점검", "점검", "2026-12-11"],
  ["다음 주 화요일 워크숍", "워크숍", "2026-12-01"],
  ["다음주 화 워크숍", "워크숍", "2026-12-01"],
  ["이번 주 금요일 워크숍", "워크숍", "2026-11-27"],
  ["다다음 주 월요일 워크숍", "워크숍", "2026-12-07"],
  ["지난주 월요일 워크숍", "워크숍", "2026-11-16"],
  ["다음 주 일요일 당직", "당직", "2026-12-06"],
  ["금요일 회식", "회식", "2026-11-27"],
  ["목요일 회식", "회식", TODAY],
  ["월요일 회식", "회식", "2026-11-30"],
  ["11/30 마감", "마감", "2026-11-30"],
  ["11월 30일 마감", "마감", "2026-11-30"],
  ["11월30일에 마감", "마감", "2026-11-30"],
  ["11/30(월) 마감", "마감", "2026-11-30"],
  ["11월 30일 월요일 마감", "마감", "2026-11-30"],
  ["30일(월) 마감", "마감", "2026-11-30"],
  ["1/5 신년회", "신년회", "2027-01-05"],
  ["11/20 지난 일", "지난 일", "2026-11-20"],
  ["2027-03-02 개학", "개학", "2027-03-02"],
  ["2027. 3. 2. 개학", "개학", "2027-03-02"],
  ["2027년 3월 2일 개학", "개학", "2027-03-02"],
  ["１１/３０ 마감", "마감", "2026-11-30"],
  ["내일 15:00 점검", "점검", "2026-11-27", { start_time: "15:00" }],
  ["내일 오후 3시 반 점검", "점검", "2026-11-27", { start_time: "15:30" }],
  ["내일 3시 반 점검", "점검", "2026-11-27", { time: "3시 반" }],
  ["3시 점검", "점검", TODAY, { time: "3시" }],
  ["10시 점검", "점검", TODAY, { start_time: "10:00" }],
  ["10-12시 점검", "점검", TODAY, { start_time: "10:00", end_time: "12:00" }],
  ["10시~12시 점검", "점검", TODAY, { start_time: "10:00", end_time: "12:00" }],
  ["오후 2시~4시 점검", "점검", TODAY, { start_time: "14:00", end_time: "16:00" }],
  ["오전 9시부터 11시까지 점검", "점검", TODAY, { start_time: "09:00", end_time: "11:00" }],
  ["오후 1시 2시간 점검", "점검", TODAY, { start_time: "13:00", end_time: "15:00" }],
  ["오후 1시 점검 2시간 동안", "점검", TODAY, { start_time: "13:00", end_time: "15:00" }],
  ["저녁 7시 회식", "회식", TODAY, { start_time: "19:00" }],
  ["정오 식사", "식사", TODAY, { start_time: "12:00" }],
  ["22시~2시 배포", "배포", TODAY, { start_time: "22:00", end_time: "02:00" }],
  ["PM 2:00 점검", "점검", TODAY, { start_time: "14:00" }],
  ["12:60 점검", "12:60 점검", TODAY],
  ["오후 3시에 점검", "점검", TODAY, { start_time: "15:00" }],
  ["오후 3시까지 제출", "오후 3시까지 제출", TODAY],
  ["2시쯤 방문", "2시쯤 방문", TODAY],
  ["내일 종일 점검", "점검", "2026-11-27"],
  ["하루종일 점검", "점검", TODAY],
  ["내일부터 3일간 출장", "출장", "2026-11-27", { end_date: "2026-11-29", categories: ["출장"] }],
  ["다음 주 월요일 이틀간 출장", "출장", "2026-11-30", { end_date: "2026-12-01", categories: ["출장"] }],
  ["11/30부터 2주간 파견", "파견", "2026-11-30", { end_date: "2026-12-13" }],
  ["금요일까지 출장", "출장", TODAY, { end_date: "2026-11-27", categories: ["출장"] }],
  ["내일부터 다음 주 화요일까지 출장", "출장", "2026-11-27", { end_date: "2026-12-01", categories: ["출장"] }],
  ["내일부터 모레까지 출장", "출장", "2026-11-27", { end_date: "2026-11-28", categories: ["출장"] }],
  ["다다음 주 월요일부터 수요일까지 파견", "파견", "2026-12-07", { end_date: "2026-12-09" }],
  ["11/30~12/2 출장", "출장", "2026-11-30", { end_date: "2026-12-02", categories: ["출장"] }],
  ["11/30 - 12/2 출장", "출장", "2026-11-30", { end_date: "2026-12-02", categories: ["출장"] }],
  ["12월 1일~3일 출장", "출장", "2026-12-01", { end_date: "2026-12-03", categories: ["출장"] }],
  ["12월 1일부터 12월 3일까지 출장", "출장", "2026-12-01", { end_date: "2026-12-03", categories: ["출장"] }],
  ["12/30~1/2 휴무", "휴무", "2026-12-30", { end_date: "2027-01-02" }],
  ["다음 주 월~수 파견", "파견", "2026-11-30", { end_date: "2026-12-02" }],
  ["매주 월요일 10시 주간회의", "주간회의", "2026-11-30", { start_time: "10:00", recurrence: "FREQ=WEEKLY;BYDAY=MO" }],
  ["매주 월, 수 10시 점검", "점검", "2026-11-30", { start_time: "10:00", recurrence: "FREQ=WEEKLY;BYDAY=MO,WE" }],
  ["매주 월수금 점검", "점검", "2026-11-27", { recurrence: "FREQ=WEEKLY;BYDAY=MO,WE,FR" }],
  ["월요일마다 점검", "점검", "2026-11-30", { recurrence: "FREQ=WEEKLY;BYDAY=MO" }],
  ["매주 점검", "점검", TODAY, { recurrence: "FREQ=WEEKLY;BYDAY=TH" }],
  ["격주 화요일 점검", "점검", "2026-12-01", { recurrence: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU" }],
  ["2주마다 화요일 점검", "점검", "2026-12-01", { recurrence: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU" }],
  ["매일 오전 9시 스크럼", "스크럼", TODAY, { start_time: "09:00", recurrence: "FREQ=DAILY" }],
  ["평일마다 9시 스크럼", "스크럼", TODAY, { start_time: "09:00", recurrence: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" }],
  ["매월 25일 급여", "급여", "2026-12-25", { recurrence: "FREQ=MONTHLY" }],
  ["매월 마지막 금요일 회식", "회식", "2026-11-27", { recurrence: "FREQ=MONTHLY;BYDAY=-1FR" }],
  ["매월 첫째 주 월요일 조회", "조회", "2026-12-07", { recurrence: "FREQ=MONTHLY;BYDAY=1MO" }],
  ["매월 말일 결산", "결산", "2026-11-30", { recurrence: "FREQ=MONTHLY;BYMONTHDAY=-1" }],
  ["매년 3월 2일 창립일", "창립일", "2027-03-02", { recurrence: "FREQ=YEARLY" }],
  ["매주 월요일 12월 31일까지 점검", "점검", "2026-11-30", { recurrence: "FREQ=WEEKLY;UNTIL=20261231;BYDAY=MO" }],
  ["매주 월요일 10회 점검", "점검", "2026-11-30", { recurrence: "FREQ=WEEKLY;COUNT=10;BYDAY=MO" }],
  ["내일부터 매일 5번 점검", "점검", "2026-11-27", { recurrence: "FREQ=DAILY;COUNT=5" }],
  ["내일 연차", "연차", "2026-11-27", { categories: ["연차"] }],
  ["김민수 내일 연차", "김민수 연차", "2026-11-27", { categories: ["연차"] }],
  ["김민수 오전 반차 11/30", "김민수 오전 반차", "2026-11-30", { categories: ["오전반차"] }],
  ["[외근] 박지영 12/1", "[외근] 박지영", "2026-12-01", { categories: ["외근"] }],
  ["재택: 이영희", "재택: 이영희", TODAY, { categories: ["재택"] }],
  ["연차 규정 설명회", "연차 규정 설명회", TODAY],
  ["내일배움카드 안내", "내일배움카드 안내", TODAY],
  ["오늘의집 방문", "오늘의집 방문", TODAY],
  ["3일 휴가 신청서", "3일 휴가 신청서", TODAY],
  ["매주식 투자 모임", "매주식 투자 모임", TODAY],
  ["3시간 교육", "3시간 교육", TODAY, { categories: ["교육"] }],
  ["2/30 회식", "2/30 회식", TODAY],
  // The lunar calendar's days are others.
  ["음력 1월 5일 엄마 생신", "음력 1월 5일 엄마 생신", TODAY],
  ["매년 음력 1월 5일 엄마 생신", "매년 음력 1월 5일 엄마 생신", TODAY],
  ["음력 8/15 차례", "음력 8/15 차례", TODAY],
  ["음력1월 5일 제사", "음력1월 5일 제사", TODAY],
  ["음력 2027년 1월 15일 보름", "음력 2027년 1월 15일 보름", TODAY],
  ["11/30(화) 회식", "11/30(화) 회식", TODAY],
  ["내일 보고 11/30 마감", "내일 보고 11/30 마감", TODAY],
  ["10시 또는 14시 방문", "10시 또는 14시 방문", TODAY],
  ["내일 @본사로비 집결", "집결", "2026-11-27", { location: "본사로비" }],
  ['@"3층 대강당" 조회', "조회", TODAY, { location: "3층 대강당" }],
  ["한강홀에서 송년회", "송년회", TODAY, { location: "한강홀" }],
  ["3층 대회의실 면접 14:00", "면접", TODAY, { start_time: "14:00", location: "3층 대회의실" }],
  ["회의실 예약 방법", "회의실 예약 방법", TODAY],
  ["회의실 B 면접", "면접", TODAY, { location: "회의실 B" }],
  ["kim@example.com 연락", "kim@example.com 연락", TODAY],
  ["#개발팀 내일 배포", "배포", "2026-11-27", { department_id: "d1" }],
  ["배포 #개발팀 2", "배포", TODAY, { department_id: "d3" }],
  ["배포 #없는팀", "배포 #없는팀", TODAY],
  ["버전 11.30 검토", "버전 11.30 검토", TODAY],
  ["D-3 점검", "D-3 점검", TODAY],
  ["11/30 김철수, 이영희 면담", "김철수, 이영희 면담", "2026-11-30"],
  ["(내일) 면담", "면담", "2026-11-27"],
  ["면담, 내일, 오후 3시", "면담", "2026-11-27", { start_time: "15:00" }],
  ["내일".normalize("NFD") + " 면담", "면담", "2026-11-27"],
];

const ENGLISH = [
  ["Lunch tomorrow", "Lunch", "2026-11-27"],
  ["Tomorrow 3pm review", "review", "2026-11-27", { start_time: "15:00" }],
  ["Tomorrow 3pm weekly meeting @RoomA", "weekly meeting", "2026-11-27", { start_time: "15:00", location: "RoomA" }],
  ["every Monday 10am weekly sync", "weekly sync", "2026-11-30", { start_time: "10:00", recurrence: "FREQ=WEEKLY;BYDAY=MO" }],
  ["Daily standup 9:30", "standup", TODAY, { start_time: "09:30", recurrence: "FREQ=DAILY" }],
  ["Sync tomorrow weekly", "Sync", "2026-11-27", { recurrence: "FREQ=WEEKLY;BYDAY=FR" }],
  ["day after tomorrow review", "review", "2026-11-28"],
  ["Review yesterday", "Review", "2026-11-25"],
  ["Review next Tue", "Review", "2026-12-01"],
  ["Review next Tuesday at 3pm", "Review", "2026-12-01", { start_time: "15:00" }],
  ["Review this Friday", "Review", "2026-11-27"],
  ["Review on Mon", "Review", "2026-11-30"],
  ["Monday review", "review", "2026-11-30"],
  ["Black Friday sale", "Black Friday sale", TODAY],
  ["Sun protection training", "Sun protection training", TODAY],
  ["Nov 30 deadline", "deadline", "2026-11-30"],
  ["November 30th deadline", "deadline", "2026-11-30"],
  ["Deadline on 30 Nov", "Deadline", "2026-11-30"],
  ["Deadline Mar 2, 2027", "Deadline", "2027-03-02"],
  ["Deadline 2027-03-02", "Deadline", "2027-03-02"],
  ["Visit in 3 days", "Visit", "2026-11-29"],
  ["Visit in 2 weeks", "Visit", "2026-12-10"],
  ["Visit in a week", "Visit", "2026-12-03"],
  ["Standup 9:30am", "Standup", TODAY, { start_time: "09:30" }],
  ["Standup at 9:00 am - 9:15 am", "Standup", TODAY, { start_time: "09:00", end_time: "09:15" }],
  ["Call 2-4pm", "Call", TODAY, { start_time: "14:00", end_time: "16:00" }],
  ["Call 14:00-15:30", "Call", TODAY, { start_time: "14:00", end_time: "15:30" }],
  ["Call 3pm for 2 hours", "Call", TODAY, { start_time: "15:00", end_time: "17:00" }],
  ["Call at 3pm for 30 minutes", "Call", TODAY, { start_time: "15:00", end_time: "15:30" }],
  ["Call for an hour at 3pm", "Call", TODAY, { start_time: "15:00", end_time: "16:00" }],
  ["Lunch at noon", "Lunch", TODAY, { start_time: "12:00" }],
  ["Call at 3:30", "Call", TODAY, { time: "3:30" }],
  ["Call 3pm or 4pm", "Call 3pm or 4pm", TODAY],
  ["Trip tomorrow for 3 days", "Trip", "2026-11-27", { end_date: "2026-11-29" }],
  ["Trip from Nov 30 to Dec 2", "Trip", "2026-11-30", { end_date: "2026-12-02" }],
  ["Trip Dec 1-3", "Trip", "2026-12-01", { end_date: "2026-12-03" }],
  ["Trip until Friday", "Trip", TODAY, { end_date: "2026-11-27" }],
  ["Trip from tomorrow through Dec 3", "Trip", "2026-11-27", { end_date: "2026-12-03" }],
  ["Every Monday 10am team meeting", "team meeting", "2026-11-30", { start_time: "10:00", recurrence: "FREQ=WEEKLY;BYDAY=MO" }],
  ["Sync every Tue and Thu at 14:00", "Sync", TODAY, { start_time: "14:00", recurrence: "FREQ=WEEKLY;BYDAY=TU,TH" }],
  ["Sync every week", "Sync", TODAY, { recurrence: "FREQ=WEEKLY;BYDAY=TH" }],
  ["Sync every other Friday", "Sync", "2026-11-27", { recurrence: "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR" }],
  ["Sync every 2 weeks", "Sync", TODAY, { recurrence: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH" }],
  ["Standup every weekday 9am", "Standup", TODAY, { start_time: "09:00", recurrence: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" }],
  ["Backup daily", "Backup", TODAY, { recurrence: "FREQ=DAILY" }],
  ["Payroll every month on the 25th", "Payroll", "2026-12-25", { recurrence: "FREQ=MONTHLY" }],
  ["Review every last Friday of the month", "Review", "2026-11-27", { recurrence: "FREQ=MONTHLY;BYDAY=-1FR" }],
  ["Audit yearly", "Audit", TODAY, { recurrence: "FREQ=YEARLY" }],
  ["Sync every Monday until Dec 31", "Sync", "2026-11-30", { recurrence: "FREQ=WEEKLY;UNTIL=20261231;BYDAY=MO" }],
  ["Sync every Monday 10 times", "Sync", "2026-11-30", { recurrence: "FREQ=WEEKLY;COUNT=10;BYDAY=MO" }],
  ["Fair tomorrow all day", "Fair", "2026-11-27"],
  ["Kim holiday", "Kim holiday", TODAY, { categories: ["Holiday"] }],
  ["Lunch @Cafe", "Lunch", TODAY, { location: "Cafe" }],
  ["Lunch at Blue Bottle", "Lunch", TODAY, { location: "Blue Bottle" }],
  ["Interview in Blue Room tomorrow", "Interview", "2026-11-27", { location: "Blue Room" }],
  ["Interview room 301 3pm", "Interview", TODAY, { start_time: "15:00", location: "room 301" }],
  ["Look at Budget", "Look at Budget", TODAY],
  ["Meet at the office", "Meet at the office", TODAY],
  ["Demo #sales team tomorrow", "Demo", "2026-11-27", { department_id: "d2" }],
  ["Plan 24/7 support", "Plan 24/7 support", TODAY],
  ["Read 1984", "Read 1984", TODAY],
  ["Ratio 16:9 screens", "Ratio 16:9 screens", TODAY],
  ["Weekly2 report", "Weekly2 report", TODAY],
  ["Todays news", "Todays news", TODAY],
  ["", "", TODAY],
];

for (const [line, title, day, fields = {}] of [...KOREAN, ...ENGLISH]) {
  test(`quick entry: ${line}`, () => {
    assert.deepEqual(parseQuickEntry(line, OPTIONS).fields, { title, event_date: day, ...fields });
  });
}

test("enough is tried, half of it in Korean", () => {
  assert.ok(KOREAN.length >= 60 && ENGLISH.length >= 60 && KOREAN.length + ENGLISH.length >= 120);
});

test("what was understood is said in the order of the line", () => {
  const { understood } = parseQuickEntry("내일 오후 3시 회의실A 주간회의 #개발팀", OPTIONS);
  assert.deepEqual(understood, [
    { kind: "day", text: "내일" }, { kind: "time", text: "오후 3시" }, { kind: "place", text: "회의실A" }, { kind: "department", text: "#개발팀" },
  ]);
});

test("where two readings are possible both are offered", () => {
  assert.deepEqual(parseQuickEntry("3시 반 점검", OPTIONS).unclear, [{ kind: "time", text: "3시 반", choices: ["03:30", "15:30"] }]);
  assert.deepEqual(parseQuickEntry("10시 또는 14시 방문", OPTIONS).unclear, [{ kind: "time", text: "10시, 14시", choices: [] }]);
  assert.deepEqual(parseQuickEntry("내일 보고 11/30 마감", OPTIONS).unclear.map(({ kind }) => kind), ["day"]);
});

test("bare hours are offered, and stay in the title until one is chosen", () => {
  for (const [line, text, start, end, title] of [
    ["Quote review the day after tomorrow 10 to 11", "10 to 11", "10:00", "11:00", "Quote review"],
    ["tomorrow from 2 to 4 workshop", "2 to 4", "14:00", "16:00", "workshop"],
    ["Monday 10-11 sync", "10-11", "10:00", "11:00", "sync"],
    ["lunch at 12 tomorrow", "12", "12:00", undefined, "lunch"],
    ["내일 10~11 주간회의", "10~11", "10:00", "11:00", "주간회의"],
    ["tomorrow at 9 for 2 hours standup", "9", "09:00", "11:00", "standup"],
  ]) {
    const offered = parseQuickEntry(line, OPTIONS);
    assert.equal(offered.fields.start_time, undefined, line);
    assert.ok(offered.fields.title.includes(text), line);
    assert.deepEqual([offered.unclear.length, offered.unclear[0].text, offered.unclear[0].choices.includes(start)], [1, text, true], line);
    const { fields } = parseQuickEntry(line, { ...OPTIONS, chosen: { [text]: start } });
    assert.deepEqual([fields.start_time, fields.end_time, fields.title], [start, end, title], line);
  }
  for (const line of ["tomorrow 3pm room 10-11", "1-2-3 budget", "30-40 people tomorrow", "A4 10-11-12 copies"]) {
    assert.deepEqual(parseQuickEntry(line, OPTIONS).unclear, [], line);
  }
});

test("a department may have any name; of one that there isn't it is said", () => {
  const departments = ["A-B/팀", "개발 (본사)", "#1*", "팀.+?"].map((name, id) => ({ id: String(id), name }));
  for (const { id, name } of departments) {
    const { fields, unclear } = parseQuickEntry(`내일 회의 #${name}`, { ...OPTIONS, departments });
    assert.deepEqual([fields.department_id, fields.title, unclear], [id, "회의", []], name);
  }
  const { fields, unclear } = parseQuickEntry("내일 회의 #총무팀", { ...OPTIONS, departments });
  assert.deepEqual([fields.department_id, fields.title, unclear], [undefined, "회의 #총무팀", [{ kind: "department", text: "#총무팀", choices: [] }]]);
  assert.deepEqual(parseQuickEntry("내일 안건 #3 회의", { ...OPTIONS, departments }).unclear, []);
});

test("a line that names no day is of the day that is shown", () => {
  assert.equal(parseQuickEntry("회식", { ...OPTIONS, day: "2026-12-24" }).fields.event_date, "2026-12-24");
  assert.equal(parseQuickEntry("내일 회식", { ...OPTIONS, day: "2026-12-24" }).fields.event_date, "2026-11-27");
  assert.equal(parseQuickEntry("매주 월요일 점검", { ...OPTIONS, day: "2026-12-24" }).fields.event_date, "2026-12-28");
});

test("any line is read at once, and nothing of it is lost", () => {
  const pieces = ["내일", "부터", "까지", "매주", "월", "요일", "3시", "~", "-", "11/30", " ", "at ", "for ", "(", ")", "#", "@", "2", "회의실", "every ", "mon", ",", "12월", "일"];
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const began = performance.now();
  for (let count = 0; count < 3_000; count += 1) {
    const line = Array.from({ length: 12 }, () => pieces[Math.floor(random() * pieces.length)]).join("");
    const { fields, understood } = parseQuickEntry(line, OPTIONS);
    assert.match(fields.event_date, /^\d{4}-\d\d-\d\d$/, line);
    const letters = (text) => text.replace(/[^\p{L}\p{N}]/gu, "");
    const said = understood.filter(({ kind }) => kind !== "category").map(({ text }) => text).join("");
    assert.equal(letters(fields.title).length + letters(said).length, letters(line).length, line);
  }
  assert.ok(performance.now() - began < 20_000);
  for (const piece of pieces) parseQuickEntry(piece.repeat(300).slice(0, 500), OPTIONS);
});
