"""When a log is repaired: a second reading, some seconds later, finds the same fault.

In the background, so that no request and no lock waits longer than it wants to.
"""

import logging
import threading
import time
from collections.abc import Callable

from teamcal.errors import StorageError
from teamcal.storage.repair import Repairer
from teamcal.storage.survey import Moved, Surveyor

logger = logging.getLogger(__name__)

SECOND_READING_SECONDS = 5.0
"""Between the beginnings of two readings, each of which takes a while in a large department. An index that
lags catches up meanwhile, which changes the fault that is seen."""
MAX_READINGS = 20
"""Of one log, as long as each reading finds another fault; then the next load begins anew."""
MAX_LOGS = 1_000
"""Logs that wait at once in one process."""
AT_ONCE = 2
"""Logs that are read at once: a reading holds the ids of one department."""


class Repairs:
    """Repairs the logs that `begin` names, a few at a time. `repaired(log_id, revision)` is called then."""

    def __init__(self, surveyor: Surveyor, repairer: Repairer) -> None:
        self._surveyor, self._repairer = surveyor, repairer
        self._running: dict[str, threading.Event] = {}
        self._unfit: set[str] = set()
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(AT_ONCE)
        self.repaired: Callable[[str, int], None] = lambda log_id, revision: None

    def begin(self, log_id: str, unfit: bool = False) -> None:
        """Has the log read and, if need be, repaired in the background, unless that is under way.

        `unfit`: it can't be served as it is, so that loads wait meanwhile.
        """
        with self._lock:
            if unfit and len(self._unfit) < MAX_LOGS:
                self._unfit.add(log_id)
            if log_id in self._running or len(self._running) >= MAX_LOGS:
                return
            self._running[log_id] = threading.Event()
        threading.Thread(target=self._run, args=(log_id,), daemon=True, name="repair").start()

    @property
    def running(self) -> list[str]:
        """Ids of the logs that are being read or repaired."""
        return list(self._running)

    def wait(self, log_id: str, seconds: float) -> bool:
        """Waits while a log that is unfit is being repaired. Returns whether it isn't any more."""
        event = self._running.get(log_id)
        return event is None or log_id not in self._unfit or event.wait(max(0.0, seconds))

    def _run(self, log_id: str) -> None:
        try:
            with self._turns:
                self._settle(log_id)
        except StorageError as error:
            logger.info("%s can't be repaired yet: %s", log_id, error.code)  # the next load begins anew
        except Exception:
            logger.exception("repairing %s failed", log_id)
        finally:
            with self._lock:
                self._unfit.discard(log_id)
                self._running.pop(log_id).set()

    def _settle(self, log_id: str) -> None:
        before, seen = None, ()  # of the reading before: what was found, and its signature
        for _ in range(MAX_READINGS):
            began = time.monotonic()
            try:
                survey = self._surveyor.survey(log_id, before)
                if survey.is_sound:
                    return
                if before is not None and survey.signature == seen:
                    self._repairer.repair(log_id, survey)
                    self.repaired(log_id, self._surveyor.head(log_id).revision)
                    return
                before, seen = survey, survey.signature
            except Moved:
                before = None  # another server repairs it, or it was deleted
            time.sleep(max(0.0, began + SECOND_READING_SECONDS - time.monotonic()))
