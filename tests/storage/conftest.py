"""Fixtures of the tests of faults."""

import pytest

from teamcal import deadline


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saves time where only the deadline's effect counts, and leaves a busy machine time to answer."""
    monkeypatch.setattr(deadline, "REQUEST_SECONDS", 4.0)
