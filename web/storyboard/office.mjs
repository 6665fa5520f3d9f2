// A sample office of October 2026, in Korean and in English: what the screenshots and the documentation show.

/** The moment that the screenshots are made at: Wednesday, October 14, 2026, 10:20 in Seoul. */
export const NOW = new Date("2026-10-14T10:20:00+09:00");
const MONTH = "2026-10";

const PEOPLE = {
  minji: ["김민지", "Minji Kim"], junho: ["이준호", "Junho Lee"], seoyeon: ["박서연", "Seoyeon Park"], hyunwoo: ["최현우", "Hyunwoo Choi"],
  daeun: ["정다은", "Daeun Jung"], jihoon: ["한지훈", "Jihoon Han"], emily: ["Emily Carter", "Emily Carter"], doyun: ["강도윤", "Doyun Kang"],
};
const PLACES = {
  large: ["대회의실", "Boardroom"], third: ["3층 회의실", "Room 3A"], phone: ["화상회의", "Video call"], busan: ["부산 지사", "Busan office"],
  lab: ["교육장", "Training room"], client: ["한빛전자", "Hanbit Electronics"], lobby: ["1층 로비", "Lobby"],
};
const DEPARTMENTS = {
  dev: { color: "blue", name: ["개발팀", "Engineering"], description: ["제품 개발과 운영", "Building and running the product"] },
  design: { color: "purple", name: ["디자인팀", "Design"], description: ["화면과 브랜드", "Screens and brand"] },
  sales: { color: "orange", name: ["영업팀", "Sales"], description: ["고객과 계약", "Customers and contracts"] },
  office: { color: "green", name: ["경영지원팀", "Office"], description: ["인사, 총무, 회계", "People, facilities, accounting"] },
};

// [department, first day, last day or "", "from-to" or "", Korean title, English title, what else there is]
const EVENTS = [
  ["dev", 5, "", "09:30-10:00", "주간 회의", "Weekly meeting", { recurrence: "FREQ=WEEKLY;COUNT=12", place: "third", people: ["minji", "junho", "jihoon"] }],
  ["dev", 1, "", "17:00-17:30", "스프린트 회고", "Sprint review", { recurrence: "FREQ=WEEKLY;INTERVAL=2;COUNT=6", place: "phone" }],
  ["dev", 14, "", "14:00-15:30", "설계 검토", "Design review", { place: "large", people: ["junho", "emily"], key: "review", description: ["2차 설계안을 함께 봅니다.\n자료는 전날까지 올려 주세요.", "We go through the second draft.\nPlease share your notes the day before."], url: "https://wiki.example.com/design-review" }],
  ["dev", 20, 22, "", "서버 점검 주간", "Server maintenance", { status: "tentative" }],
  ["dev", 15, "", "", "연차", "Leave", { category: "연차", people: ["junho"] }],
  ["dev", 16, "", "", "재택근무", "Home office", { category: "재택", people: ["jihoon"] }],
  ["dev", 29, "", "11:00-12:00", "3.2 배포", "Release 3.2", { place: "phone", people: ["minji", "junho"] }],
  ["dev", 7, "", "13:30-14:30", "코드 리뷰", "Code review", { people: ["jihoon", "emily"] }],
  ["dev", 23, "", "15:00-16:00", "보안 교육", "Security training", { category: "교육", place: "lab" }],
  ["design", 13, "", "10:00-11:00", "시안 검토", "Draft review", { place: "third", people: ["seoyeon", "daeun"] }],
  ["design", 14, "", "11:00-12:00", "사용자 인터뷰", "User interview", { place: "lobby", people: ["seoyeon"] }],
  ["design", 14, "", "16:00-17:00", "아이콘 정리", "Icon clean-up", { people: ["daeun"] }],
  ["design", 21, "", "14:00-16:00", "브랜드 워크숍", "Brand workshop", { place: "large", people: ["seoyeon", "daeun", "emily"] }],
  ["design", 19, "", "", "오전반차", "Morning off", { category: "오전반차", people: ["daeun"] }],
  ["design", 26, 28, "", "디자인 전시 출장", "Design fair, Busan", { category: "출장", place: "busan", people: ["seoyeon"] }],
  ["sales", 6, "", "14:00-15:00", "한빛전자 방문", "Visit to Hanbit Electronics", { category: "외근", place: "client", people: ["hyunwoo"] }],
  ["sales", 12, 13, "", "부산 출장", "Trip to Busan", { category: "출장", place: "busan", people: ["hyunwoo", "doyun"] }],
  ["sales", 14, "", "09:00-09:30", "영업 조회", "Sales stand-up", { people: ["hyunwoo", "doyun"] }],
  ["sales", 14, "", "14:30-15:30", "견적 협의", "Quote for Hanbit", { place: "phone", people: ["doyun"] }],
  ["sales", 16, "", "", "분기 계약 마감", "Quarter's contracts due", { key: "due" }],
  ["sales", 22, "", "10:30-11:30", "신규 고객 미팅", "New customer meeting", { place: "large", people: ["hyunwoo"] }],
  ["sales", 27, "", "16:00-17:00", "월말 실적 회의", "Month-end figures", { place: "large" }],
  ["sales", 30, "", "", "연차", "Leave", { category: "연차", people: ["doyun"] }],
  ["office", 2, "", "10:00-11:00", "신입사원 교육", "New staff training", { category: "교육", place: "lab", people: ["minji"] }],
  ["office", 8, "", "15:00-16:00", "예산 심의", "Budget meeting", { place: "large" }],
  ["office", 14, "", "", "사무실 소독", "Office disinfection", { place: "lobby" }],
  ["office", 15, "", "13:00-14:00", "채용 면접", "Job interview", { place: "third", people: ["minji"] }],
  ["office", 15, "", "16:30-17:00", "소방 훈련", "Fire drill", { place: "lobby" }],
  ["office", 25, "", "", "급여일", "Pay day", {}],
  ["office", 28, 30, "", "건강검진 주간", "Health check-ups", {}],
  ["office", 23, "", "", "오후반차", "Afternoon off", { category: "오후반차", people: ["minji"] }],
];

