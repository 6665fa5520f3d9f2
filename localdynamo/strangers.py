"""Connections that haven't sent a request with a valid signature yet: any account of the machine opens them.

Who has the key sends such a request at once. So when there are too many others, or they hold too much, the
oldest of them end.
"""

from typing import Protocol

MAX_CONNECTIONS = 256
"""Well below the 1,024 files that a process may usually have open."""
MAX_BYTES = 64 * 1024 * 1024
"""Of requests that haven't arrived completely, of all strangers together: four of the longest."""


class Stranger(Protocol):
    def break_off(self) -> None:
        """Ends the connection at once."""


class Strangers:
    """Oldest first, with the bytes that each holds."""

    def __init__(self) -> None:
        self._held: dict[Stranger, int] = {}
        self._bytes = 0

    def __contains__(self, one: object) -> bool:
        return one in self._held

    def add(self, one: Stranger) -> None:
        self._held[one] = 0
        self._make_room(one)

    def holds(self, one: Stranger, size: int) -> None:
        """Is told the bytes that wait in the buffer of a connection."""
        if one in self._held:
            self._bytes += size - self._held[one]
            self._held[one] = size
            self._make_room(one)

    def discard(self, one: Stranger) -> None:
        """The connection has ended, or has sent a valid request."""
        self._bytes -= self._held.pop(one, 0)

    def _make_room(self, newest: Stranger) -> None:
        while len(self._held) > MAX_CONNECTIONS or self._bytes > MAX_BYTES:
            oldest = next((one for one in self._held if one is not newest), newest)
            self.discard(oldest)
            oldest.break_off()
