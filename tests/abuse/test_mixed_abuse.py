"""A minute of mixed abuse from six clients: memory is bounded and comes back, and a colleague is served."""

import time
from pathlib import Path

import pytest

from tests.abuse.scene import Colleague, Memory, attacked, fill
from tests.servers import running

REPLICA_MEMORY = 64
WHILE_ATTACKED, AFTERWARDS = REPLICA_MEMORY + 400, REPLICA_MEMORY + 200
"""MB of resident memory."""
SECONDS = 60.0
LIMIT, USUAL = 0.25, 0.01
"""Seconds within which 99 of 100 requests of a colleague are answered, and those without an attack."""


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_minute_of_mixed_abuse(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path, env={"REPLICA_MEMORY_MB": str(REPLICA_MEMORY)}) as server:
        small, big = fill(server.url, "개발팀", 20, 10), fill(server.url, "전체 일정", 4_000, 100)
        heavy = [fill(server.url, f"자료실 {number}", 300, 10_000) for number in range(5)]
        usual = Colleague(server.url, small)
        usual.work(5)
        slowness = max(1, usual.percentile() / USUAL)  # of a machine that is busy with something else
        memory, colleague = Memory(server), Colleague(server.url, small)
        attacks = (
            ("repeated_department", big),
            ("unread_websocket", heavy[0]),
            ("stale_versions", big),
            ("all_departments", big),
            ("forged_cursors", heavy[1]),
            ("abandoned_polling", big),
        )
        with attacked(server.url, *attacks):
            colleague.work(SECONDS)
        print(f"peak {memory.peak:.0f} MB, p99 {colleague.percentile() * 1_000:.0f} ms")
        deadline = time.monotonic() + SECONDS
        while memory.now() > AFTERWARDS and time.monotonic() < deadline:
            time.sleep(1)
        print(f"{SECONDS - (deadline - time.monotonic()):.0f} s later {memory.now():.0f} MB")
        memory.stop()
        assert colleague.failures == []
        assert memory.peak < WHILE_ATTACKED
        assert memory.now() < AFTERWARDS
        assert colleague.percentile() < LIMIT * slowness
        assert "Traceback" not in server.log()
