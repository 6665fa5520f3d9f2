"""`gunicorn … tests.convergence.faulty_app:app`: app.py's server behind faulty doors, with counters.

CONVERGENCE_FAULTS names the file with the shares (faults.py), CONVERGENCE_BROKEN a variant (broken.py).
"""

import os
from typing import Any

import models
from teamcal.calendar import events as calendar
from teamcal.sync import redis_notices as notices
from teamcal.sync import replica, replicas
from teamcal.sync import watcher as tail
from tests.convergence import broken
from tests.convergence.faults import FaultyDoor, counts, shares


def _publish_through_the_class() -> None:
    """`Replicas.publish` is an argument of its constructor: a variant needs a method to replace."""
    made = replicas.Replicas.__init__

    def init(self: Any, database: Any, now: Any, memory: int, publish: Any, *rest: Any) -> None:
        made(self, database, now, memory, publish, *rest)
        self.told = publish
        self.publish = self.publish_once
        broken.EVERYBODY.append(self)

    replicas.Replicas.__init__ = init
    replicas.Replicas.publish_once = lambda self, log_id, change, head: self.told(log_id, change, head)


def _behind_faulty_doors() -> None:
    connect = models.DynamoDBDatabase._connect

    def connect_behind(self: Any) -> Any:
        client = connect(self)
        FaultyDoor(client)
        return client

    models.DynamoDBDatabase._connect = connect_behind


def _counting(owner: type, method: str, name: str) -> None:
    """Counts how many changes a replica gained in `method`, under `name`; more than one was a gap."""
    inner = getattr(owner, method)

    def counted(self: Any, *arguments: Any) -> Any:
        of = self if isinstance(self, replica.Replica) else arguments[0]
        before = of.head.revision if of.head else None
        try:
            return inner(self, *arguments)
        finally:
            gained = of.head.revision - before if before is not None else 0
            if gained > 0:
                counts[f"changes by {name}"] += gained
            if gained > 1:
                counts[f"gaps healed by {name}"] += 1

    setattr(owner, method, counted)


def _count_starts() -> None:
    load, over, snapshot = replica.Replica._load, replica.Replica._start_over, calendar.Calendar.snapshot

    def loaded(self: Any) -> None:
        load(self)
        counts["cold loads"] += 1

    def started_over(self: Any) -> None:
        counts["started over"] += 1
        over(self)

    def shown(self: Any, found: Any, cursor: Any) -> Any:
        made = snapshot(self, found, cursor)
        if not made.full and (made.events or made.deleted):
            counts["gaps healed by cursor"] += 1
        counts["resync required"] += bool(made.reason)
        return made

    replica.Replica._load, replica.Replica._start_over = loaded, started_over
    calendar.Calendar.snapshot = shown


def _noticing_badly() -> None:
    """Redis pub/sub promises nothing: a notice may be lost, or come twice."""
    heard = notices.Notices._heard

    def hear(self: Any, data: bytes) -> None:
        if shares.hits("lost notice"):
            return
        counts["notices"] += 1
        heard(self, data)
        if shares.hits("notice twice"):
            heard(self, data)

    notices.Notices._heard = hear


_publish_through_the_class()
if variant := os.environ.get("CONVERGENCE_BROKEN"):
    broken.VARIANTS[variant]()
_behind_faulty_doors()
_noticing_badly()
_counting(replica.Replica, "notice", "notice")
_counting(replica.Replica, "_look", "reading")
_counting(tail.Tail, "_adopt", "timer")
_count_starts()

from app import app, socketio  # noqa: E402 -- the classes above have to be wrapped first

app.add_url_rule("/_counts", view_func=lambda: dict(counts))
__all__ = ["app", "socketio"]
