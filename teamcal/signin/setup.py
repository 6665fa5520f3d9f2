"""The one-time link with which the first administrator signs in.

The code stands in the link's fragment, which browsers send nowhere; only its hash is stored.
"""

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import NamedTuple

VALID_SECONDS = 30 * 60
_BYTES = 20


class Setup(NamedTuple):
    """What is stored of a link. `expires_at`: seconds since 1970."""

    code_hash: str
    expires_at: int


def make(now: datetime) -> tuple[str, Setup]:
    """Returns a new code, which only the link shows, and what is stored of it."""
    code = secrets.token_urlsafe(_BYTES)
    return code, Setup(_hash(code), int(now.timestamp()) + VALID_SECONDS)


def link(address: str, code: str) -> str:
    """Returns the link to the page at `address` (`https://calendar.example.com`)."""
    return f"{address.rstrip('/')}/#setup={code}"


def verify(stored: Setup, code: object, now: datetime) -> bool:
    """Whether `code` opens the link that is stored. Whoever asks also removes it, so that it opens once."""
    if not isinstance(code, str) or not code.isascii() or len(code) > 200:
        return False
    return hmac.compare_digest(_hash(code), stored.code_hash) and now.timestamp() < stored.expires_at


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
