"""Servers that are broken on purpose: the convergence test sees each of them."""

import shutil
from pathlib import Path

import pytest

from tests.convergence.broken import NAMES
from tests.convergence.run import Plan, run

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
IN_THE_SHORT_FORM = ("no_dedupe",)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "broken",
    [pytest.param(name, marks=() if name in IN_THE_SHORT_FORM else pytest.mark.slow) for name in NAMES],
)
def test_it_sees(tmp_path: Path, broken: str) -> None:
    plan = Plan(seconds=8, clients=24, writers=8, kills=False, broken=broken)
    if broken == "retry_twice":
        plan.shares["lost answer"] = 0.2
    elif broken == "eviction_parts_a_member":
        plan.archives = 8
    elif broken == "last_cursor_everywhere":
        # Few changes: another one of a series makes who comes back load everything.
        plan.cut, plan.writers, plan.batch, plan.pause = 0.2, 6, (2, 5), 0.1
    elif broken == "unconditional_purge":
        plan.seconds, plan.imports = 20, 3
    report = run(plan, tmp_path)
    print("\n".join(report.findings.texts))
    print(broken, "is seen:", report.summary())
    assert report.findings, f"the test doesn't see {broken}"
    assert "stack traces" not in report.findings.counts or len(report.findings.counts) > 1
