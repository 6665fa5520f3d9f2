"""Tokens that were looked up, in memory. Bounded; what has ended is never in it."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from teamcal.access import Rights
from teamcal.domain.access_operations import TOKEN_ISSUED, TOKEN_REVOKED
from teamcal.domain.caller import Caller, Kind
from teamcal.domain.changes import Change
from teamcal.domain.people import Token, TokenKind, User

MAX_TOKENS, MAX_MISSES = 10_000, 4_096
"""Tokens, and texts that are none, that are remembered: 10 MB, and 1 MB."""
MISS_SECONDS = 5.0
"""How long a text that is no token isn't looked up again. Nobody can have guessed one before it is made."""
PROVIDER_DAYS = 30
"""After his last sign-in, an identity provider's user's tokens end: it may know him no more."""


@dataclass(slots=True)
class Known:
    """A token as it is stored, its owner as he was then, and who comes with it.

    `ends_at`: seconds since 1970 at which it ends; `touch_at`: at which its use is to be stored again.
    """

    token: Token
    user: User | None
    caller: Caller
    ends_at: float
    touch_at: float = 0.0

    @classmethod
    def of(cls, token: Token, rights: Rights) -> "Known | None":
        """Returns the token with who comes with it; None if its owner is gone."""
        ends = token.ends_at
        if token.kind is TokenKind.PASSCODE:
            caller = Caller("", False, token.passcode_id, Kind.PASSCODE, token.scope, token.hash)
            caller = replace(caller, issued_at=token.created_at, ends=ends)
            return cls(token, None, caller, ends_at(token, None))
        user = rights.users.get(token.user)
        if user is None:
            return None
        caller = Caller(
            user.name, True, user.id, Kind.USER, token.scope, token.hash, token.created_at, ends,
            token.kind in (TokenKind.SESSION, TokenKind.DEVICE), token.kind is TokenKind.FEED,
        )  # fmt: skip
        return cls(token, user, caller, ends_at(token, user))


def ends_at(token: Token, user: User | None) -> float:
    """Returns when the token of `user` ends, in seconds since 1970; infinity if it doesn't."""
    ends: float = token.expires_at or float("inf")
    if user is not None and user.subject:
        signed_in = datetime.fromisoformat(user.signed_in_at or user.created_at)
        ends = min(ends, (signed_in + timedelta(days=PROVIDER_DAYS)).timestamp())
    return ends


class TokenCache:
    """By the token's SHA-256. Safe for threads: each step is one operation of a dictionary."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._misses: OrderedDict[str, float] = OrderedDict()

    def get(self, token: str) -> Known | None:
        known = self._known.get(token)
        if known is not None:
            try:
                self._known.move_to_end(token)
            except KeyError:  # dropped by another thread
                return None
        return known

    def put(self, token: str, known: Known) -> None:
        self._known[token] = known
        while len(self._known) > MAX_TOKENS:
            self._known.popitem(last=False)

    def drop(self, token: str) -> None:
        self._known.pop(token, None)

    def is_miss(self, token: str, now: float) -> bool:
        return self._misses.get(token, 0.0) > now

    def miss(self, token: str, now: float) -> None:
        self._misses[token] = now + MISS_SECONDS
        while len(self._misses) > MAX_MISSES:
            self._misses.popitem(last=False)

    def rights_changed(self, before: Rights | None, after: Rights, change: Change | None) -> None:
        """As CurrentRights.listen. Users and policies needn't be looked at: that their tokens are alive is
        asked at each use.
        """
        if change is None:
            self._known.clear()
            self._misses.clear()
        elif change.kind == TOKEN_REVOKED:
            self.drop(str(change.record.get("token")))
        elif change.kind == TOKEN_ISSUED:
            self._misses.pop(str(change.record.get("token")), None)

    def __len__(self) -> int:
        return len(self._known)
