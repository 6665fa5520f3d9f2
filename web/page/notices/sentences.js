// Lines as sentences. Pure.

import { isolated } from "../wording.js";

/**
 * Returns `[key, values]`, the text of a line with who did it in it. `nameOf(departmentId)` is a department's name.
 * Where a line stands beside its department, `withDepartment` is false.
 */
export function sentence(line, { text, nameOf, withDepartment = true }) {
  const target = line.key === "moved" ? { from: nameOf(line.from), to: nameOf(line.departments[0]) } : {};
  const key = `others_${line.key}${line.who ? "_by" : ""}`;
  const values = { ...line.values, ...target, ...(line.who ? { who: author(line, text) } : {}) };
  if (!withDepartment || line.departments.length !== 1 || line.key === "moved") return { key, values, department: "" };
  return { key, values, department: nameOf(line.departments[0]) };
}

/** The author as people are told: a name that nobody has checked is marked as one. */
export const author = ({ who, verified }, text) => text(verified ? "author" : "author_unverified", { name: who });

/** Returns what is announced of lines, as one text: the lines if they are few, else how many changes there were. */
export function announcementOf(lines, { text, nameOf }) {
  if (lines.length === 0) return "";
  const count = lines.reduce((sum, line) => sum + line.count, 0);
  const away = lines.some((line) => line.away);
  if (away) return text("others_while_away", { count });
  if (lines.length > 2) return text("others_several", { count });
  return lines.map((line) => spoken(line, { text, nameOf })).join(" ");
}

function spoken(line, { text, nameOf }) {
  const { key, values, department } = sentence(line, { text, nameOf });
  const said = text(key, values);
  return department ? `${isolated(department)}: ${said}` : said;
}
