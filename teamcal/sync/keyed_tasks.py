"""Background tasks beside each other: those of one key one after the other, and never too many at once."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable

logger = logging.getLogger(__name__)

Task = Callable[[], None]


class KeyedTasks:
    """Runs what is added, in that order, at most `limit` tasks at once and one of each key.

    So a key whose task waits (for a lock, say) holds up its own tasks and no others, while at least one
    worker is free. `spawn(task)` is the worker's own: it starts a thread or a greenlet.
    """

    def __init__(self, spawn: Callable[[Task], object], limit: int) -> None:
        self._spawn, self._limit = spawn, limit
        self._tasks: dict[Hashable, deque[Task]] = {}
        self._ready: deque[Hashable] = deque()
        self._workers = 0
        self._changed = threading.Condition()

    def add(self, key: Hashable, task: Task) -> None:
        with self._changed:
            tasks = self._tasks.setdefault(key, deque())
            tasks.append(task)
            if len(tasks) == 1:
                self._ready.append(key)
            if self._workers >= self._limit or not self._ready:
                return
            self._workers += 1
        self._start()

    def waiting(self, key: Hashable) -> int:
        """Returns how many tasks of `key` haven't ended."""
        return len(self._tasks.get(key, ()))

    def wait(self, seconds: float) -> bool:
        """Waits until nothing is left to do, at most `seconds`; returns whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._tasks, seconds)

    def _start(self) -> None:
        try:
            self._spawn(self._work)
        except RuntimeError:  # can't start a new thread
            self._work()

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._ready:
                    self._workers -= 1
                    return
                key = self._ready.popleft()
                task = self._tasks[key][0]
            try:
                self._run(task)
            except BaseException:  # this worker is being ended; another one goes on
                self._end(key)
                self._start()
                raise
            self._end(key)

    def _run(self, task: Task) -> None:
        try:
            task()
        except Exception:
            logger.exception("a background task failed")

    def _end(self, key: Hashable) -> None:
        with self._changed:
            tasks = self._tasks[key]
            tasks.popleft()
            if tasks:
                self._ready.append(key)
            else:
                del self._tasks[key]
            if not self._tasks:
                self._changed.notify_all()
