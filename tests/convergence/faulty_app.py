"""`gunicorn … tests.convergence.faulty_app:app`: the server behind faults, with its counters at /_counts.

CONVERGENCE_FAULTS names the file with the shares (faults.py), CONVERGENCE_BROKEN a variant (broken.py).
"""

import logging
import os
import sys
from collections.abc import Callable

from models import DynamoDBDatabase
from teamcal.domain.changes import Change
from teamcal.factory import create_app
from teamcal.metrics import Counters
from teamcal.settings import load_settings
from teamcal.storage.client import connect
from teamcal.sync.redis_notices import RedisNotices
from tests.convergence import broken
from tests.convergence.faults import FaultyDoor, counts, shares

logging.basicConfig(level=logging.INFO, stream=sys.stderr)


def _receive_badly() -> None:
    """Redis pub/sub promises nothing: a notice may be lost, or come twice."""
    receive = RedisNotices.receive

    def faulty(self: RedisNotices, data: bytes, on_change: Callable[[str, Change], None]) -> None:
        if shares.hits("lost notice"):
            return
        receive(self, data, on_change)
        if shares.hits("notice twice"):
            receive(self, data, on_change)

    RedisNotices.receive = faulty  # type: ignore[method-assign]


_receive_badly()
settings, counters = load_settings(), Counters()
client = connect(settings.storage)
FaultyDoor(client)
database = DynamoDBDatabase(settings.storage, client, metrics=counters)
app, socketio = create_app(settings, database, metrics=counters)
if variant := os.environ.get("CONVERGENCE_BROKEN"):
    broken.VARIANTS[variant](app.extensions["replicas"])
app.add_url_rule("/_counts", view_func=lambda: {**counts, **counters.values()})
__all__ = ["app", "socketio"]
