// Colours of departments. Pure.
//
// A department keeps its colour whatever becomes of the others: the stored one, else one that its id alone decides.

/** The names that the server stores, in the order of the page's colours: `data-colour` is a place in this list. */
export const COLOUR_NAMES = ["blue", "orange", "green", "purple", "pink", "teal", "yellow", "indigo", "gray", "red"];

const HEX = /^#[0-9a-f]{6}$/i;

function hash(string) {
  let value = 7;
  for (const character of string) value = (value * 31 + character.codePointAt(0)) >>> 0;
  return value;
}

/**
 * Returns `{number, own}`: the number of the page's colour (0 to 9), and `#rrggbb` if the department has one that is
 * none of them.
 * @param {{id: string, color?: string}} department
 */
export function colourOf({ id, color }) {
  const number = COLOUR_NAMES.indexOf(color);
  if (number >= 0) return { number, own: null };
  return { number: hash(id) % COLOUR_NAMES.length, own: HEX.test(color ?? "") ? color : null };
}

/** Returns the name of the colour that fewest departments have, for the next one. */
export function freeColour(departments) {
  const count = new Map(COLOUR_NAMES.map((name) => [name, 0]));
  for (const department of departments.values()) {
    const { number, own } = colourOf(department);
    if (own === null) count.set(COLOUR_NAMES[number], count.get(COLOUR_NAMES[number]) + 1);
  }
  return COLOUR_NAMES.reduce((best, name) => (count.get(name) < count.get(best) ? name : best));
}

/** Gives an element a department's colour: `data-colour`, and `--colour` for one of its own. */
export function dress(element, department) {
  const { number, own } = colourOf(department);
  element.dataset.colour = number;
  if (own) element.style.setProperty("--colour", own);
  return element;
}