const headers = (by) => ({ "Content-Type": "application/json", "X-Display-Name": encodeURIComponent(by) });

/** Returns `{send, name, ids, events}` of the office that it has put onto the server at `url`; `events` are those with a key. */
export async function openOffice(url, language) {
  const choose = (both) => both[language === "ko" ? 0 : 1];
  const name = (key) => choose(PEOPLE[key]);
  async function send(method, path, body, by = name("minji")) {
    const answer = await fetch(new URL(path, url), { method, headers: headers(by), body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
  const [ids, events] = [{}, {}];
  for (const [key, texts] of Object.entries(DEPARTMENTS)) {
    const { department } = await send("POST", "/api/departments", { name: choose(texts.name), description: choose(texts.description), color: texts.color });
    ids[key] = department.id;
  }
  for (const entry of EVENTS) {
    const { event } = await send("POST", `/api/events/${ids[entry[0]]}`, fieldsOf(entry, choose, name));
    if (entry[6].key) events[entry[6].key] = event;
  }
  return { send, name, ids, events };
}

const dayOf = (number) => `${MONTH}-${String(number).padStart(2, "0")}`;

function fieldsOf([, first, last, hours, korean, english, { place, people, category, description, key, ...rest }], choose, name) {
  const [start, end] = hours.split("-");
  return {
    event_date: dayOf(first), title: choose([korean, english]), ...rest,
    ...(last ? { end_date: dayOf(last) } : {}), ...(start ? { start_time: start, end_time: end } : { time: choose(["종일", ""]) }),
    ...(place ? { location: choose(PLACES[place]) } : {}), ...(people ? { people: people.map(name) } : {}),
    ...(category ? { categories: [category] } : {}), ...(description ? { description: choose(description) } : {}),
  };
}
