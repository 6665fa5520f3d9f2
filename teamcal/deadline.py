"""How long the current work may still take. A request has its own deadline; a script has a generous one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_SECONDS = 6.5
"""The desktop client gives up after 10 s and an answer is promised within 8.

Why 6.5: docs/develop/decisions/deadline.md. The remaining time is for queues and the network.
"""
SCRIPT_SECONDS = 30.0

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
"""On the clock of `time.monotonic`; None outside of `within`."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Sets a deadline for the code inside; an earlier deadline that is already set stays in force."""
    outer = _deadline.get()
    own = time.monotonic() + seconds
    token = _deadline.set(own if outer is None else min(own, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining() -> float:
    """Returns the seconds until the deadline, never negative; SCRIPT_SECONDS if none is set."""
    deadline = _deadline.get()
    return SCRIPT_SECONDS if deadline is None else max(0.0, deadline - time.monotonic())
