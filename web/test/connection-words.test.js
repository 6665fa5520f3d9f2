import assert from "node:assert/strict";
import test from "node:test";
import { connectionWords, isWorthSaying } from "../page/notices/connection-words.js";
import { MESSAGES, translator } from "../page/messages.js";

const ko = translator("ko");
const words = (state, waiting = 0, secure = true) => connectionWords({ state, waiting, since: new Date() }, { secure });

test("every state has words and an explanation in both languages", () => {
  for (const state of ["connecting", "live", "catching_up", "offline", "signed_out"]) {
    for (const waiting of [0, 3]) {
      for (const secure of [true, false]) {
        const { key, hint } = words(state, waiting, secure);
        for (const language of ["ko", "en"]) assert.ok(MESSAGES[language][key] && MESSAGES[language][hint], `${state} ${key} ${hint}`);
      }
    }
  }
});

test("where nothing can be stored, that is said", () => {
  for (const state of ["live", "offline"]) {
    const { hint } = connectionWords({ state, waiting: 1, keeping: false }, { secure: true });
    for (const language of ["ko", "en"]) assert.ok(MESSAGES[language][hint], hint);
    assert.match(ko(hint), /닫/);
  }
});

test("what waits is counted, and a save is shown as waiting", () => {
  assert.equal(ko(words("offline", 3).key, words("offline", 3).values), "오프라인 · 변경 3건 대기 중");
  assert.equal(words("live", 2).state, "saving");
  assert.equal(words("live").state, "live");
});

test("over plain http the page says that it can't be opened offline", () => {
  assert.notEqual(words("live", 0, false).hint, words("live").hint);
  assert.match(ko(words("offline", 0, false).hint), /http/);
});

test("a connection that goes or comes back is said, a flicker isn't", () => {
  assert.equal(isWorthSaying("live", "offline"), true);
  assert.equal(isWorthSaying("offline", "live"), true);
  for (const [before, now] of [[null, "live"], ["live", "catching_up"], ["catching_up", "live"], ["offline", "connecting"], ["connecting", "live"]]) {
    assert.equal(isWorthSaying(before, now), false, `${before} ${now}`);
  }
});
