// What is said after a write about what the server made of it. Pure.

import { timeKind } from "./event-fields.js";

/** Says what the server took a text for that was written as the time. */
export function understoodTime(event, time, { text, words }) {
  return timeKind(event) === "text" ? text("time_kept", { time }) : text("time_understood", { time, when: words.when(event) });
}
