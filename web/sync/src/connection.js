// The state of the connection as the user sees it.

/** `facts()` returns {session, connected, tried, running, waiting}; `told(connection)` is called when the state has changed. */
export function createConnection({ environment, facts, told }) {
  let current = Object.freeze({ state: "connecting", waiting: 0, keeping: true, since: new Date(environment.now()) });

  function stateOf({ isNobody, connected, tried, running }) {
    if (isNobody) return "signed_out";
    if (!connected) return tried ? "offline" : "connecting";
    return running > 0 ? "catching_up" : "live";
  }

  return {
    get current() {
      return current;
    },
    /** Looks what has become of it. */
    look() {
      const { waiting, keeping, ...rest } = facts();
      const state = stateOf(rest);
      if (state === current.state && waiting === current.waiting && keeping === current.keeping) return;
      const since = state === current.state ? current.since : new Date(environment.now());
      current = Object.freeze({ state, waiting, keeping, since });
      told(current);
    },
  };
}
