// Who one is: signs in and out, and takes up what a link to the page says in its fragment.

import { closeDialogs } from "../form.js";
import { asked } from "../links.js";
import { isNobody, isSame, isTokenMode, isUser } from "./rights.js";
import { createLazySignIn } from "./lazy-sign-in.js";

/** `changed()` is called whenever who one is may have changed, `replaced()` when somebody else has signed in. */
export function createWho({ sync, routes, text, changed, replaced, failed }) {
  let leaving = false;
  let code = null;
  // Who was the last to sign in here: what he was typing is kept for him, and for nobody else.
  let known = null;
  const { signIn, setup, device } = createLazySignIn({ routes, text, failed });
  const nobody = () => isNobody(sync.session);

  function sessionChanged({ session, before }) {
    signIn.offer(session.sign_in);
    if (isUser(session) || session.kind === "passcode") entered(session);
    if (code !== null && isUser(session)) {
      device.open(code);
      code = null;
    }
    if (before !== null && hasEnded(before, session)) ended(before);
    changed();
  }

  /** One isn't signed in any more: because one wanted it, or without being asked. */
  function ended(before) {
    if (!leaving) {
      const department = before.kind === "passcode" ? before.departments?.[0] : undefined;
      signIn.open({ reason: "sign_in_ended", elsewhere: true, department });
    } else if (nobody()) signIn.open({});
    leaving = false;
  }

  function entered(session) {
    signIn.close();
    if (known !== null && !isSame(known, session)) {
      closeDialogs();
      replaced();
    }
    known = session;
  }

  /** A code is a secret: it doesn't stay in the address bar, nor in the history. */
  function taken() {
    const link = asked(location.hash);
    if (link.length > 0) history.replaceState(null, "", location.pathname + location.search);
    return link;
  }

  function follow([key, value]) {
    if (!key || !isTokenMode(sync.session)) return;
    if (key === "setup") {
      signIn.close();
      setup.open(value);
    } else if (key === "department") signIn.open({ department: value });
    else if (key === "sign-in") signIn.open({ failure: value });
    else if (isUser(sync.session)) device.open(value);
    else {
      code = value;
      signIn.open({ reason: "sign_in_for_device" });
    }
  }

  /** The server has said who one is, for the first time. */
  function begun(link) {
    follow(link);
    // What a link asks for may be on its way.
    if (nobody() && link.length === 0 && !document.querySelector("dialog[open]")) signIn.open({});
  }

  const link = taken();
  let hasBegun = sync.session !== null;
  sync.on("session", (event) => {
    sessionChanged(event);
    if (!hasBegun) begun(link);
    hasBegun = true;
  });
  if (hasBegun) {
    sessionChanged({ session: sync.session, before: null });
    begun(link);
  }
  addEventListener("hashchange", () => sync.session !== null && follow(taken()));
  // Who signed in in another tab, or at the identity provider, needn't do it here again.
  addEventListener("focus", () => nobody() && sync.refreshSession());

  return {
    signIn: () => signIn.open({}),
    device: () => device.open(""),
    async signOut() {
      // Until the session says so: it may come later than the answer.
      leaving = true;
      try {
        await routes.signOut();
      } catch (error) {
        leaving = false;
        throw error;
      }
      closeDialogs();
      await sync.refreshSession();
    },
    /** Every session has ended, one's own too. */
    ended: () => sync.refreshSession(),
  };
}

/** Whether somebody who had signed in, or was a guest, isn't it any more. */
export const hasEnded = (before, session) => !isNobody(before) && (isNobody(session) || (isUser(before) && !isUser(session)));
