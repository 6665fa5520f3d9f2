"""performance.json and the page made from it, with invented figures."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import results
from benchmarks.measure import OURS, Report, Target
from benchmarks.page import number, rendered
from benchmarks.servers import ROOT


def entry(report: Report, **more: Any) -> dict[str, Any]:
    about = {"at": "2026-11-24 14:00 UTC", "commit": "1a2b3c4", "load": 0.1, "runs": 3}
    return {**about, "report": report.as_dict(), **more}


@pytest.fixture
def measured() -> dict[str, Any]:
    requests = Report("Requests", "How it was\ndone.\n\nAnd why.", ["requests/s", "memory"])
    for ours, theirs in ((100, 10), (120, 10), (110, 11)):
        figure = requests.figure("list 100 events, 16 clients: requests/s", "1/s")
        figure.add(OURS, ours)
        figure.add("Kinto", theirs)
        requests.figure("memory", "MB", "resident").add(OURS, 50)
        requests.figure("p50", "ms").add(OURS, 1.5)
    ratios = requests.figures[0].ratios("Kinto")
    requests.targets = [
        Target("list against Kinto", 8, ratios, "× Kinto", "at least"),
        Target("list against all", 20, ratios, "×", "at least"),
        Target("memory", 40, [50.0, 50.0], "MB"),
        Target("never run", 1, []),
    ]
    requests.left_out = {"Radicale": "no such\npackage"}
    requests.versions = {"Kinto": "26.5.0"}
    fanout = Report("Fan-out", "", ["CPU"])
    fanout.figure("CPU a delivery, 1,000 members", "µs").add(OURS, 12.34)
    return {"machine": {"memory": "24 GB"}, "scenarios": {"fanout": entry(fanout), "rest": entry(requests)}}


def test_targets_come_first_and_a_missed_one_shows_by_how_much(measured: dict[str, Any]) -> None:
    page = rendered(measured)
    assert page.index("## Targets") < page.index("## Fan-out") < page.index("## Requests")
    assert "| list against Kinto | at least 8 × Kinto | 10 (10–12) | yes |" in page
    assert "| list against all | at least 20 × | 10 (10–12) | **no**, 2 times too little |" in page
    assert "| memory | at most 40 MB | 50 | **no**, 1.25 times too much |" in page
    assert "| never run | at most 1 × | not measured | **no** |" in page


def test_a_scenario_is_one_table_with_ratios_beside_the_figures_of_peers(measured: dict[str, Any]) -> None:
    page = rendered(measured)
    assert (
        "|  | team calendar | Kinto |\n| --- | --- | --- |\n"
        "| list 100 events, 16 clients: requests/s, 1/s | 110 (100–120) | 10 (× 10) |\n"
        "| memory, MB | 50 | – |\n"
    ) in page
    assert "| CPU a delivery, 1,000 members, µs | 12.3 |" in page
    assert "- memory: resident" in page
    assert "Versions: Kinto 26.5.0." in page


def test_figures_that_the_page_does_not_show_are_in_the_json_only(measured: dict[str, Any]) -> None:
    assert "p50" not in rendered(measured)
    assert '{"name":"p50","unit":"ms","servers":{"team calendar":[1.5,1.5,1.5]}}' in results.as_text(measured)


def test_a_paragraph_of_the_method_is_one_line(measured: dict[str, Any]) -> None:
    assert "\n\nHow it was done.\n\nAnd why.\n" in rendered(measured)


def test_a_server_that_was_left_out_is_named_with_the_reason(measured: dict[str, Any]) -> None:
    assert "| Requests | Radicale | no such package |" in rendered(measured)


def test_a_scenario_that_was_not_run_this_time_is_marked(measured: dict[str, Any]) -> None:
    assert "Not part of the last run" not in rendered(measured)
    page = rendered(measured, fresh=["rest"])
    assert page.count("Not part of the last run") == 1
    assert page.index("## Fan-out") < page.index("Not part of the last run") < page.index("## Requests")


def test_an_interrupted_scenario_says_how_many_runs_are_complete(measured: dict[str, Any]) -> None:
    assert "Interrupted" not in rendered(measured)
    measured["scenarios"]["rest"]["planned"] = 5
    assert "3 of 5 runs, 2026-11-24 14:00 UTC, commit 1a2b3c4. *Interrupted.*" in rendered(measured)


def test_a_busy_machine_is_mentioned(measured: dict[str, Any]) -> None:
    assert "The machine was busy" not in rendered(measured)
    measured["scenarios"]["rest"]["load"] = 2.5
    assert "load 2.5" in rendered(measured)


def test_hand_written_remarks_stay(measured: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "rest.md").write_text("Half of it is parsing.\n")
    assert "\n\nHalf of it is parsing.\n\n" in rendered(measured, notes=tmp_path)


def test_the_same_figures_give_the_same_page(measured: dict[str, Any]) -> None:
    assert rendered(json.loads(results.as_text(measured))) == rendered(measured)


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


def test_the_json_has_one_figure_a_line(measured: dict[str, Any]) -> None:
    text = results.as_text(measured)
    assert json.loads(text) == measured
    figures = sum(len(entry["report"]["figures"]) for entry in measured["scenarios"].values())
    assert sum(line.lstrip().startswith('{"name":') for line in text.splitlines()) == figures == 4


def test_no_folder_of_the_machine_gets_into_the_results(tmp_path: Path) -> None:
    failed = {"report": {"left_out": {"Kinto": f"{tmp_path}/venv/pip failed"}}}
    cleaned = results.without_paths(failed, tmp_path)
    assert cleaned["report"]["left_out"]["Kinto"] == "venv/pip failed"


def test_the_published_page_is_made_from_the_published_figures() -> None:
    """And both stay small enough to be reviewed."""
    file = ROOT / "docs" / "performance.json"
    text = file.read_text(encoding="utf-8")
    assert results.as_text(json.loads(text)) == text
    assert len(text.encode()) < 80_000
    page = file.with_suffix(".md").read_text(encoding="utf-8")
    assert page.replace(" *Not part of the last run of the benchmark.*", "") == rendered(json.loads(text))
    assert page.count("\n") <= 200
