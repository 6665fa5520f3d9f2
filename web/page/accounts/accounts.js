// Who one is, in the bar and in its dialogs.
//
// createAccounts({ sync, text, language, toast, ownName, button, strip, replaced }):
//   button  the bar's <button>: it gets the name of who is here, and opens his account (or the sign-in, or the strip)
//   strip   an empty element between bar and calendar: asks once for the name that one gives oneself where nobody signs in
//   ownName createName() of name.js: `ownName.get()` is what CalendarSync's option `name` has to return while
//           `namesHimself(sync.session)` (rights.js)
//   toast   of notices/toasts.js
//   replaced()  somebody else has signed in: what the one before was typing isn't for him. Who is only signed out, and comes
//           back, finds it again: the dialogs stay open meanwhile
// Call it before sync.start(): it takes the code of a link out of the address bar. Returns { signIn(), signOut(), open() }.

import "./accounts.css";
import { element } from "../element.js";
import { button as makeButton, input } from "../form-parts.js";
import { lazy } from "../lazy.js";
import { createRoutes } from "../routes.js";
import { isNobody, isTokenMode, isUser, namesHimself } from "./rights.js";
import { shownName } from "./shown-name.js";
import { createWho } from "./who.js";

export function createAccounts({ sync, text, language, toast, ownName, button, strip, replaced = () => {} }) {
  const routes = createRoutes(sync);
  const failed = (error) => toast({ text: error.message || text("network_failed"), kind: "failure" });
  const notice = (message) => toast({ text: message });
  const session = () => sync.session;
  let asked = false;
  const name = createNameStrip(strip, { text, given, endAsking, signIn: () => who.signIn(), signOut: () => who.signOut() });
  const who = createWho({ sync, routes, text, changed, replaced, failed });
  const users = lazy(() => import("./users.js"), ({ createUsersDialog }) => createUsersDialog({ routes, text, session, notice }), failed);
  const account = lazy(() => import("./account.js"), ({ createAccountDialog }) => createAccountDialog({
    routes, language, text, session, who, notice, users: async () => (await users())?.open(),
  }), failed);

  function changed() {
    draw();
    // The name is asked for once: what was said then is remembered, also that there is to be none.
    if (!asked && namesHimself(session()) && !ownName.isSettled()) name.show(session(), "");
    asked ||= session() !== null && !isNobody(session());
    if (!namesHimself(session())) name.hide();
  }

  function draw() {
    button.hidden = session() === null;
    if (session() === null) return;
    const { key, values, isName } = shownName(session(), ownName.get());
    button.replaceChildren(element(isName ? "bdi" : "span", { textContent: key ? text(key, values) : values.name }));
  }

  function given(typed) {
    const before = ownName.get();
    ownName.set(typed);
    if (ownName.get() !== before) sync.renamed();
    endAsking();
  }

  function endAsking() {
    name.hide();
    draw();
    button.focus();
  }

  async function open() {
    if (isUser(session())) (await account())?.open();
    else if (isNobody(session())) who.signIn();
    else name.show(session(), ownName.get(), true);
  }

  button.onclick = open;
  draw();
  return { signIn: who.signIn, signOut: who.signOut, open };
}

/** The strip that asks for a name, where it is in nobody's way. */
function createNameStrip(strip, { text, given, endAsking, ...who }) {
  const field = input("name", { id: "name-input", maxLength: 100 });
  const signIn = makeButton(text("sign_in"), who.signIn, { data: { action: "sign-in" } });
  const signOut = makeButton(text("sign_out"), who.signOut, { data: { action: "sign-out" } });
  const form = element("form", {
    id: "name-form", className: "strip", noValidate: true, autocomplete: "off", hidden: true,
    onkeydown({ key }) {
      if (key === "Escape") endAsking();
    },
    onsubmit(submission) {
      submission.preventDefault();
      given(field.value);
    },
  },
  element("label", { htmlFor: field.id, textContent: text("name_ask") }), field,
  element("button", { type: "submit", className: "primary", textContent: text("save") }),
  makeButton(text("name_skip"), () => given(""), { data: { action: "skip" } }), signIn, signOut);
  strip.append(form);
  return {
    hide: () => (form.hidden = true),
    /** `chosen`: one wants to be asked. */
    show(session, name, chosen = false) {
      form.hidden = false;
      signIn.hidden = !isTokenMode(session);
      signOut.hidden = session?.kind !== "passcode";
      field.value = name;
      if (chosen) field.focus();
    },
  };
}
