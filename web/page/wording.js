// Fills texts in: Korean particles that fit the word before them, English plurals, names that can't turn the sentence. Pure.
//
// A template has `{name}` for a value, `{이/가}` for the particle that the word before it asks for, and
// `{count:event/events}` for a number with the noun that agrees with it.

const SLOT = /\{(\w+)(?::([^/{}]*)\/([^{}]*))?\}|\{([가-힣]*)\/([가-힣]+)\}/g;
// Scripts written from right to left, and characters that change the direction.
const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;
const DIRECTIONS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const CLOSED_DIGITS = { 0: "ㅇ", 1: "ㄹ", 3: "ㅁ", 6: "ㄱ", 7: "ㄹ", 8: "ㄹ" };
const RIEUL = 8;

/** Returns how the last sound of a word ends: "open", "closed", "rieul" (ㄹ), or null where spelling doesn't tell. */
function ending(word) {
  // What stands in brackets at the end isn't read: 회의(주간)를.
  const read = word.normalize("NFC").replace(/(?<=[\p{L}\p{N}].*)\s*[(（][^()（）]*[)）][^\p{L}\p{N}]*$/u, "");
  const last = read.match(/[\p{L}\p{N}](?=[^\p{L}\p{N}]*$)/u)?.[0] ?? "";
  if (/[가-힣]/.test(last)) {
    const final = (last.codePointAt(0) - 0xac00) % 28;
    return final === 0 ? "open" : final === RIEUL ? "rieul" : "closed";
  }
  if (/[0-9]/.test(last)) return last in CLOSED_DIGITS ? (CLOSED_DIGITS[last] === "ㄹ" ? "rieul" : "closed") : "open";
  return /[a-z]/i.test(last) ? latinEnding(read.match(/[a-z]+(?=[^a-z]*$)/i)[0]) : null;
}

/** The ending of a Latin word as it is said in Korean; abbreviations are read letter by letter. */
function latinEnding(word) {
  if (word === word.toUpperCase() && word.length <= 5) return /[LR]$/.test(word) ? "rieul" : /[MN]$/.test(word) ? "closed" : "open";
  const small = word.toLowerCase();
  if (/le?$/.test(small)) return "rieul";
  if (/(m|n|ng|me|ne)$/.test(small)) return "closed";
  if (/[aeiouywrsxzfvhd]$/.test(small)) return "open";
  return null;
}

/** Returns the particle of `pair` ("이/가") that follows `word`; "이(가)" where nobody can tell. */
export function particle(word, pair) {
  const [closed, open] = pair.split("/");
  const end = ending(word);
  if (end === null) return closed === "으로" ? "(으)로" : closed === "이" && open === "" ? "(이)" : `${closed}(${open})`;
  if (end === "rieul") return closed === "으로" ? open : closed;
  return end === "closed" ? closed : open;
}

/** Returns a template as `[{text, value}]`: `value` says whether the text came from outside of the template. */
export function partsOf(template, values = {}) {
  const parts = [];
  let rest = 0;
  const soFar = () => parts.map(({ text }) => text).join("");
  for (const match of template.matchAll(SLOT)) {
    if (match.index > rest) parts.push({ text: template.slice(rest, match.index), value: false });
    rest = match.index + match[0].length;
    const [, name, one, many, closed, open] = match;
    if (open !== undefined) parts.push({ text: particle(soFar(), `${closed}/${open}`), value: false });
    else {
      parts.push({ text: String(values[name]), value: typeof values[name] !== "number" });
      if (many !== undefined) parts.push({ text: ` ${isOne(values[name]) ? one : many}`, value: false });
    }
  }
  if (rest < template.length) parts.push({ text: template.slice(rest), value: false });
  return parts;
}

const isOne = (value) => String(value) === "1";

/** Returns a value so that in a line of plain text it can't turn what stands around it. */
export const isolated = (value) => (TURNS.test(value) ? `\u2068${value.replace(DIRECTIONS, "")}\u2069` : value);

/** Returns a template filled in, as one line of plain text: for labels and announcements. */
export const fill = (template, values) =>
  partsOf(template, values).map(({ text, value }) => (value ? isolated(text) : text)).join("");
