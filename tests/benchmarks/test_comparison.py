"""The comparison with another revision: its verdict, its table, and what it leaves behind."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks import comparison as module
from benchmarks.comparison import NAMED, THIS, Comparison, checkout, compare, table
from benchmarks.servers import ROOT

in_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the tests don't run in a git checkout")


def measured(this: list[float], named: list[float], other: list[float], figure: str = "CPU") -> Comparison:
    return Comparison("abc", {figure: {THIS: this, NAMED: named, "abc": other}})


def test_ratios_are_of_the_same_run() -> None:
    comparison = measured([10, 30, 20], [20, 20, 20], [20, 20, 20])
    assert comparison.ratios("CPU", THIS) == [0.5, 1.5, 1]


def test_a_figure_over_the_limit_is_named_by_its_median() -> None:
    comparison = measured([10, 10.4, 99], [10.6, 10.7, 0.1], [10, 10, 10])
    assert comparison.exceeding(1.05) == [f"CPU: {NAMED}"]
    assert comparison.exceeding(1.07) == []
    assert measured([99], [99], [1], "time a request").exceeding(1.05) == [], "only CPU is judged"


def test_the_table_has_medians_and_the_spread_of_the_ratios() -> None:
    lines = table(measured([10, 30, 20], [20, 20, 20], [20, 20, 20])).splitlines()
    assert lines[0].split() == ["µs", "this", "checkout", "abc", "÷", "abc", "CORS", "named", "÷", "abc"]
    assert lines[1].split("  ")[0] == "CPU"
    assert "1.000 (0.500–1.500)" in lines[1]
    assert lines[1].endswith("1.000 (1.000–1.000)")


@in_git
def test_the_files_of_a_revision_are_there_inside_the_with_only() -> None:
    with checkout("HEAD") as folder:
        committed = subprocess.run(["git", "show", "HEAD:app.py"], cwd=ROOT, capture_output=True, check=True)
        assert (folder / "app.py").read_bytes() == committed.stdout
    assert not folder.exists()


def test_an_unknown_revision_is_refused() -> None:
    with pytest.raises(ValueError, match="no-such-revision"), checkout("no-such-revision"):
        pass


@in_git
def test_the_exit_status_says_whether_a_ratio_is_over_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fake(comparison: Comparison, candidates: Any, number: int, *arguments: Any) -> None:
        for candidate, value in zip((THIS, NAMED, "HEAD"), (11, 10, 10), strict=True):
            comparison.add("CPU a request", candidate, value)

    monkeypatch.setattr(module, "one_run", fake)
    assert compare("HEAD", tmp_path, runs=2, quick=True, limit=1.05) == 1
    assert f"over 1.05: CPU a request: {THIS}" in capsys.readouterr().out
    assert compare("HEAD", tmp_path, runs=2, quick=True, limit=1.2) == 0


@in_git
def test_an_interrupted_comparison_prints_the_complete_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fake(comparison: Comparison, candidates: Any, number: int, *arguments: Any) -> None:
        if number == 1:
            raise KeyboardInterrupt
        for candidate in (THIS, NAMED, "HEAD"):
            comparison.add("CPU a request", candidate, 12.5)

    monkeypatch.setattr(module, "one_run", fake)
    with pytest.raises(KeyboardInterrupt):
        compare("HEAD", tmp_path, runs=5, quick=True, limit=1.05)
    assert "CPU a request" in capsys.readouterr().out
