// Files of other programs (.ics, .csv) that are taken into a department: sends them, and shows what became of each entry.

import { element } from "../element.js";
import { worded } from "../form-parts.js";

export const LARGEST_FILE = 10_000_000;
const PAUSE = 500;
/** What was imported arrives as others see it, too: a moment later. */
const ARRIVES_IN = 3_000;
/** Entries that are shown of a report, in all. */
const MOST_SHOWN = 500;
const COUNTS = { created: "import_created", updated: "import_updated", unchanged: "import_unchanged", kept: "import_kept", refused: "import_refused" };
const RESULTS = { created: "result_created", updated: "result_updated", unchanged: "result_unchanged", kept: "result_kept", refused: "result_refused" };
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Yields a job as it goes on, each time with the entries that its report has more: `{job, entries}`. */
export async function* following(routes, job, wait = pause) {
  let seen = 0;
  for (;;) {
    const now = await routes.importJob(job.id, seen);
    const entries = now.report ?? [];
    seen += entries.length;
    yield { job: now, entries };
    if (now.state === "running") await wait(PAUSE);
    else if (entries.length === 0) return;
  }
}

/** Whether the user has to know of an entry what became of it. */
export const isRemarkable = ({ result, warnings }) => result === "refused" || result === "kept" || (warnings ?? []).length > 0;

/** Says why: of a row that is refused or kept, and of a warning; `field` and `detail` say what is meant. */
export function inWords({ message, reason, field, detail }) {
  const about = [field, detail].filter(Boolean).join(" ");
  return [message ?? reason, about && `(${about})`].filter(Boolean).join(" ");
}

/** The part of a dialog that shows the report; `useButton(button)` names the one that starts an import. */
export function createImport({ routes, text }) {
  const progress = element("progress", { max: 1, aria: { label: text("import_progress") } });
  const [state, counts] = ["state", "counts"].map((className) => element("p", { className, aria: { role: "status" } }));
  const list = element("ul");
  const more = element("p", { className: "more quiet", hidden: true });
  const report = element("div", { className: "report wide", hidden: true }, progress, state, counts, list, more);
  let button = null;
  let remarks = 0;
  let running = null;
  // Department → how many files are being taken into it
  const into = new Map();
  const count = (id, by) => into.set(id, (into.get(id) ?? 0) + by);

  async function take(files, department) {
    clear();
    const mine = (running = Symbol("import"));
    button.disabled = true;
    report.hidden = false;
    try {
      for (const file of files) if (running === mine) await takeOne(file, department, mine);
    } finally {
      if (running === mine) {
        running = null;
        button.disabled = false;
        if (!progress.hasAttribute("value")) report.hidden = true;
      }
    }
  }

  async function takeOne(file, department, mine) {
    if (file.size > LARGEST_FILE) throw Object.assign(new Error(text("import_too_large", { name: file.name })), { status: 413, errors: [] });
    state.textContent = text("import_sending", { name: file.name, department: department.name });
    progress.removeAttribute("value");
    count(department.id, 1);
    try {
      const begun = await routes.importFile(department.id, file);
      for await (const { job, entries } of following(routes, begun)) {
        if (running !== mine) return;
        show(job, entries, file.name);
      }
    } finally {
      setTimeout(() => count(department.id, -1), ARRIVES_IN);
    }
  }

  function show(job, entries, name) {
    const { total, done } = job;
    if (total) Object.assign(progress, { max: total, value: done });
    // Of a file that isn't understood nothing was taken: to try it again doesn't help.
    const isRefused = job.state === "failed" && !job.done;
    if (job.state !== "running") Object.assign(progress, { max: 1, value: isRefused ? 0 : 1 });
    state.textContent = text({ running: "import_running", done: "import_done" }[job.state] ?? (isRefused ? "import_refused_file" : "import_failed"), { name, done: done ?? 0, total: total ?? "…" });
    counts.textContent = Object.entries(COUNTS).filter(([key]) => job[key] > 0).map(([key, label]) => text(label, { count: job[key] })).join(" · ");
    const remarkable = entries.filter(isRemarkable);
    list.append(...remarkable.slice(0, Math.max(0, MOST_SHOWN - remarks)).map(item));
    remarks += remarkable.length;
    more.hidden = remarks <= MOST_SHOWN;
    more.textContent = more.hidden ? "" : text("import_more", { count: remarks - MOST_SHOWN });
    if (job.state === "failed" && job.message) list.append(element("li", { textContent: job.message }));
  }

  function item(row) {
    const { entry, title, uid, result, warnings } = row;
    const reasons = [row, ...(warnings ?? [])].map(inWords).filter(Boolean);
    return element("li", { data: { result } },
      element("strong", {}, ...worded(text, "import_entry", { entry, title: title || uid || text("untitled") })), " ",
      element("span", { textContent: [text(RESULTS[result] ?? "result_refused"), reasons.join(" ")].filter(Boolean).join(": ") }));
  }

  /** Shows nothing any more, neither of what was imported nor of what still is. */
  function clear() {
    running = null;
    button.disabled = false;
    remarks = 0;
    report.hidden = more.hidden = true;
    state.textContent = counts.textContent = "";
    list.replaceChildren();
  }

  return { report, take, clear, useButton: (start) => (button = start), isRunning: () => running !== null, isImporting: (id) => into.get(id) > 0 };
}
