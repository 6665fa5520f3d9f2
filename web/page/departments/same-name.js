// A Korean name that is typed on a Mac may be decomposed (NFD).
const plain = (name) => name.normalize("NFC").trim();

/** Returns whether somebody has typed this name. */
export const isSameName = (typed, name) => plain(typed) === plain(name);
