"""What this process says of its changes: its pulse. Design: docs/develop/decisions/pulse.md."""

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from teamcal.brief_lock import BriefLock
from teamcal.deadline import within
from teamcal.domain.changes import Change, Head
from teamcal.domain.database import Database
from teamcal.domain.pulse import IDLE, MOST_NAMED_LOGS, NAMED_LOGS, STOPPED, NamedLog, Pulse
from teamcal.errors import StorageError
from teamcal.metrics import NO_METRICS, PULSES_FAILED, PULSES_PUT, Metrics

PACE_SECONDS, SLOW_PACE_SECONDS = 0.2, 1.0
"""Between two pulses at least; the second on a provisioned table, and for a minute after one failed."""
BEAT_SECONDS, IDLE_BEAT_SECONDS = 5.0, 60.0
"""Between two pulses at most; the second when nothing was written for as long."""
SLOW_SECONDS = 60.0
READ_SECONDS = 3.0
"""What was said so long ago has been read by all processes, which read once a second."""
PUT_SECONDS = 3.5
"""Time for one put: a little more than the storage wants for a call."""


class PulseSender:
    """Tells other processes which logs this one changed, through the table: a hint, and never a promise.

    One pulse is under way at a time, it is put whole, and none is put again: the next one says all that it
    said. It names the last NAMED_LOGS logs, and more only if more changed than other processes can have read
    of. `is_slow`: the table has little capacity. `clock()` returns seconds.
    """

    def __init__(
        self,
        database: Database,
        is_slow: bool = False,
        metrics: Metrics = NO_METRICS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._metrics, self._clock = database, metrics, clock
        self._slow_until = float("inf") if is_slow else -float("inf")
        self.process = secrets.randbits(53) or 1
        self._lock = BriefLock()
        self._putting = threading.Lock()
        self._named: OrderedDict[str, NamedLog] = OrderedDict()
        # When the last pulses were put, and the counters that they told.
        self._marks: deque[tuple[float, int]] = deque()
        self._counter = self._dropped = self._read = 0
        self._said = Pulse(self.process, 0, mark=IDLE)
        self._said_at = self._changed_at = -float("inf")
        self.acknowledged = 0
        """The last beat that is known to be in the table."""
        self._unsaid = False
        self._ended = False

    @property
    def beat(self) -> int:
        """The last beat that may be in the table."""
        return self._said.beat

    def announce(self, log_id: str, change: Change, head: Head) -> None:
        """Says with the next pulse that the log was changed: teamcal.sync.ports.Notices."""
        self.name(log_id, change.revision)

    def name(self, log_id: str, revision: int) -> None:
        with self._lock:
            self._counter += 1
            self._named[log_id] = NamedLog(log_id, revision, self._counter)
            self._named.move_to_end(log_id)
            if len(self._named) > MOST_NAMED_LOGS:
                self._drop_oldest()
            self._changed_at = self._clock()

    def _drop_oldest(self) -> None:
        _, oldest = self._named.popitem(last=False)
        self._dropped = oldest.counter

    def names(self) -> Mapping[str, int]:
        """Returns the revisions that this process said or is going to say, by log."""
        with self._lock:
            return {log_id: named.revision for log_id, named in self._named.items()}

    # Putting

    def run(self, sleep: Callable[[float], None]) -> None:
        """Puts whatever is due. A task of its own, which ends after `stop`."""
        while not self._ended:
            self.put_if_due()
            sleep(PACE_SECONDS)

    def put_if_due(self) -> None:
        with self._putting:
            if not self._ended and self._is_due():
                self._put(self._next())

    def stop(self) -> None:
        """Says that this process ends, with everything that it hasn't said yet. Others remove the row."""
        with self._putting:
            if not self._ended and (self.acknowledged or self._counter):
                self._put(self._next(STOPPED))
            self._ended = True

    def put_again(self) -> None:
        """Makes a pulse due: the last one isn't in the table."""
        self._unsaid = True

    def _is_due(self) -> bool:
        now = self._clock()
        since = now - self._said_at
        if since < (SLOW_PACE_SECONDS if now < self._slow_until else PACE_SECONDS):
            return False
        idle = self._is_idle(now)
        news = self._unsaid or self._counter > self._said.counter or idle is not bool(self._said.mark)
        return news or since >= (IDLE_BEAT_SECONDS if idle else BEAT_SECONDS)

    def _is_idle(self, now: float) -> bool:
        return now - self._changed_at >= IDLE_BEAT_SECONDS

    def _next(self, mark: str = "") -> Pulse:
        now = self._clock()
        with self._lock:
            self._drop_what_was_read(now)
            named = tuple(reversed(self._named.values()))
            mark = mark or (IDLE if self._is_idle(now) else "")
            self._said_at = now
            self._said = Pulse(self.process, self.beat + 1, self._counter, self._dropped, named, mark)
            return self._said

    def _drop_what_was_read(self, now: float) -> None:
        """Of more than NAMED_LOGS, keeps what wasn't in the table for READ_SECONDS yet."""
        while self._marks and now - self._marks[0][0] > READ_SECONDS:
            _, self._read = self._marks.popleft()
        self._marks.append((now, self._counter))
        while len(self._named) > NAMED_LOGS:
            oldest = next(iter(self._named.values()))
            if oldest.counter > self._read and now >= self._slow_until:
                return
            self._drop_oldest()

    def _put(self, pulse: Pulse) -> None:
        try:
            with within(PUT_SECONDS):
                self._database.put_pulse(pulse)
        except StorageError:  # the storage has logged it for the operator
            self._metrics.add(PULSES_FAILED)
            self._slow_until = max(self._slow_until, self._clock() + SLOW_SECONDS)
            self._unsaid = True
        else:
            self._metrics.add(PULSES_PUT)
            self.acknowledged, self._unsaid = pulse.beat, False


@contextmanager
def pulsing(database: Database) -> Iterator[PulseSender]:
    """Yields the pulse of a command, as the `notices` of its replicas. It has said everything at the end."""
    sender = PulseSender(database)
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(PACE_SECONDS):
            if sender.names():
                sender.put_if_due()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield sender
    finally:
        ended.set()
        thread.join()
        sender.stop()


def tell_servers(database: Database, revisions: Mapping[str, int]) -> None:
    """Tells the servers of changes that no replica made: the new revisions, by log. Never fails."""
    sender = PulseSender(database)
    for log_id, revision in revisions.items():
        sender.name(log_id, revision)
    sender.stop()
