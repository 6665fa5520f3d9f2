// Links to the page that say something in their fragment, which browsers send nowhere.

/** Returns what a fragment asks for, as `[key, value]`: setup, device, department or sign-in; else `[]`. */
export function asked(fragment) {
  const [[key, value] = []] = new URLSearchParams(fragment.replace(/^#/, ""));
  return ["setup", "device", "department", "sign-in"].includes(key) && value ? [key, value] : [];
}

/** Returns the department's id that was typed, or that is in a link that was pasted. */
export const departmentIn = (typed) => asked(typed.trim().replace(/^[^#]*#/, ""))[1] ?? typed.trim();
