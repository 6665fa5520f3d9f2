// Files that are dropped on the page.

/** `dropped(files, departmentId)` is called for files that are dropped on the page, with the department on which, if it is one. */
export function onDrop(dropped) {
  const hasFiles = ({ dataTransfer }) => [...(dataTransfer?.types ?? [])].includes("Files");
  const mark = (on) => document.body.toggleAttribute("data-dropping", on);
  // Otherwise the browser would leave the page to show the file.
  addEventListener("dragover", (drag) => {
    if (!hasFiles(drag)) return;
    drag.preventDefault();
    mark(true);
  });
  addEventListener("dragleave", (drag) => drag.relatedTarget === null && mark(false));
  addEventListener("drop", (drop) => {
    if (!hasFiles(drop)) return;
    drop.preventDefault();
    mark(false);
    const isBusy = document.querySelector("dialog[open]:not(#exchange-dialog)") !== null;
    if (!isBusy && drop.dataTransfer.files.length > 0) dropped(drop.dataTransfer.files, drop.target.closest?.("#department-list li")?.dataset.department);
  });
}
