// The dialogs of signing in, loaded where people sign in. Without it nobody waits for them.

import { lazy } from "../lazy.js";

/** As the dialogs of sign-in.js, each with `open` and `close`. */
export function createLazySignIn({ routes, text, failed }) {
  let ways;
  const dialogs = lazy(() => import("./sign-in.js"), ({ createDeviceDialog, createSetupDialog, createSignInDialog }) => {
    const made = { signIn: createSignInDialog({ routes, text }), setup: createSetupDialog({ routes, text }), device: createDeviceDialog({ routes, text }) };
    made.signIn.offer(ways);
    return made;
  }, failed);
  // What was asked for last counts: a dialog that is to be closed before it is there isn't opened any more.
  let turn = 0;
  const dialog = (name) => ({
    async open(...given) {
      const mine = (turn += 1);
      const made = await dialogs();
      if (mine === turn) made?.[name].open(...given);
    },
    close() {
      turn += 1;
      dialogs.made()?.[name].close();
    },
  });
  return {
    setup: dialog("setup"), device: dialog("device"),
    signIn: {
      ...dialog("signIn"),
      /** `given`: how one signs in here, as the session says; undefined where nobody does. */
      offer(given) {
        ways = given;
        // At the moment when a session ends there may be no network.
        if (given) dialogs().then((made) => made?.signIn.offer(given));
      },
    },
  };
}
