// The one error of this library.

const CODES_OF_NOBODY = ["token_invalid", "token_required"];

/** A request that failed, or a write that isn't done for good. `status` 0: no answer came. */
export class SyncError extends Error {
  /**
   * @param {number} status of HTTP, 0 if no answer came
   * @param {object} [body] the server's answer: code, message, errors, current, changed
   * @param {number} [retryAfter] seconds
   */
  constructor(status, body = {}, retryAfter = 0) {
    super(body.message ?? "");
    this.name = "SyncError";
    this.status = status;
    this.code = body.code ?? (status === 0 ? "network_failed" : `http_${status}`);
    this.errors = body.errors ?? [];
    this.current = body.current ?? null;
    this.body = body;
    this.retryAfter = retryAfter;
  }

  /** Whether the request may have been carried out nevertheless. */
  get uncertain() {
    return this.status === 0 || this.status === 408 || this.status >= 500;
  }
}

/** What a pending request ends with when the library is stopped. */
export const stopped = () => new SyncError(0, { code: "stopped" });

/** Whether the server says that one has to sign in, once more or at all. */
export const isSignedOut = (error) => CODES_OF_NOBODY.includes(error?.code);
