"""How many messages a client may send before they have to wait."""

from typing import NamedTuple

MESSAGE_BYTES = 50_000
"""A message of this size counts as one, a larger one as several: 20 a second are 1 MB a second."""


class MessageRate(NamedTuple):
    """`per_second` messages, and `burst` at once by a client that has sent nothing for a while."""

    per_second: float = 20
    burst: float = 200


class TokenBucket:
    """A token for each message: `burst` at first, then `per_second`."""

    __slots__ = ("_at", "_rate", "_tokens")

    def __init__(self, rate: MessageRate, now: float) -> None:
        self._rate, self._tokens, self._at = rate, rate.burst, now

    def take(self, tokens: float, now: float) -> float:
        """Takes them, and returns the seconds that the message has to wait until they are there."""
        refilled = self._tokens + (now - self._at) * self._rate.per_second
        self._tokens, self._at = min(self._rate.burst, refilled) - tokens, now
        return max(0.0, -self._tokens / self._rate.per_second)


def tokens_of(size: int) -> float:
    """Returns the tokens of a message of `size` characters or bytes."""
    return max(1.0, size / MESSAGE_BYTES)
