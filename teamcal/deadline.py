"""How long the work at hand may still take. A request carries its own; a script has a generous one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_SECONDS = 6.5
"""The desktop client gives up after 10 s and CONTRACT.md promises 8; the rest is for queues and the wire."""
SCRIPT_SECONDS = 30.0

_ends: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Whatever is done inside should end in `seconds`; an earlier deadline outside stays in force."""
    outer = _ends.get()
    ends = time.monotonic() + seconds
    token = _ends.set(ends if outer is None else min(ends, outer))
    try:
        yield
    finally:
        _ends.reset(token)


def remaining() -> float:
    """Seconds, never negative."""
    ends = _ends.get()
    return SCRIPT_SECONDS if ends is None else max(0.0, ends - time.monotonic())
