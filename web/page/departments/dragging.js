// Items of a list that are dragged to another place with the mouse. The menu and the keyboard do the same.

/** `mayMove(id)` says whether an item may be dragged, `move(id, to)` puts it to the place `to`. */
export function createDragging(list, { mayMove, move }) {
  let dragged = null;
  const itemOf = ({ target }) => target.closest?.("li[data-department]");
  const unmark = () => list.querySelectorAll("[data-drop]").forEach((item) => delete item.dataset.drop);
  const isBelow = (drag, item) => {
    const { top, height } = item.getBoundingClientRect();
    return drag.clientY > top + height / 2;
  };

  list.addEventListener("dragstart", (drag) => {
    const item = itemOf(drag);
    if (!item || !mayMove(item.dataset.department)) return drag.preventDefault();
    dragged = item.dataset.department;
    drag.dataTransfer.effectAllowed = "move";
    drag.dataTransfer.setData("text/plain", "");
  });
  list.addEventListener("dragover", (drag) => {
    const item = itemOf(drag);
    if (dragged === null || !item) return;
    drag.preventDefault();
    unmark();
    item.dataset.drop = isBelow(drag, item) ? "below" : "above";
  });
  list.addEventListener("drop", (drop) => {
    const item = itemOf(drop);
    if (dragged === null || !item) return;
    drop.preventDefault();
    const items = [...list.children];
    const from = items.findIndex(({ dataset }) => dataset.department === dragged);
    const gap = items.indexOf(item) + (isBelow(drop, item) ? 1 : 0);
    move(dragged, gap > from ? gap - 1 : gap);
  });
  list.addEventListener("dragend", () => {
    dragged = null;
    unmark();
  });
  list.addEventListener("dragleave", ({ relatedTarget }) => list.contains(relatedTarget) || unmark());
}
