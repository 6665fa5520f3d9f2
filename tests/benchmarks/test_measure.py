"""The numbers of the benchmark."""

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


def test_exponent_tells_how_something_grows() -> None:
    assert exponent(2, 20, 10) == pytest.approx(1)
    assert exponent(2, 2, 10) == 0


def test_ratios_are_of_the_same_run() -> None:
    figure = Figure("CPU", "µs", {OURS: [10, 30, 20], "peer": [20, 20, 20]})
    shown = figure.as_dict()
    assert shown["ratios"]["peer"] == {"median": 1, "low": 0.5, "high": 1.5, "runs": [0.5, 1.5, 1]}
    assert shown["servers"][OURS] == {"median": 20, "low": 10, "high": 30, "runs": [10, 30, 20]}


def test_a_target_is_reached_by_its_median_and_never_without_a_measurement() -> None:
    assert Target("t", 1.0, [0.5, 0.9, 3]).as_dict()["reached"]
    assert not Target("t", 1.0, [0.5, 1.1, 3]).as_dict()["reached"]
    assert Target("t", 10, [12], sense="at least").as_dict()["reached"]
    assert not Target("t", 1.0, []).as_dict()["reached"]


def test_a_figure_is_the_same_under_its_name() -> None:
    report = Report("title", "method")
    report.figure("CPU", "µs").add(OURS, 1)
    report.figure("CPU", "µs").add(OURS, 2)
    assert [figure["servers"][OURS]["runs"] for figure in report.as_dict()["figures"]] == [[1, 2]]


def test_every_server_is_the_first_in_its_turn() -> None:
    assert [rotated("abc", run)[0] for run in range(4)] == ["a", "b", "c", "a"]
