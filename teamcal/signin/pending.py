"""Sign-ins under way at the identity provider: what has to be known again when somebody comes back.

It travels in a cookie that only servers with the same SECRET_KEY can read or make, so any server process may
answer, nothing is stored, and a flood of begun sign-ins costs nothing.
"""

import hmac
import json
import secrets
import threading
from collections import OrderedDict
from typing import NamedTuple

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from teamcal.errors import SignInRefused

VALID_SECONDS = 600
MAX_COOKIE = 4096
USED_STATES = 10_000
"""States that are remembered as used. The provider accepts a code only once, too."""
_ALGORITHMS = ["dir", "A256GCM"]
_HEADER = {"alg": "dir", "enc": "A256GCM"}


class Pending(NamedTuple):
    """`return_to`: where in the page to go on. `expires_at`: seconds since the epoch."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    return_to: str
    expires_at: float


class PendingSignIns:
    """Seals and opens the cookie."""

    def __init__(self, secret_key: str) -> None:
        key = hmac.digest(secret_key.encode(), b"team calendar: sign-ins under way, version 1", "sha256")
        self._key = OctKey.import_key(key)
        self._used: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, redirect_uri: str, return_to: str, now: float) -> tuple[Pending, str]:
        """Returns a new sign-in and the value of its cookie."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        pending = Pending(state, nonce, verifier, redirect_uri, return_to, now + VALID_SECONDS)
        return pending, jwe.encrypt_compact(_HEADER, json.dumps(pending), self._key, _ALGORITHMS)

    def finish(self, cookie: str | None, state: str | None, now: float) -> Pending:
        """Returns the sign-in that `begin` has made, once. Raises SignInRefused."""
        pending = self._opened(cookie or "")
        if not hmac.compare_digest(pending.state.encode(), (state or "").encode(errors="replace")):
            raise SignInRefused("another state than the one that was sent")
        if now >= pending.expires_at:
            raise SignInRefused("the sign-in took longer than ten minutes")
        with self._lock:
            if pending.state in self._used:
                raise SignInRefused("a state that has been used")
            self._used[pending.state] = None
            if len(self._used) > USED_STATES:
                self._used.popitem(last=False)
        return pending

    def _opened(self, cookie: str) -> Pending:
        try:
            if len(cookie) > MAX_COOKIE:
                raise ValueError
            opened = jwe.decrypt_compact(cookie, self._key, _ALGORITHMS)
            return Pending(*json.loads(opened.plaintext or b""))
        except (JoseError, ValueError, TypeError):
            raise SignInRefused("no cookie of a sign-in that is under way") from None
