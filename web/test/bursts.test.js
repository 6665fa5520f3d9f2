import assert from "node:assert/strict";
import test from "node:test";
import { linesOf, withMoves } from "../page/notices/bursts.js";
import { entriesOf } from "../page/notices/entries.js";
import { resolved } from "../page/notices/moved-away.js";
import { announcementOf, sentence } from "../page/notices/sentences.js";
import { translator } from "../page/messages.js";

const [ko, en] = ["ko", "en"].map(translator);
const words = { when: ({ event_date: day, start_time: clock }) => [day, clock].filter(Boolean).join(" ") };
const nameOf = (id) => ({ dev: "개발팀", hr: "인사부" })[id];
const event = (id, more = {}) => ({ id, department_id: "dev", title: "회의", event_date: "2026-11-03", ...more });
const change = (kind, of, more = {}) => ({ kind: `event_${kind}`, event: of, before: null, by: "김민지", byVerified: true, at: "2026-11-26T01:00:00.000Z", own: false, ...more });
const burst = (changes, more = {}) => ({ departmentId: "dev", changes, caughtUp: false, ...more });
const lines = (...bursts) => linesOf(bursts.flatMap((each) => entriesOf(each)), words);
const said = (own, text = ko) => announcementOf(own, { text, nameOf });

test("one change is one line with who, what and where", () => {
  assert.equal(said(lines(burst([change("created", event("1"))]))), "개발팀: 김민지 님이 ‘회의’ 일정을 등록했습니다.");
  assert.equal(said(lines(burst([change("created", event("1"))])), en), "개발팀: 김민지 added “회의”.");
});

test("a name that nobody has checked is marked as one; without a name nobody is named", () => {
  assert.match(said(lines(burst([change("deleted", event("1"), { byVerified: false })]))), /김민지 님\(미확인\)이 ‘회의’ 일정을 삭제했습니다/);
  assert.equal(said(lines(burst([change("deleted", event("1"), { by: "", byVerified: false })]))), "개발팀: ‘회의’ 일정이 삭제되었습니다.");
});

test("a burst of 300 is one line and one announcement", () => {
  const many = lines(burst(Array.from({ length: 300 }, (_, number) => change("created", event(String(number))))));
  assert.equal(many.length, 1);
  assert.equal(many[0].ids.length, 300);
  assert.equal(said(many), "개발팀: 김민지 님이 일정 300건을 등록했습니다.");
});

test("a burst of every kind is one line as well", () => {
  const mixed = lines(burst([change("created", event("1")), change("updated", event("2")), change("deleted", event("3"))]));
  assert.equal(said(mixed), "개발팀: 김민지 님이 일정 3건을 변경했습니다.");
  assert.deepEqual(mixed[0].ids, ["1", "2"]);
});

test("own changes aren't told, others' are, however soon after", () => {
  const own = change("updated", event("1"), { own: true });
  assert.equal(lines(burst([own])).length, 0);
  assert.equal(lines(burst([own, change("updated", event("1"))])).length, 1);
});

test("several people are a line each, and one announcement", () => {
  const changes = ["가", "나", "다"].map((by, number) => change("updated", event(String(number)), { by }));
  assert.equal(lines(burst(changes)).length, 3);
  assert.equal(said(lines(burst(changes))), "여러 사람이 일정 3건을 변경했습니다.");
});

test("a move is told as a move, whichever message came first", () => {
  const left = burst([change("deleted", event("1"))]);
  const arrived = burst([change("created", event("1", { department_id: "hr" }))], { departmentId: "hr" });
  for (const moved of [lines(left, arrived), lines(arrived, left)]) {
    assert.equal(moved.length, 1);
    assert.equal(said(moved), "김민지 님이 ‘회의’ 일정을 개발팀에서 인사부로 옮겼습니다.");
    assert.deepEqual(moved[0].go, { id: "1", day: "2026-11-03", departmentId: "hr" });
  }
});

