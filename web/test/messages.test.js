import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { languageOf, MESSAGES, translator } from "../page/messages.js";

const folder = new URL("../", import.meta.url);
const read = (name) => readFileSync(new URL(name, folder), "utf8");
const page = read("index.html");
const modules = readdirSync(new URL("page/", folder), { recursive: true })
  .filter((name) => name.endsWith(".js") && !name.endsWith("messages.js")).map((name) => read(`page/${name}`)).join("\n");

test("both languages have the same keys, each with the same values to fill in", () => {
  assert.deepEqual(Object.keys(MESSAGES.en).sort(), Object.keys(MESSAGES.ko).sort());
  const slots = (message) => [...new Set([...message.matchAll(/\{(\w+)[:}]/g)].map(([, slot]) => slot))].sort();
  for (const key of Object.keys(MESSAGES.ko)) {
    assert.deepEqual(slots(MESSAGES.en[key]), slots(MESSAGES.ko[key]), key);
    assert.ok(MESSAGES.en[key] && MESSAGES.ko[key], key);
  }
});

test("no two rooms have a text of the same name", () => {
  const rooms = readdirSync(new URL("page/", folder), { recursive: true }).filter((name) => name.endsWith("messages.js"));
  const keys = rooms.flatMap((name) => [...read(`page/${name}`).split(/^ {2}en: \{/m)[0].matchAll(/^ {4}(\w+): /gm)].map(([, key]) => key));
  assert.deepEqual(keys.filter((key, index) => keys.indexOf(key) !== index), []);
});

/** Names that are put together: `role_${role}` names every text that begins so. */
const composed = [...modules.matchAll(/`(\w*)\$\{[^}`]+\}(\w*)(?:\$\{[^`]*\})?`/g)].filter(([, start, end]) => start.length + end.length > 3)
  .map(([, start, end]) => new RegExp(`^${start}\\w+${end}`));

test("every text that the page names exists, and every text is named somewhere", () => {
  const inMarkup = [...page.matchAll(/data-(?:text|label|placeholder)="(\w+)"/g)];
  const named = [...inMarkup, ...modules.matchAll(/\b(?:text\(|worded\(text, |field\(text, |check\(text, )"(\w+)"/g)].map(([, key]) => key);
  for (const key of named) assert.ok(key in MESSAGES.ko, key);
  for (const key of Object.keys(MESSAGES.ko)) {
    assert.ok(named.includes(key) || modules.includes(`"${key}"`) || new RegExp(`\\b${key}\\b`).test(modules) || composed.some((pattern) => pattern.test(key)), `${key} is unused`);
  }
});

test("Korean unless the browser speaks another language", () => {
  assert.deepEqual(["ko", "ko-KR", "KO-kr", "", undefined].map(languageOf), ["ko", "ko", "ko", "ko", "ko"]);
  assert.deepEqual(["en-US", "ja", "kok-IN"].map(languageOf), ["en", "en", "en"]);
});

test("values are filled in as they are", () => {
  assert.equal(translator("en")("department_created", { name: "$& {name}" }), "“$& {name}” was created.");
});

test("the page keeps to the strict content security policy of its header", () => {
  assert.doesNotMatch(page, /http-equiv/);
  assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  assert.doesNotMatch(modules, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
  assert.doesNotMatch(page, /(?:src|href)="https?:/);
});

test("every control of the page has a name for screen readers", () => {
  const outside = page.replace(/<label[^]*?<\/label>/g, "");
  for (const [tag] of outside.matchAll(/<(?:input|select|textarea)\b[^>]*>/g)) {
    const [, id] = tag.match(/ id="([^"]+)"/) ?? [];
    assert.ok(/aria-label(?:ledby)?=|data-label=/.test(tag) || (id && page.includes(`for="${id}"`)), tag);
  }
  for (const [tag, attributes, content] of page.matchAll(/<button\b([^>]*)>([^]*?)<\/button>/g)) {
    const named = /data-text=|data-label=|data-action="other-way"|type="submit"|id="account"/.test(attributes + content);
    assert.ok(named, tag);
  }
  for (const [, dialog] of page.matchAll(/<dialog\b([^>]*)>/g)) {
    const [, heading] = dialog.match(/aria-labelledby="([^"]+)"/);
    assert.ok(page.includes(`id="${heading}"`), heading);
  }
});
