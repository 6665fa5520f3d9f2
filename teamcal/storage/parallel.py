"""Several calls beside each other: in threads, which are greenlets under eventlet and gevent."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import TypeVar

Task = Callable[["WorkQueue"], None]
Item = TypeVar("Item")


class WorkQueue:
    """Runs tasks in at most `workers` threads, the caller's among them. A task may add others.

    The tasks run under the caller's deadline. The first exception ends the run and is raised by `run`.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._waiting: deque[Task] = deque()
        self._running = 0
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    @property
    def has_idle_workers(self) -> bool:
        return len(self._waiting) + self._running < self._workers

    def add(self, task: Task) -> None:
        with self._changed:
            self._waiting.append(task)
            self._changed.notify()

    def run(self, tasks: Iterable[Task]) -> None:
        """Returns when all tasks have ended, those that they added included."""
        self._waiting.extend(tasks)
        threads = [
            threading.Thread(target=copy_context().run, args=(self._work,), daemon=True)
            for _ in range(self._workers - 1)
        ]
        for thread in threads:
            thread.start()
        self._work()
        for thread in threads:
            thread.join()
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task(self)
            except BaseException as error:  # noqa: BLE001 - raised by `run`
                self._failure = self._failure or error
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _next(self) -> Task | None:
        with self._changed:
            while not self._waiting and self._running and self._failure is None:
                self._changed.wait()
            if not self._waiting or self._failure is not None:
                return None
            self._running += 1
            return self._waiting.popleft()


def for_each_chunk(items: list[Item], size: int, work: Callable[[list[Item]], None], workers: int) -> None:
    """Calls `work` with `size` of the items at a time, in at most `workers` threads."""

    def task_of(some: list[Item]) -> Task:
        return lambda queue: work(some)

    tasks = [task_of(items[at : at + size]) for at in range(0, len(items), size)]
    if tasks:
        WorkQueue(min(workers, len(tasks))).run(tasks)
