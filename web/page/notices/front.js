// What is in front: the modal dialog that was opened last, or the page. What lies behind a modal dialog can't be used or heard.

/** Returns the element in which something is seen, heard and used now. */
export const frontmost = () => [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;

/** Calls `changed()` when a dialog is opened or closed. */
export function onFrontChange(changed) {
  const observer = new MutationObserver((records) => {
    if (records.some(({ target }) => target.nodeName === "DIALOG")) changed();
  });
  observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["open"] });
}
