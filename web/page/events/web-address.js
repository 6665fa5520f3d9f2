// Addresses that people write into events.

/** Returns the address as a URL if it is http or https, otherwise null. */
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url : null;
  } catch {
    return null;
  }
}
