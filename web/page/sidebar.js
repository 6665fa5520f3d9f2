// The sidebar: beside the calendar, and on a phone a drawer over it, which is never open by itself.

const find = (id) => document.getElementById(id);

/** `phone` is the media query of narrow windows, `changed()` draws anew. */
export function createSidebar({ settings, phone, changed }) {
  let isDrawerOpen = false;
  const isOpen = () => (phone.matches ? isDrawerOpen : settings.get("sidebar") === "on");

  /** The calendar beside the drawer is shaded: a tap on it closes the drawer and does nothing else. */
  function closeDrawer(happening) {
    if (!phone.matches || !isDrawerOpen || (happening.type === "keydown" && happening.key !== "Escape")) return;
    happening.stopPropagation();
    isDrawerOpen = false;
    changed();
  }
  find("main").addEventListener("click", closeDrawer, true);
  document.addEventListener("keydown", closeDrawer);

  return {
    isOpen,
    toggle() {
      if (phone.matches) isDrawerOpen = !isDrawerOpen;
      else settings.set("sidebar", isOpen() ? "" : "on");
      changed();
    },
    /** Closes the drawer; the next drawing shows that. */
    close: () => (isDrawerOpen = false),
  };
}
