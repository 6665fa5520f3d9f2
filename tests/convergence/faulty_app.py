"""`gunicorn … tests.convergence.faulty_app:app`: the server behind faults, with its counters at /_counts.

CONVERGENCE_FAULTS names the file with the shares (faults.py), CONVERGENCE_BROKEN a variant (broken.py). Days
pass as the test says, CONVERGENCE_MIDNIGHT seconds later; the first is CONVERGENCE_DAY.
"""

import logging
import os
import random
import sys
import time
from datetime import date, datetime, timedelta

from models import DynamoDBDatabase
from teamcal.domain.values import utc_now
from teamcal.factory import create_app
from teamcal.metrics import Counters
from teamcal.settings import load_settings
from teamcal.storage.client import connect
from teamcal.sync.ports import Ports
from teamcal.sync.redis_notices import OnChange, RedisNotices
from tests.convergence import broken
from tests.convergence.faults import FaultyDoor, counts, shares

FORMAT = "%(created).2f %(levelname)s:%(name)s:%(message)s"
logging.basicConfig(level=logging.INFO, stream=sys.stderr, format=FORMAT)


def _receive_badly() -> None:
    """Redis pub/sub promises nothing: a notice may be lost, or come twice."""
    receive = RedisNotices.receive

    def faulty(self: RedisNotices, data: bytes, on_change: OnChange) -> None:
        if shares.hits("lost notice"):
            return
        receive(self, data, on_change)
        if shares.hits("notice twice"):
            receive(self, data, on_change)

    RedisNotices.receive = faulty  # type: ignore[method-assign]


def now() -> datetime:
    """This server's clock, which is wrong."""
    return utc_now() + timedelta(seconds=float(os.environ["CONVERGENCE_CLOCK"]))


class Calendar:
    """The days of this installation, which pass within seconds."""

    def __init__(self) -> None:
        self._first = date.fromisoformat(os.environ["CONVERGENCE_DAY"])
        self._late = float(os.environ["CONVERGENCE_MIDNIGHT"])
        self._midnights = self._coming = int(shares["midnights"])
        self._at = 0.0

    def today(self) -> str:
        if shares["midnights"] > self._coming:
            self._coming, self._at = int(shares["midnights"]), time.monotonic() + self._late
        if time.monotonic() >= self._at:
            self._midnights = self._coming
        return (self._first + timedelta(self._midnights)).isoformat()


Ports.today = Calendar().today  # type: ignore[method-assign, assignment]
random.seed(f"{os.environ['CONVERGENCE_SEED']} {os.environ['PORT']}")
_receive_badly()
settings, counters = load_settings(), Counters()
client = connect(settings.storage)
FaultyDoor(client)
database = DynamoDBDatabase(settings.storage, client, now, metrics=counters)
app, socketio = create_app(settings, database, now, metrics=counters)
if variant := os.environ.get("CONVERGENCE_BROKEN"):
    broken.VARIANTS[variant](app.extensions["replicas"])
app.add_url_rule("/_counts", view_func=lambda: {**counts, **counters.values()})
__all__ = ["app", "socketio"]
