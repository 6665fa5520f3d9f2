"""Several reads beside each other instead of one after the other."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")

MOST = 16


def at_once(read: Callable[[Value], Result], values: Sequence[Value]) -> list[Result]:
    """Returns what `read` returns for each value; at most `MOST` run at a time, within the same deadline.

    Raises the error of the first value that failed.
    """
    waiting = deque(enumerate(values))
    results: dict[int, Result] = {}
    errors: dict[int, Exception] = {}

    def work() -> None:
        while waiting and not errors:
            try:
                number, value = waiting.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                results[number] = read(value)
            except Exception as error:  # noqa: BLE001 -- raised below, in the thread that asked
                errors[number] = error

    threads = [threading.Thread(target=copy_context().run, args=(work,)) for _ in values[1:MOST]]
    for thread in threads:
        thread.start()
    work()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(len(values))]
