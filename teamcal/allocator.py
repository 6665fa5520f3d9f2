"""What the C library does with memory that Python has freed."""

import ctypes
from contextlib import suppress

THRESHOLD = 131_072
# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
ARENAS = 2
"""Heaps of a process with real threads; glibc would make one for each of them, up to eight a core."""


def return_freed_memory() -> None:
    """Makes glibc give freed memory back to the system; does nothing where there is no glibc.

    glibc raises its thresholds to the largest block that was ever freed, and keeps everything below: after a
    minute with calendars of some megabytes a process stayed at 2.4 GB. `mallopt` fixes the thresholds, as the
    environment variables MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_ do, which have to be set before
    the process starts: https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, THRESHOLD)
        mallopt(_MMAP_THRESHOLD, THRESHOLD)
        mallopt(_ARENA_MAX, ARENAS)
