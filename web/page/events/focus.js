// Where the focus was, and how it gets back there when what had it was drawn anew.

/** Returns a function that gives the focus back to what has it now, or to what stands for the same event or day. */
export function rememberFocus(element = document.activeElement) {
  const event = element?.closest?.("[data-event]")?.dataset.event;
  const { day, date = day } = element?.closest?.("[data-day], [data-date]")?.dataset ?? {};
  const id = element?.id;
  const all = (selector) => document.querySelectorAll(selector);
  // Another event may have taken its place.
  const isSame = () => event === undefined || element.closest("[data-event]")?.dataset.event === event;
  const candidates = () => [
    isSame() && element, ...(event ? all(`[data-event="${CSS.escape(event)}"]`) : []),
    ...(date ? all(`main :is([data-day="${CSS.escape(date)}"], [data-date="${CSS.escape(date)}"])`) : []),
    id && document.getElementById(id), ...all("main [role=grid] [tabindex='0'], main button.open"), document.querySelector("main"),
  ];
  return () => {
    for (const each of candidates()) {
      if (!each?.isConnected || each === document.body) continue;
      each.focus({ preventScroll: false });
      if (document.activeElement === each) return;
    }
  };
}
