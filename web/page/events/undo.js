// Own changes are taken back: for ten seconds by a button, and the last ones by Ctrl+Z.

const MOST = 20;
const SHOWN = 10;

/**
 * `notify({message, action, seconds})` shows a message with a button (`action: {label, run}`) and returns how to close it.
 * `offer(write, message)` remembers a write of one's own; `last()` takes the newest back and returns whether there was one.
 */
export function createUndo({ sync, text, notify, title = (event) => event.title }) {
  // Newest last; what was taken back isn't there any more.
  let done = [];
  let closeToast = () => {};

  function offer(writes, message) {
    const entry = { writes: [writes].flat(), message };
    done = [...done, entry].slice(-MOST);
    closeToast();
    const close = notify({ message, seconds: SHOWN, action: { label: text("undo"), run: () => takeBack(entry) } }) ?? (() => {});
    closeToast = close;
    // What the server has refused needs no undoing.
    for (const write of entry.writes) write.done.catch(() => forget(entry) && close());
    return entry;
  }

  function forget(entry) {
    const known = done.includes(entry);
    done = done.filter((each) => each !== entry);
    return known;
  }

  function takeBack(entry) {
    if (!done.includes(entry)) return false;
    forget(entry);
    closeToast();
    // The last step first, as it was built on the ones before.
    const inverse = entry.writes.toReversed().map((write) => sync.undo(write));
    const failed = inverse.some((write) => write === null);
    // It is called as it is called now: the title may have been what was wrong.
    const event = [inverse.at(-1)?.event, entry.writes[0].event].find((each) => each?.title) ?? entry.writes[0].event;
    notify({ message: text(failed ? "undo_impossible" : "undone", { title: title(event) }), seconds: 5 });
    for (const write of inverse) write?.done.catch(() => {});
    return !failed;
  }

  return {
    offer,
    last: () => done.length > 0 && takeBack(done.at(-1)),
    clear() {
      done = [];
      closeToast();
    },
  };
}
