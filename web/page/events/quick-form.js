// Quick entry: a line, and under it what was understood, before anything is stored.

import "./quick.css";
import { element } from "../element.js";
import { categoryName, categoryNames } from "./categories.js";
import { parseQuickEntry } from "./quick-entry.js";

const KINDS = { day: "quick_day", time: "quick_time", repetition: "quick_repetition", place: "field_location", department: "field_department", category: "field_categories" };

/**
 * Returns `{element, focus(), isDirty(), clear()}`: put `element` where it belongs. `day()` is the day that is meant where the line
 * names none, `today()` today; `editable()` the departments that one may change, `preferred()` the id of the likely one;
 * `known()` returns `{categories, places}`; `more(fields)` opens the whole form with what was understood;
 * `undo()` takes the last change back; `remember(line)` and `recall()` keep the line over a reload.
 */
export function createQuickForm({ text, words, actions, today, day, editable, preferred, known, more, undo, created = () => {}, remember = () => {}, recall = () => "" }) {
  const input = element("input", {
    name: "quick", className: "quick-input", placeholder: text("quick_hint"), autocomplete: "off", maxLength: 500, enterKeyHint: "done",
    aria: { label: text("quick_entry"), describedby: "quick-preview" },
  });
  const preview = element("div", { id: "quick-preview", className: "quick-preview", hidden: true, aria: { live: "polite" } });
  const form = element("form", { className: "quick", noValidate: true }, input, preview);
  // The half of the day that was chosen for a time that may be in both.
  let chosen = {};
  // Until something was typed, it is said what can be.
  let isNew = true;

  const read = () => parseQuickEntry(input.value, {
    today: today(), day: day(), chosen, categories: categoryNames(known().categories), places: known().places, departments: editable(),
  });

  function fieldsOf({ fields }) {
    const { time, ...rest } = fields;
    const timed = time && chosen[time] ? { ...rest, start_time: chosen[time] } : fields;
    return { ...timed, department_id: fields.department_id ?? preferred() };
  }

  function draw() {
    const isEmpty = input.value.trim() === "";
    isNew &&= isEmpty;
    preview.hidden = isEmpty && !isNew;
    if (isEmpty) return preview.replaceChildren(element("p", { className: "quiet", textContent: text("quick_help") }));
    const reading = read();
    const fields = fieldsOf(reading);
    preview.replaceChildren(
      element("p", { className: "quick-what" }, element("bdi", { className: "quick-title", textContent: fields.title || text("quick_untitled") }), element("span", { textContent: words.dayAndTimes(fields) })),
      element("p", { className: "quick-parts" }, ...parts(reading, fields)), ...reading.unclear.map(unclear), buttons());
  }

  const part = (kind, content) => element("span", { className: "quick-part" }, element("span", { className: "quiet", textContent: text(KINDS[kind]) }), " ", element("bdi", { textContent: content }));

  function parts({ understood, fields: { department_id: named } }, fields) {
    const department = editable().find(({ id }) => id === fields.department_id);
    return [
      fields.recurrence ? part("repetition", words.rule(fields)) : null,
      fields.location ? part("place", fields.location) : null,
      ...(fields.categories ?? []).map((each) => part("category", categoryName(each, text))),
      department ? part("department", department.name) : null,
      department && !named && editable().length > 1 ? element("span", { className: "quiet", textContent: text("quick_other_department") }) : null,
      editable().length === 0 ? element("strong", { textContent: text("quick_no_department") }) : null,
      understood.length === 0 ? element("span", { className: "quiet", textContent: text("quick_nothing") }) : null,
    ].filter(Boolean);
  }

  function unclear({ kind, text: source, choices }) {
    const said = element("p", { className: "quick-unclear" }, text(choices.length > 0 ? "quick_which_half" : `quick_unclear_${kind}`, { text: source }), " ");
    for (const choice of choices) {
      said.append(element("button", {
        type: "button", textContent: words.time(choice), aria: { pressed: chosen[source] === choice }, onclick: () => {
          chosen = { [source]: chosen[source] === choice ? undefined : choice };
          draw();
          input.focus();
        },
      }));
    }
    return said;
  }

  const buttons = () => element("p", { className: "quick-buttons" },
    element("button", { type: "button", textContent: text("quick_more"), onclick: () => openMore() }),
    element("button", { type: "submit", className: "primary", textContent: text("quick_save") }));

  function openMore() {
    // There is nowhere to put it: the line stays, and the preview says why.
    if (editable().length === 0) return input.focus();
    const fields = fieldsOf(read());
    clear();
    return more(fields);
  }

  function clear() {
    input.value = "";
    chosen = {};
    remember("");
    draw();
  }

  async function save() {
    if (input.value.trim() === "") return;
    const { department_id: departmentId, ...fields } = fieldsOf(read());
    // A title and a department are needed; the form asks for them.
    if (!fields.title || !departmentId) return openMore();
    clear();
    const writes = await actions.create(departmentId, fields);
    if (writes) created(writes[0].event);
  }

  draw();
  input.oninput = () => {
    remember(input.value);
    draw();
  };
  form.onsubmit = (submission) => {
    submission.preventDefault();
    save();
  };
  form.onkeydown = (press) => {
    // There is nothing of its own to take back.
    if (press.key.toLowerCase() === "z" && (press.ctrlKey || press.metaKey) && !press.shiftKey && input.value === "") {
      press.preventDefault();
      undo();
    }
    if (press.key !== "Escape" || press.isComposing) return;
    // What was typed stays.
    document.activeElement.blur();
    press.stopPropagation();
  };

  return {
    element: form, focus: () => input.focus(), isDirty: () => input.value.trim() !== "", clear,
    /** Takes over what was typed already. */
    take(line) {
      if (line === "") return;
      input.value = line;
      remember(line);
      draw();
    },
    /** Shows what was typed before a reload. */
    recall() {
      if (input.value !== "" || recall() === "") return;
      input.value = recall();
      draw();
    },
  };
}
