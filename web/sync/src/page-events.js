// What a page tells: that it is seen or not, that the network came back, that it is about to go.

/** `on`: visibility(), online(), leaving(). Returns a function that stops listening. */
export function listenToPage({ document, window }, on) {
  const pairs = [
    [document, "visibilitychange", () => on.visibility()],
    [window, "online", () => on.online()],
    [window, "offline", () => on.online()],
    [window, "pagehide", () => on.leaving()],
    // A page that comes back from the browser's memory has lost its connection.
    [window, "pageshow", (event) => event.persisted && on.online()],
  ].filter(([target]) => typeof target?.addEventListener === "function");
  for (const [target, type, listener] of pairs) target.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of pairs) target.removeEventListener(type, listener);
  };
}
