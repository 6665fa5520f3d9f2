// Watches the event whose form is open: what others change of it, and who else is editing it.

const AGAIN = 800;

/**
 * `watched()` returns the event as the form has it, null if there is none; `changed(event, by)` and `gone()` are called about it,
 * `editing(names)` with the others who edit it.
 */
export function createEventWatch({ sync, watched, changed, gone, editing, wait = setTimeout }) {
  let stops = [];

  function begin(event) {
    end();
    if (!event) return;
    sync.editing(event.department_id, event.id);
    stops = [
      sync.on("changed", ({ changes }) => look(changes)), sync.on("presence", tellEditing),
      () => sync.editing(event.department_id, null),
    ];
    tellEditing();
  }

  function end() {
    for (const stop of stops) stop();
    stops = [];
  }

  function look(changes) {
    const base = watched();
    if (!base) return;
    const about = changes.filter(({ event }) => event.id === base.id || event.id === base.series_id);
    const event = sync.find(base.id);
    // A move is a deletion here and a creation there: which of both it was is known a moment later.
    if (!event) return void wait(() => watched()?.id === base.id && (sync.find(base.id) ? look(changes) : gone()), AGAIN);
    if (event.pending || isSame(event, base)) return;
    changed(event, about.at(-1)?.by ?? "");
  }

  const isSame = (a, b) => a.version === b.version && a.department_id === b.department_id;

  function tellEditing() {
    const base = watched();
    if (!base) return;
    const people = sync.presence(base.department_id).editing.get(base.id) ?? [];
    editing(people.map(({ name }) => name).filter(Boolean));
  }

  return { begin, end };
}
