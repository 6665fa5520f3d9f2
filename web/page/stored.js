// What stays in this browser. Where it forbids that, everything lasts as long as the page.

export function readStored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then the next visit starts anew.
  }
}
