"""Everybody ends with the same calendar where there is no Redis."""

from pathlib import Path

import pytest

from teamcal.metrics import CHANGES_BY_NOTICE, CHANGES_BY_WATCHER
from tests.convergence.run import Plan, proved, run


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
    # A second for the way, five times as long on a busy machine.
    assert report.slowest <= 5 * (plan.tail + 1 + report.stall)
