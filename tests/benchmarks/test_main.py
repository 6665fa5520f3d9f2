"""`python -m benchmarks`: its arguments, and what an interrupted benchmark leaves behind."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as program
from benchmarks.__main__ import SCENARIOS, scenario_names
from benchmarks.measure import OURS, Report
from benchmarks.servers import ROOT

FAKE = """
import sys, time
from pathlib import Path
from benchmarks import __main__ as program
from benchmarks.measure import OURS, Report

def run(scratch, runs, quick):
    report = Report("Fake", "None.", ["CPU"])
    for number in range(runs):
        report.figure("CPU", "µs").add(OURS, number + 1)
        if number == 2:
            print("third run", flush=True)
            time.sleep(200)
        yield report

program.scenario = lambda name: run
sys.argv = ["benchmarks", "--quick", "--only", "growth", "--runs", "4", "--scratch", sys.argv[1]]
sys.exit(program.main())
"""
"""A benchmark whose third run doesn't end."""


def complete_runs(folder: Path) -> list[float]:
    measured = json.loads((folder / "performance.json").read_text(encoding="utf-8"))
    runs: list[float] = measured["scenarios"]["growth"]["report"]["figures"][0]["servers"][OURS]
    return runs


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_benchmark_keeps_its_complete_runs(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", FAKE, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == "third run\n":
                break
        process.send_signal(number)
        assert process.wait(100) != 0
    assert complete_runs(tmp_path) == [1, 2]
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert "| CPU, µs | 1.50 (1–2) |" in page
    assert "2 of 4 runs" in page
    assert "*Interrupted.*" in page


def test_a_benchmark_that_fails_keeps_its_complete_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(scratch: Path, runs: int, quick: bool) -> Iterator[Report]:
        report = Report("Fake", "None.", ["CPU"])
        report.figure("CPU", "µs").add(OURS, 1)
        yield report
        report.figure("CPU", "µs").add(OURS, 2)
        raise RuntimeError("a server has crashed")

    monkeypatch.setattr(program, "scenario", lambda name: failing)
    with pytest.raises(RuntimeError, match="crashed"):
        program.measure(["growth"], tmp_path, tmp_path, runs=2, quick=True)
    assert complete_runs(tmp_path) == [1]


def test_the_figures_of_other_scenarios_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def constant(value: float) -> Any:
        def run(scratch: Path, runs: int, quick: bool) -> Iterator[Report]:
            report = Report(f"Fake {value}", "None.", ["CPU"])
            report.figure("CPU", "µs").add(OURS, value)
            yield report

        return run

    for name, value in (("cost", 1.0), ("growth", 2.0)):
        monkeypatch.setattr(program, "scenario", lambda name, value=value: constant(value))
        program.measure([name], tmp_path, tmp_path, runs=1, quick=True)
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert page.index("## Fake 2.0") < page.index("## Fake 1.0"), "in the order of SCENARIOS"


def test_an_unknown_scenario_is_refused() -> None:
    assert scenario_names("rest,fanout") == ["rest", "fanout"]
    with pytest.raises(Exception, match="fan-out; there are " + ", ".join(SCENARIOS)):
        scenario_names("rest,fan-out")
