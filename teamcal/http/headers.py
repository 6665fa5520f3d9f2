"""Headers that every answer carries, so that browsers do nothing with it that it isn't meant for.

https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html
"""

from collections.abc import Sequence

Headers = Sequence[tuple[str, str]]

# No inline scripts or styles, nothing from other servers; the page connects to this server only.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

_FEEDS = ("/calendar.ics", "/calendar.csv")
_PAGES = ("/", "/docs", "/docs/", "/sw.js")
"""A service worker is under the policy of its own answer, so it is one of them."""


class SafeHeaders:
    """The headers of an answer, by its path. They are made once.

    `any_page`: pages of any origin may read all that is here. `token_mode`: what is here depends on who asks,
    so shared caches keep nothing of it.
    """

    def __init__(self, any_page: bool, token_mode: bool) -> None:
        shared = "cross-origin" if any_page else "same-origin"
        nosniff, resource = ("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", shared)
        always = (nosniff, ("Referrer-Policy", "same-origin"), resource)
        revalidated = ("Cache-Control", "no-cache")
        private = (("Cache-Control", "private, no-cache"), ("Vary", "Authorization, Cookie, Origin"))
        policy = ("Content-Security-Policy", DATA_POLICY)
        self._page = (*always, ("Content-Security-Policy", PAGE_POLICY), revalidated)
        # Their names change with their content.
        self._file = (*always, policy, ("Cache-Control", "public, max-age=31536000, immutable"))
        self._checked_file = (*always, policy, revalidated)
        kept = (policy, *(private if token_mode else (revalidated,)))
        self._data = (*always, *kept)
        # The address of a feed may carry a token.
        self._feed = (nosniff, ("Referrer-Policy", "no-referrer"), resource, *kept)
        self._socket = (*always, ("Cache-Control", "no-store"))
        # The rest is with the answer that the client has kept (RFC 9110, 15.4.5).
        self._unchanged = private if token_mode else (revalidated,)

    def __call__(self, path: str, status: str = "200 OK") -> Headers:
        """`status` is the answer's: only a file of the page that was found may be kept for good."""
        if path.startswith("/api/"):  # most of them
            if status[:3] == "304":
                return self._unchanged
            return self._feed if path.endswith(_FEEDS) else self._data
        if path in _PAGES:
            return self._page
        if path.startswith("/socket.io/"):
            return self._socket
        if path.startswith("/web/"):
            return self._file if status[0] in "23" else self._checked_file
        return self._checked_file if path.startswith("/docs/") else self._data
