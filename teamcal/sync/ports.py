"""What replicas need of the process that they live in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from teamcal.domain.changes import Change, Head
from teamcal.domain.database import Database
from teamcal.domain.values import utc_now
from teamcal.metrics import NO_METRICS, Metrics
from teamcal.sync.plain_view import PlainChange
from teamcal.zones import DEFAULT_ZONE, zone_of


class Members(Protocol):
    """The clients that are connected to this process."""

    def publish(self, log_id: str, change: Change, head: Head, plain: PlainChange | None = None) -> None:
        """Sends a change to the members of the log's rooms; `head` is the one after it.

        `plain`: what those are told who don't know series, if that is something else.
        """

    def publish_day(self, log_id: str, head: Head, plain: PlainChange) -> None:
        """Sends those who don't know series what another day shows them of the same state."""

    def send_away(self, log_id: str) -> None:
        """Disconnects the members of a log that started over; they come back and ask for everything."""

    def has_members(self, log_id: str) -> bool: ...

    def watched(self) -> list[str]:
        """Returns the ids of the departments with members; with any client, the list of departments too."""


class Notices(Protocol):
    """The other server processes."""

    def announce(self, log_id: str, change: Change, head: Head) -> None:
        """Tells them of a change; `head` is the one after it. Never fails and never waits."""


class AllNotices:
    """Several ways to tell the other processes, of which each is told of every change."""

    def __init__(self, *ways: Notices) -> None:
        self.ways = ways

    def announce(self, log_id: str, change: Change, head: Head) -> None:
        for way in self.ways:
            way.announce(log_id, change, head)


class NoMembers:
    """Of a process that serves no clients: a script."""

    def publish(self, log_id: str, change: Change, head: Head, plain: PlainChange | None = None) -> None:
        return None

    def publish_day(self, log_id: str, head: Head, plain: PlainChange) -> None:
        return None

    def send_away(self, log_id: str) -> None:
        return None

    def has_members(self, log_id: str) -> bool:
        return False

    def watched(self) -> list[str]:
        return []


@dataclass(frozen=True)
class Ports:
    """The collaborators of every replica of a process.

    Without `notices`, other processes find the changes in the log. `now` returns the time in UTC; `zone` is
    where it is today.
    """

    database: Database
    members: Members = field(default_factory=NoMembers)
    notices: Notices | None = None
    now: Callable[[], datetime] = utc_now
    metrics: Metrics = NO_METRICS
    zone: str = DEFAULT_ZONE

    def today(self) -> str:
        return self.now().astimezone(zone_of(self.zone)).date().isoformat()
