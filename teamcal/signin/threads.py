"""Real threads for long computations, whatever kind of threads the process itself runs on."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from typing import Any, TypeVar

from teamcal.errors import TooBusy

T = TypeVar("T")
Execute = Callable[..., Any]

NICENESS = 10
"""By how much the threads stand back behind the one that serves everybody else, where cores are scarce."""


class RealThreads:
    """Runs computations that release the GIL, `at_once` at a time; `waiting` more may wait for their turn.

    `mode`: eventlet, gevent or threading. Only the caller's green thread waits. Under eventlet and gevent
    `threading` makes green threads, in which a computation would hold the event loop.
    """

    def __init__(self, mode: str, at_once: int, waiting: int) -> None:
        self._mode, self._at_once = mode, at_once
        self._turns = threading.Semaphore(at_once)
        self._places = threading.Semaphore(at_once + waiting)

    def run(self, compute: Callable[..., T], *arguments: Any) -> T:
        """Returns what `compute` returns. Raises TooBusy if no more may wait.

        `compute` raises nothing: gevent would write the error's stack trace to stderr.
        """
        if not self._places.acquire(blocking=False):
            raise TooBusy
        try:
            with self._turns:
                result: T = self._execute(_stand_back, compute, *arguments)
                return result
        finally:
            self._places.release()

    @cached_property
    def _execute(self) -> Execute:
        """Calls a function in a real thread and waits for its result. Made after the server's fork."""
        if self._mode == "eventlet":
            from eventlet import tpool

            execute: Execute = tpool.execute
            return execute
        if self._mode == "gevent":
            from gevent.threadpool import ThreadPool

            threads = ThreadPool(self._at_once)
            return lambda function, *arguments: threads.spawn(function, *arguments).get()
        pool = ThreadPoolExecutor(self._at_once, "computation")
        return lambda function, *arguments: pool.submit(function, *arguments).result()


def _stand_back(compute: Callable[..., T], *arguments: Any) -> T:
    """Computes at a lower priority, which on Linux is each thread's own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    return compute(*arguments)
