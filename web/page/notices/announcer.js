// One polite live region for the whole page: what it says is read out by screen readers, one thing after the other.

import { element } from "../element.js";
import { frontmost, onFrontChange } from "./front.js";

const PAUSE = 900;
const MOST = 4;

/** Returns `announce(message)`. What waits too long is summed up instead of read. */
export function createAnnouncer({ text }) {
  const region = element("p", { id: "announcement", className: "unseen", aria: { live: "polite", atomic: true } });
  const waiting = [];
  let timer = null;
  document.body.append(region);
  // Behind a modal dialog nothing is read out.
  onFrontChange(() => region.parentNode !== frontmost() && frontmost().append(region));

  function next() {
    timer = null;
    if (waiting.length === 0) return;
    if (waiting.length > MOST) waiting.splice(0, waiting.length, text("announcements_many", { count: waiting.length }));
    region.textContent = "";
    const message = waiting.shift();
    // An empty moment between, so that the same words are read a second time as well.
    setTimeout(() => (region.textContent = message), 50);
    timer = setTimeout(next, PAUSE);
  }

  return function announce(message) {
    if (!message) return;
    waiting.push(message);
    timer ??= setTimeout(next, 0);
  };
}
