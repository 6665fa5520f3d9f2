// A swipe to the left or the right is a step to the next or the previous days.

const FAR = 60;
const STEEP = 0.6;

/** `step(count)` is called after a swipe over `root`, unless it scrolled something sideways. */
export function createSwipe(root, step) {
  let start = null;
  root.addEventListener("touchstart", ({ touches, target }) => {
    const scrolls = target.closest("#planner") !== null;
    start = touches.length === 1 && !scrolls ? { x: touches[0].clientX, y: touches[0].clientY } : null;
  }, { passive: true });
  root.addEventListener("touchend", ({ changedTouches: [touch] }) => {
    if (start === null) return;
    const [x, y] = [touch.clientX - start.x, touch.clientY - start.y];
    start = null;
    if (Math.abs(x) > FAR && Math.abs(y) < Math.abs(x) * STEEP) step(x < 0 ? 1 : -1);
  }, { passive: true });
}
