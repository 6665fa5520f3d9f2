import assert from "node:assert/strict";
import test from "node:test";
import { fill, particle, partsOf } from "../page/wording.js";

test("a particle fits the last sound of the word before it", () => {
  const cases = {
    "이/가": { 회의: "가", 일정: "이", "김민지 님": "이", "회의(주간)": "가", "‘교육’": "이", "휴가…": "가" },
    "을/를": { 휴가: "를", 출장: "을", 2026: "을", 10: "을", 5: "를", 1: "을", KPI: "를", PM: "을", team: "을", server: "를", Seoul: "을" },
    "으로/로": { 인사팀: "으로", 서울: "로", 개발부: "로", "3일": "로", "14:00": "으로", "오전 9:01": "로", HTML: "로", design: "으로" },
    "은/는": { "Kim Min-ji": "는", 서울역: "은", "1팀": "은" },
    "과/와": { 물: "과", 나무: "와" },
  };
  for (const [pair, words] of Object.entries(cases)) {
    for (const [word, expected] of Object.entries(words)) assert.equal(particle(word, pair), expected, `${word} + ${pair}`);
  }
});

test("a word that is typed decomposed counts as the same word", () => {
  assert.equal(particle("일정".normalize("NFD"), "이/가"), "이");
});

test("where nobody can tell, both are written", () => {
  assert.equal(particle("会議", "이/가"), "이(가)");
  assert.equal(particle("🎉", "으로/로"), "(으)로");
  assert.equal(particle("Park", "을/를"), "을(를)");
  assert.equal(particle("", "은/는"), "은(는)");
});

test("a template's values are parts of their own, and particles follow what was filled in", () => {
  const template = "{who}{이/가} ‘{title}’{을/를} 옮겼습니다.";
  assert.equal(fill(template, { who: "김민지 님(미확인)", title: "회의" }), "김민지 님(미확인)이 ‘회의’를 옮겼습니다.");
  assert.deepEqual(partsOf("‘{title}’{을/를}", { title: "교육" }).map(({ value }) => value), [false, true, false, false]);
});

test("an English noun agrees with its number", () => {
  assert.equal(fill("{count:event/events} added.", { count: 1 }), "1 event added.");
  assert.equal(fill("{count:event/events} added.", { count: 300 }), "300 events added.");
});

test("values are filled in as they are: nothing in them is a template", () => {
  assert.equal(fill("“{name}”", { name: "$& {name} {이/가}" }), "“$& {name} {이/가}”");
});

test("a name can't turn the sentence around", () => {
  assert.equal(fill("A {name} B", { name: "\u202eevil" }), "A \u2068evil\u2069 B");
  assert.equal(fill("A {name} B", { name: "שלום" }), "A \u2068שלום\u2069 B");
  assert.equal(fill("A {name} B", { name: "김민지" }), "A 김민지 B");
});
