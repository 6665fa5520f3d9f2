// Listeners by type. One that throws stops neither the others nor the library.

/** `failed(error)` is told of what listeners throw; by default the platform reports it as uncaught. */
export function createEmitter(failed = report) {
  const listeners = new Map();

  function off(type, listener) {
    listeners.get(type)?.delete(listener);
  }

  return {
    on(type, listener) {
      if (!listeners.has(type)) listeners.set(type, new Set());
      listeners.get(type).add(listener);
      return () => off(type, listener);
    },
    off,
    has: (type) => (listeners.get(type)?.size ?? 0) > 0,
    emit(type, payload) {
      for (const listener of [...(listeners.get(type) ?? [])]) call(() => listener(payload), failed);
    },
  };
}

function call(work, failed) {
  try {
    work();
  } catch (error) {
    failed(error);
  }
}

/** As the browser would: it is on the console, and `window.onerror` hears of it. */
function report(error) {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else console.error(error);
}
