// The display on a wall: nothing but the calendar, nothing to change, a screen that doesn't sleep.

import { element } from "../element.js";

/** Milliseconds for which the way out is seen after a movement. */
const SHOWN_FOR = 4_000;

/** `isOn()` says whether it is one, `end()` leaves it. Returns `update()`, to be called when that may have changed. */
export function createWall({ text, isOn, end }) {
  let lock = null;
  let stirred = null;
  // Seen by who comes to it with the Tab key, moves the mouse or touches the screen; Esc does the same.
  const leave = element("button", { type: "button", className: "skip leave-wall", textContent: text("wall_end"), onclick: end, hidden: true });
  document.body.prepend(leave);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && isOn() && end());
  document.addEventListener("pointermove", stir);
  document.addEventListener("pointerdown", stir);

  function stir() {
    if (!isOn()) return;
    clearTimeout(stirred);
    leave.dataset.shown = "";
    stirred = setTimeout(() => delete leave.dataset.shown, SHOWN_FOR);
  }

  async function wake() {
    try {
      lock = await navigator.wakeLock?.request("screen");
    } catch {
      // Low battery, or the browser forbids it: the display sleeps as it is set up to.
    }
  }

  function update() {
    leave.hidden = !isOn();
    if (isOn() && !document.hidden && (lock === null || lock?.released)) wake();
    if (!isOn() && lock) {
      lock.release();
      lock = null;
    }
  }

  document.addEventListener("visibilitychange", update);
  return { update };
}
