"""What replicas need of the process that they live in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from teamcal.domain.changes import Change, Head
from teamcal.domain.database import Database
from teamcal.domain.values import utc_now
from teamcal.metrics import NO_METRICS, Metrics


class Members(Protocol):
    """The clients that are connected to this process."""

    def publish(self, log_id: str, change: Change, head: Head) -> None:
        """Sends a change to the members of the log's room; `head` is the one after it."""

    def send_away(self, log_id: str) -> None:
        """Disconnects the members of a log that started over; they come back and ask for everything."""

    def has_members(self, log_id: str) -> bool: ...


class Notices(Protocol):
    """The other server processes."""

    def announce(self, log_id: str, change: Change) -> None:
        """Tells them of a change. Never fails and never waits."""


class NoMembers:
    """Of a process that serves no clients: a script."""

    def publish(self, log_id: str, change: Change, head: Head) -> None:
        return None

    def send_away(self, log_id: str) -> None:
        return None

    def has_members(self, log_id: str) -> bool:
        return False


@dataclass(frozen=True)
class Ports:
    """The collaborators of every replica of a process.

    Without `notices`, other processes find the changes in the log. `now` returns the time in UTC.
    """

    database: Database
    members: Members = field(default_factory=NoMembers)
    notices: Notices | None = None
    now: Callable[[], datetime] = utc_now
    metrics: Metrics = NO_METRICS
