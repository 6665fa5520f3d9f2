// One day's events beside the day: what `+3` opens, and Enter on a day. With the keyboard one goes from event to event.

import { element, keepingFocus, replaceChanged } from "../element.js";

/** `open(event, anchor)` shows an event, `create(day)` makes one; `eventsOn(day)` returns the day's. */
export function createDaySheet({ text, words, eventView, open, create, eventsOn, mayCreate }) {
  const heading = element("h2", { id: "day-title", tabIndex: -1 });
  const add = element("button", { type: "button", id: "new-event-here", className: "link", textContent: text("new_event"), onclick: () => leave(() => create(day)) });
  const close = element("button", { type: "button", className: "icon close", textContent: "×", title: text("close"), aria: { label: text("close") }, onclick: () => sheet.hidePopover() });
  const list = element("ul", { id: "day-events", className: "items" });
  const none = element("p", { id: "day-empty", className: "quiet", textContent: text("day_empty") });
  const sheet = element("section", { id: "day", popover: "auto", aria: { role: "dialog", labelledby: heading.id } },
    element("header", {}, heading, add, close), list, none);
  let day = null;
  let anchor = null;
  document.body.append(sheet);

  sheet.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    const before = day;
    day = null;
    if (document.activeElement === document.body) (anchor?.isConnected ? anchor : document.querySelector(`[role=gridcell][data-date="${before}"]`))?.focus();
  });
  sheet.addEventListener("keydown", (press) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[press.key];
    if (step === undefined) return;
    const all = [...list.querySelectorAll("button.open")];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
    press.preventDefault();
  });
  list.onclick = ({ target }) => {
    const button = target.closest("button[data-event]");
    const event = button && eventsOn(day).find(({ id }) => id === button.dataset.event);
    if (event) open(event, button);
  };

  function leave(then) {
    const chosen = day;
    sheet.hidePopover();
    then(chosen);
  }

  function draw() {
    const events = eventsOn(day);
    const holiday = words.holidaysOn(day);
    heading.textContent = [words.dayName(day), holiday].filter(Boolean).join(" · ");
    heading.toggleAttribute("data-holiday", holiday !== "");
    add.hidden = !mayCreate();
    none.hidden = events.length > 0;
    keepingFocus(sheet, () => replaceChanged(list, events.map((event) => ({ signature: JSON.stringify(eventView.look(event)), build: () => eventView.dayItem(event) }))), () => heading);
  }

  /** Beside the anchor, inside the window. */
  function place() {
    const [box, own] = [anchor?.getBoundingClientRect() ?? { left: 0, right: 0, top: 0 }, sheet.getBoundingClientRect()];
    const left = box.right + 6 + own.width <= innerWidth ? box.right + 6 : Math.max(8, box.left - own.width - 6);
    sheet.style.left = `${Math.min(left, Math.max(8, innerWidth - own.width - 8))}px`;
    sheet.style.top = `${Math.max(8, Math.min(box.top, innerHeight - own.height - 8))}px`;
  }

  return {
    open(which, beside) {
      day = which;
      anchor = beside;
      draw();
      sheet.showPopover();
      place();
      (list.querySelector("button.open") ?? heading).focus();
    },
    draw: () => day !== null && draw(),
    isOpen: () => day !== null,
  };
}
