"""Long work in parts, so that no request waits for all of it."""

import io
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

Item = TypeVar("Item")
Sortable = TypeVar("Sortable", bound=tuple[Any, ...])
EVERY = 512
"""Items between two pauses: 3 ms of work for ordinary events, 20 for those of 30 KB."""


PIECES = 8_192
"""Pieces that are joined at a time: 3 MB of ordinary events."""


def in_turns(items: Iterable[Item]) -> Iterator[Item]:
    """Yields the items, and lets other requests run now and then; with green threads they couldn't otherwise.

    The caller may hold a replica's lock: it keeps it, and only who needs the same replica waits.
    """
    for number, item in enumerate(items, start=1):
        yield item
        if number % EVERY == 0:
            time.sleep(0)


SHORT = 0.003
"""Seconds."""
SHORT_SWITCH = 0.001
"""Seconds."""


def in_short_turns(items: Iterable[Item]) -> Iterator[Item]:
    """As `in_turns`, for work of which an item may take long: others run when `SHORT` is over."""
    ends = time.perf_counter() + SHORT
    for item in items:
        yield item
        if time.perf_counter() >= ends:
            time.sleep(0)
            ends = time.perf_counter() + SHORT


def sorted_in_turns(items: Sequence[Sortable]) -> list[Sortable]:
    """Returns the items in order. At once 100,000 take 150 ms; here the last and longest part takes 15."""
    runs = [sorted(items[at : at + EVERY]) for at in paused(range(0, len(items), EVERY))]
    while len(runs) > 1:
        # Python's sort finds the two ordered runs and merges them.
        runs = [sorted(chain(*runs[at : at + 2])) for at in paused(range(0, len(runs), 2))]
    return runs[0] if runs else []


def joined_in_turns(pieces: Sequence[bytes], start: bytes, end: bytes) -> bytes:
    """Returns the pieces with commas between them, after `start` and before `end`."""
    buffer = io.BytesIO()
    buffer.write(start)
    for at in paused(range(0, len(pieces), PIECES)):
        buffer.write(b"," if at else b"")
        buffer.write(b",".join(pieces[at : at + PIECES]))
    buffer.write(end)
    return buffer.getvalue()


def paused(parts: Iterable[Item]) -> Iterator[Item]:
    """Yields the parts of some work, and lets other requests run between two of them."""
    for number, part in enumerate(parts):
        if number:
            time.sleep(0)
        yield part


class ThreadTurns:
    """A context in which a thread that works gives way to others after `SHORT_SWITCH` instead of 5 ms.

    For long work beside requests where both have threads: a request waits so long at each of its own steps.
    Green threads don't notice. The interval is the process's; it is as before when the last one has left.
    """

    _lock = threading.Lock()
    _inside, _before = 0, 0.0

    def __enter__(self) -> None:
        with self._lock:
            if not ThreadTurns._inside:
                ThreadTurns._before = sys.getswitchinterval()
                sys.setswitchinterval(min(SHORT_SWITCH, ThreadTurns._before))
            ThreadTurns._inside += 1

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            ThreadTurns._inside -= 1
            if not ThreadTurns._inside:
                sys.setswitchinterval(ThreadTurns._before)
