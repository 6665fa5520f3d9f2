// Which language the page speaks, and how it fills its texts.

import { fill, partsOf } from "./wording.js";

/** Returns `ko` unless the browser's language is another one. */
export const languageOf = (browserLanguage) => (/^(ko\b|$)/i.test(browserLanguage ?? "") ? "ko" : "en");

/**
 * Returns `text(key, values)`, a line of plain text. Its `parts(key, values)` are the same as `[{text, value}]`: `value` says
 * that it came from outside, and belongs into `<bdi>` (form-parts.js, `worded`).
 */
export function translatorOf(texts, language) {
  const text = (key, values) => fill(texts[key], values);
  return Object.assign(text, { language, parts: (key, values) => partsOf(texts[key], values) });
}
