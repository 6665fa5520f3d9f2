"""Fixtures of the tests of faults, and those of the embedded engine."""

import pytest

from teamcal import deadline
from tests.localdynamo.conftest import in_process, run_engine

__all__ = ["in_process", "run_engine", "short_deadline"]


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saves time where only the deadline's effect counts, and leaves a busy machine time to answer."""
    monkeypatch.setattr(deadline, "REQUEST_SECONDS", 5.0)
