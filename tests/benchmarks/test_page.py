"""The page of results, from figures that are made up."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import SCENARIOS, chosen, without_paths
from benchmarks.measure import OURS, Report, Target
from benchmarks.page import number, rendered


def entry(report: Report, **more: Any) -> dict[str, Any]:
    about = {"at": "2026-11-24 14:00 UTC", "runs": 3, "load": 0.1, "commit": "1a2b3c4"}
    return {**about, "report": report.as_dict(), **more}


@pytest.fixture
def kept() -> dict[str, Any]:
    requests = Report("Requests", "How it was done.")
    for ours, theirs in ((100, 10), (120, 10), (110, 11)):
        figure = requests.figure("list 100 events, 16 clients: requests/s", "1/s")
        figure.add(OURS, ours)
        figure.add("Kinto", theirs)
        requests.figure("memory", "MB", "resident").add(OURS, 50)
    ratios = requests.figures[0].ratios("Kinto")
    requests.targets = [
        Target("list against Kinto", 8, ratios, "× Kinto", "at least"),
        Target("list against all", 20, ratios, "×", "at least"),
        Target("memory", 40, [50.0, 50.0], "MB"),
        Target("never run", 1, []),
    ]
    requests.left_out = {"Radicale": "no such\npackage"}
    fanout = Report("Fan-out", "")
    fanout.figure("CPU a delivery, 1,000 members", "µs").add(OURS, 12.34)
    return {"machine": {"memory": "24 GB"}, "scenarios": {"fanout": entry(fanout), "rest": entry(requests)}}


def test_targets_come_first_and_say_by_how_much_they_are_missed(kept: dict[str, Any]) -> None:
    page = rendered(kept)
    assert page.index("## Targets") < page.index("## Fan-out") < page.index("## Requests")
    assert "| list against Kinto | at least 8 × Kinto | 10 (10–12) | yes |" in page
    assert "| list against all | at least 20 × | 10 (10–12) | **no**, 2 times too little |" in page
    assert "| memory | at most 40 MB | 50 | **no**, 1.25 times too much |" in page
    assert "| never run | at most 1 × | not measured | **no** |" in page


def test_ratios_stand_before_figures(kept: dict[str, Any]) -> None:
    page = rendered(kept)
    ratio = "| **requests/s** | Kinto |\n| --- | --- |\n| list 100 events, 16 clients | 10 (10–12) |"
    figure = "| **requests/s, 1/s** | team calendar | Kinto |"
    assert page.index(ratio) < page.index(figure)
    assert "| list 100 events, 16 clients | 110 (100–120) | 10 (10–11) |" in page
    assert "| **CPU a delivery, µs** | team calendar |\n| --- | --- |\n| 1,000 members | 12.3 |" in page


def test_who_was_left_out_is_named_with_the_reason(kept: dict[str, Any]) -> None:
    assert "| Requests | Radicale | no such package |" in rendered(kept)


def test_what_was_not_run_this_time_is_marked(kept: dict[str, Any]) -> None:
    assert "Not part of the last run" not in rendered(kept)
    page = rendered(kept, ran=["rest"])
    assert page.count("Not part of the last run") == 1
    assert page.index("## Fan-out") < page.index("Not part of the last run") < page.index("## Requests")


def test_a_busy_machine_is_told(kept: dict[str, Any]) -> None:
    assert "The machine was busy" not in rendered(kept)
    kept["scenarios"]["rest"]["load"] = 2.5
    assert "load 2.5" in rendered(kept)


def test_what_is_written_by_hand_stays(kept: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "rest.md").write_text("Half of it is parsing.\n")
    page = rendered(kept, notes=tmp_path)
    assert "### Where the time goes\n\nHalf of it is parsing." in page


def test_the_same_figures_give_the_same_page(kept: dict[str, Any]) -> None:
    assert rendered(json.loads(json.dumps(kept))) == rendered(kept)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (12345.6, "12,346"),
        (7, "7"),
        (1.234, "1.23"),
        (0.01234, "0.0123"),
        (99.96, "100"),
        (-2.5, "-2.50"),
    ],
)
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    assert number(value) == shown


def test_no_path_of_the_machine_gets_into_the_results(tmp_path: Path) -> None:
    told = without_paths({"report": {"left_out": {"Kinto": f"{tmp_path}/venv/pip failed"}}}, tmp_path)
    assert told["report"]["left_out"]["Kinto"] == "venv/pip failed"


def test_a_scenario_that_isnt_there_is_refused() -> None:
    assert chosen("rest,fanout") == ["rest", "fanout"]
    with pytest.raises(Exception, match="fan-out; there are " + ", ".join(SCENARIOS)):
        chosen("rest,fan-out")
