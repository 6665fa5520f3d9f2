"""A department that was loaded in the background is its taker's, under green threads as under real ones."""

import subprocess
import sys

import pytest

LOADS = """
import sys
if sys.argv[1] == "gevent":
    from gevent import monkey
    monkey.patch_all()
elif sys.argv[1] == "eventlet":
    import eventlet
    eventlet.monkey_patch()
import time
from teamcal.deadline import within
from teamcal.domain.changes import Head
from teamcal.storage.background_loads import BackgroundLoads
from teamcal.storage.overlay import Copy

loads = BackgroundLoads(lambda log_id, copy: (Head(log_id, 1, "x"), {}, []), lambda log_id: None, 10**6)
with within(60):
    for number in range(100):
        asked_at = time.monotonic()
        loads.begin("team", Copy(), lambda wait: time.sleep(0))
        assert loads.take("team", asked_at) is not None
        assert not loads.is_under_way("team")
"""


@pytest.mark.parametrize("threads", ["gevent", "eventlet", "real"])
def test_what_is_ready_is_given_to_who_asks(threads: str) -> None:
    done = subprocess.run([sys.executable, "-c", LOADS, threads], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
