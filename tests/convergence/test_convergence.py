"""Everybody ends with the same calendar, whatever happens; and the test sees it when they don't."""

import shutil
from pathlib import Path

import pytest

from teamcal.metrics import CHANGES_BY_NOTICE, CHANGES_BY_READ, CHANGES_BY_WATCHER, CURSORS_CAUGHT_UP
from tests.convergence.broken import NAMES
from tests.convergence.run import Plan, Report, run

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
IN_THE_SHORT_FORM = ("no_dedupe",)


def proved(report: Report) -> Report:
    print("\n".join(report.findings.texts))
    print(report.summary())
    assert not report.findings, report.findings.texts
    return report


@pytest.mark.timeout(300)
def test_everybody_ends_with_the_same_calendar(tmp_path: Path) -> None:
    report = proved(run(Plan(seconds=15, clients=24, writers=6), tmp_path))
    assert report.counts["servers killed"] == 2
    assert report.counts["Redis stopped"] == 2
    assert report.counts["engine killed"] == 1
    for healed in (CHANGES_BY_NOTICE, CHANGES_BY_READ, CHANGES_BY_WATCHER, CURSORS_CAUGHT_UP):
        assert report.counts[healed], healed


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_thousand_operations(tmp_path: Path) -> None:
    report = proved(run(Plan(seconds=50, writers=12, least=20_000), tmp_path))
    assert report.operations >= 20_000
    for fault in ("throttle", "conflict", "lost answer", "lost request", "lost notice", "stale index item"):
        assert report.counts[f"fault {fault}"], fault


@pytest.mark.parametrize(
    "seconds", [pytest.param(5), pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_without_redis_everything_comes_with_the_timer(tmp_path: Path, seconds: float) -> None:
    plan = Plan(
        seconds,
        clients=24,
        writers=3,
        tail=1.5,
        redis=False,
        kills=False,
        batch=(2, 5),
        pause=0.15,
        shares={},
    )
    report = proved(run(plan, tmp_path))
    assert not report.counts[CHANGES_BY_NOTICE]
    assert report.counts[CHANGES_BY_WATCHER]
    # A second for the way; more only where this process itself could not run for so long.
    assert report.slowest <= plan.tail + 2 + 5 * report.stall


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "broken",
    [pytest.param(name, marks=() if name in IN_THE_SHORT_FORM else pytest.mark.slow) for name in NAMES],
)
def test_it_sees(tmp_path: Path, broken: str) -> None:
    plan = Plan(seconds=8, clients=24, writers=8, kills=False, broken=broken)
    if broken == "retry_twice":
        plan.shares["lost answer"] = 0.2
    report = run(plan, tmp_path)
    print("\n".join(report.findings.texts))
    print(broken, "is seen:", report.summary())
    assert report.findings, f"the test doesn't see {broken}"
    assert "stack traces" not in report.findings.counts or len(report.findings.counts) > 1
