import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { languageOf, MESSAGES, translator } from "../messages.js";

const folder = new URL("../", import.meta.url);
const read = (name) => readFileSync(new URL(name, folder), "utf8");
const page = read("index.html");
const modules = readdirSync(folder).filter((name) => name.endsWith(".js") && name !== "messages.js").map(read).join("\n");

test("both languages have the same keys, each with the same values to fill in", () => {
  assert.deepEqual(Object.keys(MESSAGES.en), Object.keys(MESSAGES.ko));
  const slots = (message) => [...message.matchAll(/\{\w+\}/g)].map(([slot]) => slot).sort();
  for (const key of Object.keys(MESSAGES.ko)) {
    assert.deepEqual(slots(MESSAGES.en[key]), slots(MESSAGES.ko[key]), key);
    assert.ok(MESSAGES.en[key] && MESSAGES.ko[key], key);
  }
});

test("every text that the page names exists, and every text is named somewhere", () => {
  const named = [...page.matchAll(/data-(?:text|label|placeholder)="(\w+)"/g), ...modules.matchAll(/\btext\("(\w+)"/g)].map(([, key]) => key);
  for (const key of named) assert.ok(key in MESSAGES.ko, key);
  for (const key of Object.keys(MESSAGES.ko)) {
    assert.ok(named.includes(key) || modules.includes(`"${key}"`) || key.startsWith("field_"), `${key} is unused`);
  }
});

test("Korean unless the browser speaks another language", () => {
  assert.deepEqual(["ko", "ko-KR", "KO-kr", "", undefined].map(languageOf), ["ko", "ko", "ko", "ko", "ko"]);
  assert.deepEqual(["en-US", "ja", "kok-IN"].map(languageOf), ["en", "en", "en"]);
});

test("values are filled in as they are", () => {
  assert.equal(translator("en")("delete_department_named", { name: "$& {name}" }), "Delete department “$& {name}”");
});

test("the page keeps to the strict content security policy of its header", () => {
  assert.doesNotMatch(page, /http-equiv/);
  assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  assert.doesNotMatch(modules, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
  assert.doesNotMatch(page, /(?:src|href)="https?:/);
});
