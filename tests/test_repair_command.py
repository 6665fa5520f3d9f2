"""`python -m teamcal.repair`: what it finds, says, writes and returns."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from teamcal.repair import main
from teamcal.storage import checkup
from tests.house import House
from tests.servers import ROOT
from tests.storage.engines import embedded_endpoint, environment_of
from tests.sync.restored_tables import remove, restore, state_of
from tests.sync.test_repair import MIXES, STEPS, Story, must_fit, settled


@pytest.fixture(autouse=True)
def quick_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "SECOND_READING_SECONDS", 0.0)


def differs(house: House, mix: tuple[int, ...], states: Any) -> bool:
    """Whether the mixed tables are unlike those of the moment of the log."""
    departments, events, changes = mix
    return bool(
        (departments != changes and states[0][0] != states[1][0])
        or (events != changes and states[0][1] != states[1][1])
    )


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mix", MIXES)
def test_restored_tables_are_found_and_fixed(
    house: House, capsys: pytest.CaptureFixture[str], step: str, mix: tuple[int, ...]
) -> None:
    story = Story(house)
    before = state_of(house)
    getattr(story, step)()
    states = (before, state_of(house))
    restore(house, tuple(states[newer][number] for number, newer in enumerate(mix)))
    dump = house.dump()
    found = main(["--check"], house.database())
    said = capsys.readouterr().out
    assert house.dump() == dump
    if step != "purge":  # what a purge has begun goes on by itself
        assert found == int(differs(house, mix, states)), said
    if found:
        assert "✗ 부서" in said
        assert "✗ department" in said or "✗ the list of departments" in said
    assert main(["--fix"], house.database()) == 0, capsys.readouterr().out
    capsys.readouterr()
    assert main(["--check"], house.database()) == 0, capsys.readouterr().out
    must_fit(house)
    shown = settled(house, house.server())
    assert [event["title"] for event in shown[story.kept]] == ["그대로"]


def event_by_hand(house: House, story: Story) -> None:
    remove(house, 1, id=story.events[0]["id"], department_id=story.department)


def event_and_row_by_hand(house: House, story: Story) -> None:
    event_by_hand(house, story)
    remove(house, 2, department_id=story.department, revision=1)


def head_by_hand(house: House, story: Story) -> None:
    remove(house, 2, department_id=story.department, revision=0)


def row_by_hand(house: House, story: Story) -> None:
    remove(house, 2, department_id=story.department, revision=2)


def last_row_by_hand(house: House, story: Story) -> None:
    remove(house, 2, department_id=story.department, revision=3)


def department_by_hand(house: House, story: Story) -> None:
    remove(house, 0, id=story.department)


def department_and_row_by_hand(house: House, story: Story) -> None:
    """Nothing names it any more but its own head."""
    remove(house, 0, id=story.department)
    remove(house, 2, department_id="*", revision=2)


def head_of_the_list_by_hand(house: House, story: Story) -> None:
    remove(house, 2, department_id="*", revision=0)


BY_HAND: list[Callable[[House, Story], None]] = [
    event_by_hand,
    event_and_row_by_hand,
    head_by_hand,
    row_by_hand,
    last_row_by_hand,
    department_by_hand,
    department_and_row_by_hand,
    head_of_the_list_by_hand,
]


@pytest.mark.parametrize("removal", BY_HAND, ids=lambda removal: removal.__name__)
def test_what_was_removed_by_hand_is_found_and_fixed(
    house: House, capsys: pytest.CaptureFixture[str], removal: Callable[[House, Story], None]
) -> None:
    story = Story(house)
    assert main(["--check"], house.database()) == 0
    assert "✓ 부서 2개 확인 (2 departments): 모두 서로 맞습니다" in capsys.readouterr().out
    removal(house, story)
    dump = house.dump()
    assert main(["--check"], house.database()) == 1
    assert house.dump() == dump
    said = capsys.readouterr().out
    assert "✗ 부서" in said
    assert main(["--fix"], house.database()) == 0
    assert main(["--check"], house.database()) == 0, capsys.readouterr().out
    must_fit(house)
    shown = settled(house, house.server())
    assert len(shown[story.department]) == (2 if removal is event_and_row_by_hand else 3)
    assert [event["title"] for event in shown[story.kept]] == ["그대로"]


def test_events_that_a_restore_brought_back_to_a_deleted_department(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """`events` from before the clean-up, `changes` from after it: nobody sees or removes them."""
    story, server = Story(house), house.server()
    server.http.delete(f"/api/departments/{story.department}")
    before = state_of(house)
    server.purge()
    after = state_of(house)
    restore(house, (after[0], before[1], after[2]))
    assert main(["--check"], house.database()) == 1
    assert "삭제된 부서에 남아 있는 이벤트" in capsys.readouterr().out
    assert main(["--fix"], house.database()) == 0
    house.server().purge()
    assert main(["--check"], house.database()) == 0, capsys.readouterr().out
    assert state_of(house)[1] == after[1]


def test_only_one_department(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    story = Story(house)
    event_by_hand(house, story)
    assert main(["--check", "--department", story.kept], house.database()) == 0
    assert main(["--check", "--department", story.department], house.database()) == 1
    assert story.department in capsys.readouterr().out
    assert main(["--check", "--department", "unknown"], house.database()) == 2


def test_running_servers_are_told(house: House) -> None:
    story = Story(house)
    server = house.server()
    member = server.member(story.department)
    watcher = server.watcher()
    watcher.look()
    event_and_row_by_hand(house, story)
    assert main(["--fix"], house.database()) == 0
    watcher.look()
    assert not member.client.is_connected()


@pytest.mark.parametrize("arguments", [[], ["--check", "--fix"], ["--what"]])
def test_wrong_options(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    with embedded_endpoint(tmp_path) as engine:
        env = {
            **os.environ,
            **environment_of(engine),
            "PYTHONIOENCODING": "utf-8",
        }
        command = [sys.executable, "-m", "teamcal.repair", "--check"]

        def run() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                command, cwd=ROOT, env=env, capture_output=True, text=True, encoding="utf-8", timeout=120
            )

        missing = run()
        assert missing.returncode == 2
        assert "테이블" in missing.stderr
        assert "Traceback" not in missing.stderr
        create = [
            sys.executable,
            "-c",
            "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()",
        ]
        subprocess.run(create, cwd=ROOT, env=env, check=True, timeout=120)
        empty = run()
        assert (empty.returncode, empty.stderr) == (0, "")
        assert "부서 0개" in empty.stdout
