// Users and a department's roles as plain values.

/** What the key of a group begins with among roles; other keys are ids of users. */
export const GROUP = "group:";

const plain = (typed) => typed.normalize("NFC").trim();

/** Returns the key of roles that what was typed means: a user's id by his login, `group:<name>`, or null. */
export function keyOf(typed, users) {
  const name = plain(typed);
  if (name.startsWith(GROUP)) return name === GROUP ? null : name;
  return users.find(({ login }) => login.toLowerCase() === name.toLowerCase())?.id ?? null;
}

/**
 * Returns what is to be sent of a department's access: only what was changed, so that another manager's change of
 * the rest stays. An empty passcode leaves it as it is.
 */
export function changesOf(before, { access, roles, passcode, removesPasscode }) {
  const sorted = (of) => JSON.stringify(Object.entries(of).sort());
  const changes = {};
  if (access !== before.access) changes.access = access;
  if (sorted(roles) !== sorted(before.roles)) changes.roles = roles;
  if (passcode !== "") changes.passcode = passcode;
  else if (removesPasscode) changes.passcode = null;
  return changes;
}

/** Returns the users whose login or name contains what was typed. */
export function matching(users, typed) {
  const wanted = plain(typed).toLowerCase();
  return users.filter(({ login, name }) => `${login}\n${name}`.toLowerCase().includes(wanted));
}
