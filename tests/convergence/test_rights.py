"""From an acknowledged revocation on the revoked hears nothing; nobody else misses anything."""

import shutil
from pathlib import Path

import pytest

from tests.convergence.broken import OF_RIGHTS
from tests.convergence.rights import Plan, run

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")


def check(plan: Plan, folder: Path) -> None:
    report = run(plan, folder)
    print(report.summary())
    assert not report.findings, "\n".join([*report.findings.texts, report.summary()])
    assert report.late[0] == 0.0
    assert report.written > plan.seconds
    assert report.revocations > plan.seconds / 5
    assert report.told > report.revocations


@pytest.mark.timeout(300)
@pytest.mark.parametrize("redis", [True, False])
def test_rights_that_change_all_the_time(tmp_path: Path, redis: bool) -> None:
    check(Plan(seconds=10, redis=redis), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("broken", OF_RIGHTS)
def test_what_is_wrong_is_seen(tmp_path: Path, broken: str) -> None:
    assert run(Plan(seconds=10, broken=broken), tmp_path).findings.counts["leaked"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("redis", [True, False])
def test_rights_that_change_for_minutes(tmp_path: Path, redis: bool) -> None:
    check(Plan(seconds=90, redis=redis, users=8, writers=12), tmp_path)
