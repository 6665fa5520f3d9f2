"""How passwords and passcodes are stored and checked.

argon2id as OWASP's Password Storage Cheat Sheet has it (19 MiB, 2 passes, 1 lane): some 40 ms of a core and
19 MiB for each check, so only `AT_ONCE` run at a time.
"""

import base64
import os
from typing import NamedTuple

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from teamcal.signin.secret_rules import CONTROLS, PASSWORD, normalized
from teamcal.signin.threads import RealThreads

MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
AT_ONCE = 2
WAITING = 30
"""Checks that wait for their turn, less than a second in all; the next is told to come later (TooBusy)."""


class Verdict(NamedTuple):
    """`rehashed`: the same secret's hash by today's parameters, to be stored if the stored one is older."""

    right: bool
    rehashed: str | None = None


WRONG = Verdict(False)


class Passwords:
    """Hashes and checks secrets in real threads. `mode`: what the process runs on (realtime/worker.py)."""

    def __init__(self, mode: str, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._threads = RealThreads(mode, at_once, waiting)
        self._hasher = argon2.PasswordHasher(PASSES, MEMORY_KIB, LANES)
        self._nobodys = _nobodys_hash(self._hasher)

    def hash(self, secret: str) -> str:
        """Returns the hash of a secret that is `checked`, with salt and parameters. Raises TooBusy."""
        return self._threads.run(self._hasher.hash, secret)

    def verify(self, stored: str | None, secret: object) -> Verdict:
        """Checks a secret that somebody typed against the hash that `hash` made. Raises TooBusy.

        `stored` is None if there is no such user, or one without a password: that takes just as long.
        """
        if not isinstance(secret, str) or len(secret) > 4 * PASSWORD.high or CONTROLS.search(secret):
            return WRONG  # nobody has such a password, so this tells nothing about a user
        return self._threads.run(self._verify, stored or self._nobodys, normalized(secret))

    def _verify(self, stored: str, secret: str) -> Verdict:
        try:
            self._hasher.verify(stored, secret)
            return Verdict(True, self._hasher.hash(secret) if self._is_old(stored) else None)
        except (VerificationError, InvalidHashError):
            return WRONG

    def _is_old(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)


def _nobodys_hash(hasher: argon2.PasswordHasher) -> str:
    """Returns a hash that no secret has, which takes as long to check as one that `hasher` made."""
    salt, digest = (
        base64.b64encode(os.urandom(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len)
    )
    return (
        f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${digest}"
    )
