"""How long the current work may still take. A request has its own deadline; a script has a generous one."""

import time
from contextvars import ContextVar, Token

REQUEST_SECONDS = 6.5
"""The desktop client gives up after 10 s and an answer is promised within 8.

Why 6.5: docs/develop/decisions/deadline.md. The remaining time is for queues and the network.
"""
SCRIPT_SECONDS = 30.0
CALL_SECONDS = 3.2
"""The longest that a call of the database may take; none is made with less time left
(teamcal.storage.client). A request with less must not act for others: they would fail with it."""

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
"""On the clock of `time.monotonic`; None outside of `within`."""


class within:
    """A context manager that sets a deadline; an earlier one that is already set stays in force."""

    __slots__ = ("_seconds", "_token")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        outer, own = _deadline.get(), time.monotonic() + self._seconds
        self._token: Token[float | None] = _deadline.set(own if outer is None else min(own, outer))

    def __exit__(self, *exception: object) -> None:
        _deadline.reset(self._token)


def remaining() -> float:
    """Returns the seconds until the deadline, never negative; SCRIPT_SECONDS if none is set."""
    deadline = _deadline.get()
    return SCRIPT_SECONDS if deadline is None else max(0.0, deadline - time.monotonic())


def has_time_for_a_call() -> bool:
    return remaining() >= CALL_SECONDS
