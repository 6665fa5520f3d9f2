"""Who has no right in a department can't tell whether anything happens there, by any byte."""

from typing import Any

import pytest

from teamcal.calendar.permits import Permits
from tests.access.interference import Activity, Program
from tests.access.world import World


@pytest.mark.parametrize("fast_path", [True, False], ids=["fast path", "Flask"])
def test_nobody_notices_what_he_does_not_see(monkeypatch: pytest.MonkeyPatch, fast_path: bool) -> None:
    compare(monkeypatch, 400, seed=1, fast_path=fast_path)


def test_it_sees_a_revision_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of departments once told its head to everybody."""
    monkeypatch.setattr(Permits, "sees_everything", lambda permits, caller: True)
    with pytest.raises(AssertionError, match=r"operation .*/api/departments"):
        compare(monkeypatch, 100, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_nobody_notices_in_5000_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    compare(monkeypatch, 5_000, seed=2, fast_path=True)


def compare(monkeypatch: pytest.MonkeyPatch, count: int, seed: int, **settings: Any) -> None:
    quiet, _ = run(monkeypatch, count, seed, with_activity=False, **settings)
    busy, activity = run(monkeypatch, count, seed, with_activity=True, **settings)
    pairs = enumerate(zip(quiet, busy, strict=True))
    leak = next((f"operation {number}: {one}\n{other}" for number, (one, other) in pairs if one != other), "")
    assert not leak, leak
    assert activity is not None
    must_have_happened(quiet, activity, count)


def run(
    monkeypatch: pytest.MonkeyPatch, count: int, seed: int, with_activity: bool, **settings: Any
) -> tuple[list[Any], Activity | None]:
    world = World(monkeypatch, **settings)
    program = Program(world, seed)
    activity = Activity(world, seed + 1) if with_activity else None
    for _ in range(count):
        if activity is not None:
            activity.step()
        program.step()
    return program.transcript, activity


def must_have_happened(transcript: list[Any], activity: Activity, count: int) -> None:
    """Otherwise that there is no difference would mean nothing."""
    statuses = [made[1] for made, _ in transcript if len(made) == 4 and isinstance(made[1], int)]
    assert {200, 201, 304, 400, 401, 403, 404, 409} <= set(statuses)
    assert sum(status < 400 for status in statuses) > count / 5
    assert sum(bool(heard) for _, heard in transcript) > count / 10
    done = {name for name, times in activity.counts.items() if times}
    expected = {"_events 200", "_events 201", "_department 200", "_roles 200", "_tokens 201", "_delete 200"}
    assert expected <= done, activity.counts
