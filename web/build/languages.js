// One language at a time, and at first only what the first look needs: nobody loads texts that he doesn't read.
//
// `messages.js?first=ko` has the Korean texts that the files of the first look name, `messages.js?rest=ko` all others.

import { readFileSync, statSync } from "node:fs";

/** `early()` returns the paths of the files that are loaded at once. */
export const languages = (early) => ({
  name: "teamcal-languages",
  async load(id) {
    const [, file, part, language] = /^(.*messages\.js)\?(first|rest)=(\w+)$/.exec(id) ?? [];
    if (!file) return null;
    const { MESSAGES } = await import(`file://${file}?at=${statSync(file).mtimeMs}`);
    const isNamed = namedIn(early().map((path) => readFileSync(path, "utf8")).join("\n"));
    const texts = Object.entries(MESSAGES[language]).filter(([key]) => isNamed(key) === (part === "first"));
    return `export const texts = ${JSON.stringify(Object.fromEntries(texts))};`;
  },
});

/** Returns whether sources name a key: as a word of its own, or by its beginning (`role_${…}`) or its end. */
function namedIn(sources) {
  const words = new Set(sources.match(/\w+/g));
  const beginnings = [...sources.matchAll(/[`"](\w+_)\$\{/g)].map(([, beginning]) => beginning);
  const parts = [...sources.matchAll(/\$\{[^}]*\}(_\w+)`/g)].map(([, end]) => end);
  return (key) => words.has(key) || beginnings.some((each) => key.startsWith(each)) || parts.some((each) => key.endsWith(each));
}
