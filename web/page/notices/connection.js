// The connection indicator: words and a shape for each state, and an explanation for who asks.
//
// createConnection({ root, sync, text, announce, secure? }) builds it into `root` (an element of the bar) and keeps it up to
// date. `#connection` has the state in `data-state`: connecting, live, saving, catching_up, offline, signed_out.

import "./notices.css";
import { element } from "../element.js";
import { connectionWords, isWorthSaying } from "./connection-words.js";

// A glance at what was missed isn't worth a change of the words.
const FLICKER = 400;
// Nor is it worth a word that a connection is made anew, after a sign-in or with another name.
const RECONNECTED = 1_000;

export function createConnection({ root, sync, text, announce, secure = globalThis.isSecureContext === true }) {
  const words = element("span", { className: "words" });
  const hint = element("p", { id: "connection-hint", popover: "auto" });
  const button = element("button", { type: "button", id: "connection", popoverTargetElement: hint }, element("span", { className: "shape", aria: { hidden: true } }), words);
  let said = null;
  let [timer, saying] = [null, null];
  root.append(button, hint);

  function draw() {
    clearTimeout(timer);
    const connection = sync.connection;
    const shown = connectionWords(connection, { secure });
    button.dataset.state = shown.state;
    words.textContent = text(shown.key, shown.values);
    hint.textContent = text(shown.hint);
    button.setAttribute("aria-label", text("connection_label", { state: words.textContent }));
    clearTimeout(saying);
    saying = setTimeout(say, RECONNECTED);
  }

  function say() {
    const { state } = sync.connection;
    if (isWorthSaying(said, state)) announce(words.textContent);
    said = state;
  }

  sync.on("connection", ({ state }) => {
    clearTimeout(timer);
    if (state === "catching_up" && button.dataset.state === "live") timer = setTimeout(draw, FLICKER);
    else draw();
  });
  draw();
  return { draw };
}
