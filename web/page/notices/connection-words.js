// What the connection indicator says. Pure.

/**
 * Returns `{state, key, values, hint}`: the state that the indicator shows, its words, and a text that explains it.
 * @param {{state: string, waiting: number, keeping?: boolean}} connection  of CalendarSync
 * @param {{secure: boolean}} page  whether the page could be opened offline: over TLS, or on this machine
 */
export function connectionWords({ state, waiting, keeping = true }, { secure }) {
  const count = waiting;
  if (!keeping && (state === "offline" || state === "live")) return { ...connectionWords({ state, waiting }, { secure }), hint: `${state}_hint_unkept` };
  if (state === "offline") {
    return { state, key: count > 0 ? "offline_waiting" : "offline", values: { count }, hint: secure ? "offline_hint" : "offline_hint_plain" };
  }
  if (state === "signed_out") return { state, key: count > 0 ? "signed_out_waiting" : "signed_out", values: { count }, hint: "signed_out_hint" };
  if (state === "live" && count > 0) return { state: "saving", key: "saving", values: { count }, hint: "saving_hint" };
  const hint = { live: secure ? "live_hint" : "live_hint_plain", catching_up: "catching_up_hint" }[state] ?? "connecting_hint";
  return { state, key: state in HINTED ? state : "connecting", values: { count }, hint };
}

const HINTED = { live: true, catching_up: true };

/** Whether a change of the state is worth a word to those who don't see it: not each flicker. */
export const isWorthSaying = (before, now) => {
  const isDown = (state) => state === "offline" || state === "signed_out";
  return before !== null && isDown(before) !== isDown(now) && now !== "connecting" && now !== "signed_out";
};
