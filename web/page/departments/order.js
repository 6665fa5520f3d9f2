// The order of departments. Pure.
//
// `position` is a number that is stored with a department; those that have none come after the others, by name.

const collator = new Intl.Collator("ko", { numeric: true });
const isPlaced = ({ position }) => Number.isFinite(position);

function compare(a, b) {
  if (isPlaced(a) !== isPlaced(b)) return isPlaced(a) ? -1 : 1;
  if (isPlaced(a) && a.position !== b.position) return a.position - b.position;
  return collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
}

/** Returns departments (a Map or a list) in the order in which people see them. */
export const inOrder = (departments) => [...departments.values()].sort(compare);

/**
 * Returns what is to be stored so that the department `id` comes to the place `to` (0 is the first): a list of
 * `{id, position}`, one in most cases. Nothing if it is there already.
 */
export function placing(departments, id, to) {
  const all = inOrder(departments);
  const from = all.findIndex((each) => each.id === id);
  const target = Math.max(0, Math.min(to, all.length - 1));
  if (from < 0 || from === target) return [];
  const order = all.filter((each) => each.id !== id);
  order.splice(target, 0, all[from]);
  const [before, after] = [order[target - 1], order[target + 1]];
  const position = between(before, after);
  return position === null ? renumbered(order) : [{ id, position }];
}

/** Returns a number between those of two neighbours; null if they have none, or none is left between them. */
function between(before, after) {
  if (before === undefined) return isPlaced(after) ? after.position - 1 : null;
  if (!isPlaced(before)) return null;
  if (after === undefined || !isPlaced(after)) return before.position + 1;
  const middle = (before.position + after.position) / 2;
  return middle > before.position && middle < after.position ? middle : null;
}

const renumbered = (order) =>
  order.map(({ id, position }, index) => ({ id, position: index + 1, same: position === index + 1 }))
    .filter(({ same }) => !same).map(({ id, position }) => ({ id, position }));
