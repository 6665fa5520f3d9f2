// Tells other tabs of the same queue what happens, where there is a BroadcastChannel. Without one they look for themselves.

/** `heard(message)` is called with what another tab has told. */
export function createTabs({ environment, name, heard }) {
  const Channel = environment.BroadcastChannel;
  const channel = opened();
  if (channel) channel.onmessage = ({ data }) => heard(data);
  function opened() {
    try {
      return typeof Channel === "function" ? new Channel(name) : null;
    } catch {
      return null; // where the browser forbids a page to keep anything
    }
  }

  return {
    tell(message) {
      try {
        channel?.postMessage(message);
      } catch {
        // The page is going.
      }
    },
    close: () => channel?.close(),
  };
}
