"""CPU clocks, figures, targets and the order of servers."""

import os
import time

import pytest

from benchmarks.measure import OURS, Figure, Report, Target, exponent, memory, percentile, rotated, usage


def test_usage_is_the_cpu_of_a_process_to_the_millisecond() -> None:
    before, began = usage([os.getpid()]), time.process_time()
    while time.process_time() - began < 0.02:
        pass
    assert usage([os.getpid()]).since(before) == pytest.approx(time.process_time() - began, abs=0.005)


def test_a_process_that_has_ended_uses_nothing() -> None:
    assert usage([2**22]).seconds == {}
    assert memory([2**22]) == 0
    assert memory([os.getpid()]) > 1_000_000


def test_percentile_is_a_value_that_was_measured() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert [percentile(values, percent) for percent in (50, 99, 99.9, 100)] == [50, 99, 100, 100]
    assert percentile([7.0], 50) == 7


def test_exponent_of_linear_and_of_constant_cost() -> None:
    assert exponent(2, 20, 10) == pytest.approx(1)
    assert exponent(2, 2, 10) == 0


def test_ratios_are_of_the_same_run() -> None:
    figure = Figure("CPU", "µs", {OURS: [10, 30, 20], "peer": [20, 20, 20], "idle": [0, 10, 10]})
    assert figure.ratios("peer") == [0.5, 1.5, 1]
    assert figure.ratios("idle") == [3, 2], "a run without a figure of the peer has no ratio"


def test_figures_have_four_significant_digits() -> None:
    figure = Figure("CPU", "", {OURS: [1.23456789, 98765.4321, 3.0, 0.000123456]})
    assert figure.as_dict() == {"name": "CPU", "servers": {OURS: [1.235, 98770, 3, 0.0001235]}}


def test_the_page_shows_the_figures_that_its_patterns_name() -> None:
    report = Report("title", "method", page=["^CPU"])
    for name in ("CPU a delivery", "memory"):
        report.figure(name, "").add(OURS, 1)
    assert [figure.get("page", False) for figure in report.as_dict()["figures"]] == [True, False]


def test_a_target_is_reached_by_its_median_and_never_without_a_measurement() -> None:
    assert Target("t", 1.0, [0.5, 0.9, 3]).reached
    assert not Target("t", 1.0, [0.5, 1.1, 3]).reached
    assert Target("t", 10, [12], sense="at least").reached
    assert not Target("t", 1.0, []).reached


def test_a_figure_is_found_again_by_its_name() -> None:
    report = Report("title", "method")
    report.figure("CPU", "µs").add(OURS, 1)
    report.figure("CPU", "µs").add(OURS, 2)
    assert [figure["servers"][OURS] for figure in report.as_dict()["figures"]] == [[1, 2]]


def test_every_server_comes_first_in_one_of_the_runs() -> None:
    assert [rotated("abc", run)[0] for run in range(4)] == ["a", "b", "c", "a"]
