// Parts of the page that few people open: loaded when they are asked for.

let first = () => null;

/** `work` is done before anything else is loaded. */
export const loadFirst = (work) => (first = work);

/**
 * Returns a function that loads a module once and answers what `make(module)` returned, or null after `failed(error)`:
 * without a network the next try loads it anew. Its `made()` is what was made, null before that.
 */
export function lazy(load, make, failed) {
  let making = null;
  let made = null;
  async function get() {
    making ??= Promise.all([load(), first()]).then(([module]) => (made ??= make(module)));
    try {
      return await making;
    } catch (error) {
      making = null;
      failed(error);
      return null;
    }
  }
  return Object.assign(get, { made: () => made });
}
