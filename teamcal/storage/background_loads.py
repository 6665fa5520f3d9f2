"""Big departments are loaded in the background: a load outlives the request that asked for it.

A request that would begin again each time could never have a department that takes longer than its
deadline. The next request, or the watcher, joins the load that is under way or takes what is ready.

What was read and isn't taken yet is counted in bytes, and loads wait for each other before each page while
there is too much of it. The first always goes on: so all hold at most the limit and one department more.
"""

import threading
import time
from collections.abc import Callable
from copy import copy as copied
from functools import partial

from teamcal.deadline import CALL_SECONDS, remaining
from teamcal.domain.changes import Change, Head
from teamcal.domain.values import Record
from teamcal.errors import StorageError, StorageUnavailable
from teamcal.storage.department_index import ReadRest
from teamcal.storage.overlay import Copy

Loaded = tuple[Head, dict[str, Record], list[Change]]
AT_ONCE = 4
"""Departments that are read at once; as many that are ready wait to be taken."""
MAX_WAITING = 32
"""Departments that are asked for at once; each that waits for its turn holds its first page."""
KEPT_SECONDS = 30.0
"""How long a department that is ready waits for a request that takes it."""
UNFIT_SECONDS = 60.0
"""As long as that if its tables don't fit: when they have been repaired, most of it is right."""
LOOK_SECONDS = 1.0
"""How often a load that waits for memory looks whether there is some, also without being told."""
ANSWER_SECONDS = 0.3
"""What a request needs when the department is ready: no call of the database, as a rule."""


class _Load:
    """`is_read`: it has its turn. `since`: when the reading of the head began; `judged`: when it was known
    whether the tables fit. `loaded`: None if they don't.
    """

    def __init__(self, log_id: str, copy: Copy) -> None:
        self.log_id, self.copy = log_id, copy
        self.done, self.taken = threading.Event(), threading.Event()
        self.is_read = False
        self.since = self.judged = 0.0
        self.loaded: Loaded | None = None
        self.failure: StorageError | None = None


class BackgroundLoads:
    """One load a log, each taken once. `finish(log_id, copy)` reads what a copy from the index lacks.

    `memory`: bytes that all together may hold.

    `misfit(log_id)` is called when the tables don't fit each other: no request may have the time to find out.
    """

    def __init__(
        self, finish: Callable[[str, Copy], Loaded | None], misfit: Callable[[str], None], memory: int
    ) -> None:
        self._finish, self._misfit, self._memory = finish, misfit, memory
        self._loads: dict[str, _Load] = {}
        self._turns = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._freed = threading.Condition(self._lock)

    def is_under_way(self, log_id: str) -> bool:
        return log_id in self._loads

    @property
    def bytes(self) -> int:
        """What was read of all departments that are loaded or wait to be taken."""
        return sum(load.copy.bytes for load in list(self._loads.values()))

    def begin(self, log_id: str, copy: Copy, read_rest: ReadRest) -> None:
        """Goes on with a copy of which the first page was read. Raises StorageUnavailable."""
        with self._lock:
            if log_id in self._loads:
                return
            if len(self._loads) >= MAX_WAITING:
                raise StorageUnavailable(f"{MAX_WAITING} departments are being loaded")
            if len(self._loads) >= AT_ONCE and self.bytes > self._memory:
                raise StorageUnavailable("there is no memory to load one more department")
            load = self._loads[log_id] = _Load(log_id, copy)
        # Without the request's deadline: each call has time for itself.
        threading.Thread(target=self._run, args=(load, read_rest), daemon=True, name="load").start()

    def take(self, log_id: str, asked_at: float) -> Loaded | None:
        """Returns the log as it was after `asked_at`; None if its tables don't fit each other.

        Raises StorageError; StorageUnavailable when it isn't ready in time, or somebody else took it.
        """
        load = self._loads.get(log_id)
        if load is None or not load.done.wait(max(0.0, remaining() - ANSWER_SECONDS)):
            raise StorageUnavailable(f"{log_id} is being loaded")
        if load.failure is not None:
            raise copied(load.failure)
        is_final = load.loaded is not None and load.loaded[0].revision > 0
        if not is_final and remaining() < CALL_SECONDS + ANSWER_SECONDS:
            raise StorageUnavailable(f"{log_id} is loaded, and there is no time to look at its department")
        if load.loaded is None and load.judged >= asked_at:
            return None  # what was read stays: most of it is right when the log has been repaired
        if not self._drop(load):
            raise StorageUnavailable(f"{log_id} is loaded by others")
        if load.since >= asked_at:
            return load.loaded
        try:
            return self._finish(log_id, load.copy)
        except StorageError:
            self._put_back(load)
            raise

    def _run(self, load: _Load, read_rest: ReadRest) -> None:
        try:
            with self._turns:
                load.is_read = True
                read_rest(partial(self._wait_for_memory, load))
                load.since = time.monotonic()
                load.loaded = self._finish(load.log_id, load.copy)
                load.judged = time.monotonic()
                if load.loaded is None:
                    self._misfit(load.log_id)
        except StorageError as error:
            load.failure = copied(error)
        except BaseException:
            load.failure = StorageUnavailable(f"loading {load.log_id} failed")
            raise
        finally:
            if load.failure is not None:  # the next request begins anew
                self._drop(load)
            load.done.set()
            self._keep(load)

    def _wait_for_memory(self, load: _Load) -> None:
        with self._freed:
            while self.bytes > self._memory and load is not self._first():
                self._freed.wait(LOOK_SECONDS)
                self._let_go()

    def _first(self) -> _Load | None:
        """Of those that are being read or wait to be taken, the first that was begun: it waits for nobody."""
        return next((load for load in self._loads.values() if load.is_read), None)

    def _let_go(self) -> None:
        """Drops what is ready and nobody took in time; whoever asked for it takes it at once, as a rule."""
        latest = time.monotonic() - LOOK_SECONDS
        for load in self._loads.values():
            if load.done.is_set() and load.judged < latest:
                load.taken.set()

    def _keep(self, load: _Load) -> None:
        """Waits until the load is taken; drops it when nobody comes, or when too many wait."""
        with self._freed:
            self._freed.notify_all()
            ready = [one for one in self._loads.values() if one.done.is_set() and one is not load]
        for one in ready[: max(0, len(ready) + 1 - AT_ONCE)]:
            one.taken.set()
        load.taken.wait(KEPT_SECONDS if load.loaded else UNFIT_SECONDS)
        self._drop(load)

    def _drop(self, load: _Load) -> bool:
        with self._lock:
            is_there = self._loads.get(load.log_id) is load
            if is_there:
                del self._loads[load.log_id]
                self._freed.notify_all()
        load.taken.set()  # only now: who waits for it would drop the load, and it would be nobody's
        return is_there

    def _put_back(self, load: _Load) -> None:
        load.taken.clear()
        with self._lock:
            self._loads.setdefault(load.log_id, load)
        threading.Thread(target=self._keep, args=(load,), daemon=True, name="load").start()
