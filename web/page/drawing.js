// When the page is drawn: once for all that happens until the next frame, and in a storm of changes only for a part of the time.

// Milliseconds. What others change often comes in bursts: a drawing waits until nothing has come for QUIET, and for the end of a burst
// at most LONGEST_BURST. Where drawings take long, it waits at most LONGEST_WAIT.
const [QUIET, LONGEST_BURST, LONGEST_WAIT] = [24, 240, 500];
// So many changes at once are a piece of a batch, of an import or of what was missed: the next piece usually comes within PIECE.
const [MANY, PIECE] = [20, 250];

/** `drawAll()` draws everything. */
export function createDrawing(drawAll) {
  let [isPlanned, later] = [false, null];
  let [drawnAt, cost] = [0, 0];
  // When the first change came that isn't drawn yet, whether a piece of a batch is among those that came since, and when they are due.
  let [since, isBatch, due] = [null, false, 0];
  let answers = null;

  /** Draws in the next frame. */
  function redraw() {
    if (isPlanned) return;
    isPlanned = true;
    const soon = document.hidden ? (work) => setTimeout(work, 200) : requestAnimationFrame;
    soon(() => {
      isPlanned = false;
      draw();
    });
  }

  /**
   * Draws what others have changed: at once, but in a storm of changes no more than a part of the time goes into drawing.
   * @param {number} changes how many changes have come
   */
  function redrawSoon(changes) {
    const now = performance.now();
    since ??= now;
    const rested = Math.min(since + LONGEST_WAIT, drawnAt + cost * 8);
    isBatch ||= changes >= MANY;
    const ended = isBatch ? Math.min(now + PIECE, since + LONGEST_WAIT) : Math.min(now + QUIET, since + LONGEST_BURST);
    due = Math.max(rested, ended);
    if (later === null) wait(due - now);
  }

  /** Each further change makes it due later: one timer that looks again costs less than another one for each change. */
  function wait(time) {
    const until = due;
    later = setTimeout(() => {
      later = null;
      if (due > until) wait(due - until);
      else redraw();
    }, time);
  }

  function draw() {
    const began = performance.now();
    clearTimeout(later);
    [later, since, isBatch] = [null, null, false];
    answers = new Map();
    try {
      drawAll();
    } finally {
      answers = null;
    }
    drawnAt = performance.now();
    cost = drawnAt - began;
  }

  return {
    redraw, redrawSoon, draw,
    /** What `work` returns, which is the same throughout one drawing. */
    once(key, work) {
      if (answers?.has(key)) return answers.get(key);
      const answer = work();
      answers?.set(key, answer);
      return answer;
    },
  };
}
