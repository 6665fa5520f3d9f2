// What an event's element is coloured by: its department, and its own colour beside it.

import { dress as dressAs } from "../departments/palette.js";

/** Gives an element the colours of an event; `department` may be unknown, `own` is #rrggbb or "". */
export function dress(made, department, own = "") {
  if (department) dressAs(made, department);
  if (own) made.style.setProperty("--own", own);
  else made.style.removeProperty("--own");
}
