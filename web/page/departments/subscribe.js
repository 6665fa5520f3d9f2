// The address under which other programs read a department's calendar.

import { isUser } from "../accounts/rights.js";
import { element } from "../element.js";
import { button, copyFrom, input } from "../form-parts.js";

/** The part of a dialog that shows it. `session()` is who one is, `department()` the chosen one, `run(work)` runs a request. */
export function createSubscription({ routes, text, session, run, department }) {
  const hint = element("p", { id: "feed-hint", className: "feed-hint quiet wide", aria: { role: "status" } });
  const make = button(text("feed_create"), () => run(create), { data: { action: "feed" } });
  const address = input("feed", { readOnly: true, aria: { labelledby: hint.id } });
  const copied = element("span", { className: "quiet", aria: { role: "status" } });
  const link = element("a", { textContent: text("feed_open"), data: { action: "webcal" } });
  const copy = button(text("copy"), async () => {
    copied.textContent = (await copyFrom(address)) ? text("copied") : "";
  }, { data: { action: "copy" } });
  const local = element("p", { className: "quiet", textContent: text("feed_local"), hidden: true });
  const shown = element("div", { className: "secret wide", data: { for: "feed" }, hidden: true },
    element("div", { className: "add" }, address, copy), copied, element("p", {}, link), local);

  function reveal(url) {
    shown.hidden = url === "";
    address.value = url;
    copied.textContent = "";
    local.hidden = !/^https?:\/\/(?:localhost|127\.|\[::1\])/.test(url);
    if (url) link.href = url.replace(/^https?:/, "webcal:");
    else link.removeAttribute("href");
  }

  async function create() {
    const { id, name } = department();
    const { secret } = await routes.issueToken({ kind: "feed", name, departments: [id] });
    // Another department may have been chosen meanwhile.
    if (department()?.id !== id) return;
    reveal(`${routes.feed(id)}?${new URLSearchParams({ token: secret })}`);
    hint.textContent = text("feed_hint_secret");
    make.hidden = true;
    address.select();
  }

  return {
    parts: [element("h3", { className: "wide", textContent: text("subscribe") }), hint, element("div", { className: "actions wide" }, make), shown],
    /** A secret doesn't stay on a page that is left open. */
    forget: () => reveal(""),
    show() {
      const needsToken = isUser(session());
      make.hidden = !needsToken || department() === undefined;
      hint.textContent = text(needsToken ? "feed_hint_token" : "feed_hint");
      reveal(needsToken || department() === undefined ? "" : routes.feed(department().id));
    },
  };
}
