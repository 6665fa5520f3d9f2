"""Counters of the library `limits` in memory that has a bound.

The library's own memory storage has none, and starts a thread that walks through all keys after each hit.
"""

import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from limits.storage import MovingWindowSupport, Storage


class BoundedMemory(Storage, MovingWindowSupport):
    """Fixed and moving windows, at most `keys` of each; the one that was hit longest ago is forgotten first.

    `clock` gives seconds since the epoch, which is the library's time.
    """

    STORAGE_SCHEME = None

    def __init__(self, keys: int, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._keys, self._clock = keys, clock
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()  # count, end of the window
        self._entries: OrderedDict[str, array[float]] = OrderedDict()  # times in the window, oldest first
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._counts) + len(self._entries)

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    # Fixed windows

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = self._clock()
        with self._lock:
            count, ends = self._counts.get(key, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + expiry
            self._keep(self._counts, key, (count + amount, ends))
            return count + amount

    def get(self, key: str) -> int:
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        return max(self._counts.get(key, (0, 0.0))[1], self._clock())

    # Moving windows

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = self._clock()
        with self._lock:
            valid = array("d", (entry for entry in self._entries.get(key, ()) if entry > now - expiry))
            is_free = len(valid) + amount <= limit
            if is_free:
                valid.extend([now] * amount)
            self._keep(self._entries, key, valid)
            return is_free

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        now = self._clock()
        valid = [entry for entry in self._entries.get(key, ()) if entry > now - expiry]
        return (valid[0], len(valid)) if valid else (now, 0)

    # All of them

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        count = len(self)
        self._counts.clear()
        self._entries.clear()
        return count

    def clear(self, key: str) -> None:
        self._counts.pop(key, None)
        self._entries.pop(key, None)

    def _keep(self, kept: OrderedDict[str, Any], key: str, value: Any) -> None:
        kept[key] = value
        kept.move_to_end(key)
        if len(kept) > self._keys:
            kept.popitem(last=False)
