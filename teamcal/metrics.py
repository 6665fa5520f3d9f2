"""Counters of what happens inside a server process.

The names are listed here; whoever counts is given a `Metrics`. Without one nothing is counted.
"""

from collections import defaultdict
from collections.abc import Callable

from teamcal.brief_lock import BriefLock

COMMITS = "commits"
"""Transactions that were applied."""
COMMITTED_CHANGES = "committed_changes"
"""Changes in them; divided by COMMITS, the mean size of a batch."""
REVISION_CONFLICTS = "revision_conflicts"
"""Transactions that lost the race for a revision and were built again."""
LOST_ANSWERS = "lost_answers"
"""Transactions whose answer did not come; the log was read to learn whether they were applied."""
STORAGE_CALLS = "storage_calls"
STORAGE_RETRIES = "storage_retries"
STORAGE_THROTTLED = "storage_throttled"
CHANGES_BY_WRITE = "changes_by_write"
CHANGES_BY_NOTICE = "changes_by_notice"
CHANGES_BY_WATCHER = "changes_by_watcher"
CHANGES_BY_READ = "changes_by_read"
"""Changes that a replica advanced by, and what made it look."""
HEADS_WATCHED = "heads_watched"
"""Heads that the watcher read."""
NOTICES_RECEIVED = "notices_received"
NOTICES_REFUSED = "notices_refused"
"""Notices that were not signed with this installation's key, or could not be read."""
PULSES_READ, SWEEPS = "pulses_read", "sweeps"
"""Reads of the other processes' pulses, and rounds in which the watcher read all heads."""
PULSES_PUT, PULSES_FAILED = "pulses_put", "pulses_failed"
COLD_LOADS = "cold_loads"
HISTORIES_LOST = "histories_lost"
"""Replicas that were loaded anew because the log was another one than they knew."""
LOGS_REPAIRED = "logs_repaired"
"""Logs that were corrected because the tables didn't fit each other."""
CURSORS_CAUGHT_UP = "cursors_caught_up"
"""Joins and syncs that were answered with only the changes that the client had missed."""
RESYNCS_REQUIRED = "resyncs_required"
REPLICAS_EVICTED = "replicas_evicted"
REPLICAS, REPLICA_BYTES, MEMBERS = "replicas", "replica_bytes", "members"
"""Gauges: replicas in memory, their bytes, and rooms' members (a client counts once for each room)."""
DELIVERIES = "deliveries"
"""Live messages, once for each client that they were sent to."""
QUEUE_FALLBACKS = "queue_fallbacks"
"""Deliveries that could not be written to the client's socket at once and were queued."""
SLOW_READERS_CLOSED = "slow_readers_closed"


class Metrics:
    """Counts nothing."""

    def add(self, name: str, amount: int = 1) -> None:
        """Adds `amount` to the counter `name`."""

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """Registers a value that is read when the metrics are."""


NO_METRICS = Metrics()


class Counters(Metrics):
    """Counts in memory. Safe for threads."""

    def __init__(self) -> None:
        self._lock = BriefLock()
        self._values: defaultdict[str, float] = defaultdict(float)
        self._gauges: dict[str, Callable[[], float]] = {}

    def add(self, name: str, amount: int = 1) -> None:
        with self._lock:
            self._values[name] += amount

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        self._gauges[name] = read

    def values(self) -> dict[str, float]:
        """Returns every counter and gauge by name; a counter that was never added to is 0."""
        with self._lock:
            values: dict[str, float] = defaultdict(float, self._values)
        return values | {name: read() for name, read in self._gauges.items()}
