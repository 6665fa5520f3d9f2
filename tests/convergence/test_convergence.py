"""Everybody ends with the same calendar, whatever happens."""

import shutil
from pathlib import Path

import pytest

from teamcal.metrics import (
    CHANGES_BY_NOTICE,
    CHANGES_BY_READ,
    CHANGES_BY_WATCHER,
    CURSORS_CAUGHT_UP,
    LOGS_REPAIRED,
    REPLICAS_EVICTED,
)
from tests.convergence.run import Plan, proved, run

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")


@pytest.mark.timeout(400)
def test_everybody_ends_with_the_same_calendar(tmp_path: Path) -> None:
    imported = ("imports done", "entries created", "entries updated")
    report = proved(run(Plan(seconds=12, clients=24, writers=6, imports=1, seen=imported), tmp_path))
    assert report.counts["servers killed"] == 2
    assert report.counts["servers frozen"] == 1
    assert report.counts["Redis stopped"] == 2
    assert report.counts["engine killed"] == 1
    assert report.counts["migrations"] >= 2
    assert report.counts["midnights"] == 6
    for seen in ("bursts", "bursts cut off", "midnights heard", "writes repeated", *imported):
        assert report.counts[seen], seen
    for healed in (CHANGES_BY_NOTICE, CHANGES_BY_READ, CHANGES_BY_WATCHER, CURSORS_CAUGHT_UP):
        assert report.counts[healed], healed


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_forty_thousand_operations(tmp_path: Path) -> None:
    """With all trouble at once, in little memory."""
    plan = Plan(seconds=100, clients=36, writers=12, least=40_000, archives=8, imports=3, restores=True)
    report = proved(run(plan, tmp_path))
    assert report.operations >= 40_000
    faults = ("throttle", "conflict", "lost answer", "lost request", "lost notice", "stale index item")
    for fault in (*faults, "slow purge", "unprocessed"):
        assert report.counts[f"fault {fault}"], fault
    for counted in ("servers frozen", "tables restored", LOGS_REPAIRED, REPLICAS_EVICTED, "cursors spoiled"):
        assert report.counts[counted], counted
    for counted in ("imports done", "entries created", "entries updated", "entries unchanged"):
        assert report.counts[counted], counted
    assert report.counts["migrations"] >= 4
