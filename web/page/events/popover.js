// What an event is, beside it, before anything is edited.

import "./popover.css";
import { element } from "../element.js";
import { dress } from "../views/palette.js";
import { categoryColour, categoryName } from "./categories.js";
import { dDay } from "./d-day.js";
import { colourOf, lastDay } from "./event-fields.js";
import { rememberFocus } from "./focus.js";
import { webAddress } from "./web-address.js";

const STATUS_TEXTS = { tentative: "status_tentative", cancelled: "status_cancelled" };
const GAP = 8;

/**
 * `on` has `edit(event)`, `duplicate(event)`, `move(event)`, `remove(event)`, `link(event)`, and `history(event)` if there is one; `mayEdit(event)`
 * says whether one may, `today()` is the day.
 * `open(event, anchor)` shows it beside the element `anchor`; the focus goes back there when it closes.
 */
export function createPopover({ sync, text, words, mayEdit, today, on }) {
  let shown = null;

  sync.on("changed", refresh);
  sync.on("presence", refresh);

  function open(event, anchor) {
    close({ restore: false });
    const box = element("section", { className: "event-popover", tabIndex: -1, aria: { role: "dialog", labelledby: "popover-title" } });
    shown = { event, box, anchor, back: rememberFocus(anchor ?? document.activeElement) };
    fill();
    document.body.append(box);
    if (box.showPopover) {
      box.popover = "manual";
      box.showPopover();
    }
    place();
    box.focus();
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("keydown", pressed, true);
    window.addEventListener("resize", place);
    watch();
  }

  /** A phone's Back gesture closes it, where the browser tells of that. */
  function watch() {
    if (!("CloseWatcher" in globalThis)) return;
    shown.watcher = new CloseWatcher();
    shown.watcher.onclose = () => close();
  }

  function close({ restore = true } = {}) {
    if (!shown) return;
    const { box, back, watcher } = shown;
    shown = null;
    watcher?.destroy();
    box.remove();
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", pressed, true);
    window.removeEventListener("resize", place);
    if (restore) back();
  }

  function outside(press) {
    const { target } = press;
    if (shown.box.contains(target) || target.closest?.("dialog")) return;
    // The first click beside it only closes it: a new event under the finger would surprise.
    if (!target.closest?.("[data-event], button, a, input, select, textarea, summary, label")) press.preventDefault();
    close({ restore: false });
  }

  function pressed(press) {
    // A window over it has its own Esc.
    if (document.querySelector("dialog[open]:modal")) return;
    if (press.key === "Escape") {
      press.preventDefault();
      press.stopPropagation();
      close();
    } else if (press.key === "Tab") {
      keepInside(press);
    }
  }

  function keepInside(press) {
    const stops = [...shown.box.querySelectorAll("button, a[href]")];
    const at = stops.indexOf(document.activeElement);
    const next = press.shiftKey ? (at <= 0 ? stops.length - 1 : at - 1) : at + 1;
    if (at >= 0 && next !== 0 && next < stops.length && !(press.shiftKey && at === 0)) return;
    press.preventDefault();
    stops[next % stops.length]?.focus();
  }

  /** Shows what has changed meanwhile, and closes when the event is gone. */
  function refresh() {
    if (!shown) return;
    const event = sync.find(shown.event.id);
    if (!event) return close();
    const focused = shown.box.contains(document.activeElement) ? document.activeElement.dataset.action ?? "" : null;
    shown.event = event;
    fill();
    if (focused !== null) (shown.box.querySelector(`[data-action="${focused}"]`) ?? shown.box).focus();
  }

  function place() {
    const { box, anchor } = shown;
    // On a phone it is a sheet at the lower edge (popover.css).
    if (!anchor?.isConnected || matchMedia("(max-width: 700px)").matches) {
      box.classList.toggle("centred", !anchor?.isConnected);
      return;
    }
    const [at, { offsetWidth: width, offsetHeight: height }] = [anchor.getBoundingClientRect(), box];
    const right = at.right + GAP + width <= innerWidth;
    const left = right ? at.right + GAP : at.left - GAP - width >= 0 ? at.left - GAP - width : Math.min(Math.max(GAP, at.left), innerWidth - width - GAP);
    const below = right || at.left - GAP - width >= 0 ? at.top : at.bottom + GAP;
    box.style.left = `${Math.max(GAP, left)}px`;
    box.style.top = `${Math.max(GAP, Math.min(below, innerHeight - height - GAP))}px`;
  }

  function fill() {
    const { event, box } = shown;
    const edit = mayEdit(event);
    box.replaceChildren(head(event, edit), ...facts(event), foot(event, edit));
    dress(box, sync.departments.get(event.department_id), colourOf(event) || categoryColour(event));
  }

  const button = (action, label, { className = "", ...rest } = {}) => element("button", {
    type: "button", className, data: { action }, textContent: text(label), onclick: () => act(action), ...rest,
  });

  function act(action) {
    const { event, back } = shown;
    // The next window gives the focus back to where this one was opened from.
    close({ restore: false });
    back();
    if (action !== "close") on[action](event);
  }

  function head(event, edit) {
    const close = element("button", { type: "button", className: "icon", textContent: "×", data: { action: "close" }, onclick: () => act("close"), aria: { label: text("close") } });
    return element("header", {}, element("h2", { id: "popover-title" }, element("bdi", { textContent: event.title || text("untitled") })),
      edit ? button("edit", "edit", { className: "primary" }) : null, close);
  }

  function facts(event) {
    const series = event.series_id ? sync.find(event.series_id) : null;
    const url = webAddress(event.url);
    const left = lastDay(event) >= today() ? dDay(event.event_date, today()) : "";
    const editing = (sync.presence(event.department_id).editing.get(event.id) ?? []).map(({ name }) => name).filter(Boolean);
    return [
      element("p", { className: "when" }, words.dayAndTimes(event), left ? element("span", { className: "d-day", textContent: left }) : null),
      line("rule quiet", series?.recurrence ? words.rule(series) : ""),
      event.status in STATUS_TEXTS ? line("status", text(STATUS_TEXTS[event.status])) : null,
      event.pending ? line("pending quiet", text("save_waiting")) : null,
      editing.length > 0 ? line("quiet", text("editing_too", { names: editing.join(", ") })) : null,
      fact("field_location", event.location), fact("field_people", (event.people ?? []).join(", ")),
      fact("field_department", sync.departments.get(event.department_id)?.name), categoriesOf(event),
      event.description ? element("p", { className: "description", dir: "auto", textContent: event.description }) : null,
      url ? element("p", { className: "link" }, element("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", textContent: url.host + (url.pathname === "/" ? "" : url.pathname) }))
        : line("quiet", event.url),
    ].filter(Boolean);
  }

  const line = (className, content) => (content ? element("p", { className }, element("bdi", { textContent: content })) : null);
  const fact = (key, content) => (content
    ? element("p", { className: "fact" }, element("span", { className: "quiet", textContent: text(key) }), " ", element("bdi", { textContent: content })) : null);

  function categoriesOf(event) {
    if (!event.categories?.length) return null;
    return element("p", { className: "categories" }, ...event.categories.map((each) => {
      const made = element("bdi", { className: "category", textContent: categoryName(each, text) });
      const own = categoryColour({ categories: [each] });
      if (own) made.style.setProperty("--category", own);
      return made;
    }));
  }

  const foot = (event, edit) => element("footer", {},
    edit ? button("duplicate", "duplicate") : null, edit ? button("move", "move_to") : null,
    on.history ? button("history", "history") : null, button("link", "event_link"), edit ? button("remove", "delete", { className: "danger" }) : null);

  return { open, close, isOpen: () => shown !== null };
}