test("a move to a department that isn't shown is found out; deletions in bulk aren't asked about", async () => {
  const entries = withMoves(entriesOf(burst([change("deleted", event("1"))])));
  const history = async () => [{ kind: "event_created", department_id: "hr", event: event("1", { department_id: "hr" }), by: "김민지", by_verified: true }];
  assert.equal((await resolved(entries, history))[0].kind, "moved");
  assert.equal((await resolved(entries, async () => [{ kind: "event_deleted", department_id: "dev", event: event("1") }]))[0].kind, "deleted");
  assert.equal((await resolved(entries, async () => { throw Object.assign(new Error(), { status: 404 }); }))[0].kind, "gone");
  assert.equal((await resolved(entries, async () => { throw Object.assign(new Error(), { status: 0 }); }))[0].kind, "deleted");
  const many = entriesOf(burst(Array.from({ length: 9 }, (_, number) => change("deleted", event(String(number))))));
  assert.equal(await resolved(many, () => assert.fail("asked")), many);
});

test("another day or time is told as such, another title too", () => {
  const moved = change("updated", event("1", { event_date: "2026-11-05", start_time: "14:00" }), { before: event("1") });
  assert.equal(said(lines(burst([moved]))), "개발팀: 김민지 님이 ‘회의’ 일정을 2026-11-05 14:00으로 옮겼습니다.");
  const renamed = change("updated", event("1", { title: "주간 회의" }), { before: event("1") });
  assert.equal(said(lines(burst([renamed]))), "개발팀: 김민지 님이 ‘회의’ 일정의 제목을 ‘주간 회의’로 바꿨습니다.");
});

test("several changes of one event come to one thing", () => {
  const created = change("created", event("1"));
  assert.equal(lines(burst([created, change("updated", event("1"))]))[0].key, "created");
  assert.equal(lines(burst([created, change("deleted", event("1"))])).length, 0);
  assert.equal(lines(burst([change("updated", event("1")), change("deleted", event("1"))]))[0].key, "deleted");
  const there = burst([change("created", event("1", { department_id: "hr" })), change("updated", event("1", { department_id: "hr" }))], { departmentId: "hr" });
  assert.equal(said(lines(burst([created, change("deleted", event("1"))]), there)), "인사부: 김민지 님이 ‘회의’ 일정을 등록했습니다.");
  assert.equal(said(lines(burst([change("deleted", event("1"))]), there)), "김민지 님이 ‘회의’ 일정을 개발팀에서 인사부로 옮겼습니다.");
});

test("what was changed while one was away is one announcement", () => {
  const away = lines(burst([change("updated", event("1"), { by: "" }), change("created", event("2"), { by: "" })], { caughtUp: true }));
  assert.equal(said(away), "그동안 일정 2건이 바뀌었습니다.");
  assert.equal(said(away, en), "In the meantime, 2 events were changed.");
});

test("a name from right to left is set apart, and nothing else", () => {
  assert.equal(said(lines(burst([change("created", event("1"), { by: "שלום" })]))), "개발팀: \u2068שלום 님\u2069이 ‘회의’ 일정을 등록했습니다.");
});

test("every line has its sentence in both languages", () => {
  const keys = ["created", "updated", "moved_time", "renamed", "deleted", "moved", "gone", "changed_many"].concat(["created", "updated", "deleted", "moved", "gone"].map((key) => `${key}_many`));
  for (const key of keys) {
    for (const who of ["", "김민지"]) {
      const line = { key, who, verified: true, departments: ["dev"], from: "hr", values: { title: "t", when: "w", name: "n", count: 2 } };
      for (const text of [ko, en]) {
        const { key: named, values } = sentence(line, { text, nameOf });
        assert.doesNotMatch(text(named, values), /undefined|\{/, named);
      }
    }
  }
});

test("a line of what was deleted says in which department it can be brought back", () => {
  assert.equal(lines(burst([change("deleted", event("1"))]))[0].restore, "dev");
  assert.equal(lines(burst([change("created", event("1"))]))[0].restore, null);
});

test("a deletion is as old as the message of it, not as the event", () => {
  const changes = [change("deleted", event("1"))];
  assert.equal(entriesOf(burst(changes), "2026-11-26T05:00:00.000Z")[0].at, "2026-11-26T05:00:00.000Z");
  assert.equal(entriesOf(burst(changes, { caughtUp: true }))[0].at, "");
});
