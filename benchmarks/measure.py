"""What is measured and how it is reported: CPU and memory of processes, medians with their spread.

A scenario is a module with `run(scratch: Path, runs: int, quick: bool) -> Iterator[Report]`. It yields its
report after every complete run, so that an interrupted benchmark keeps the runs that it has. As JSON:

    {"title", "method",
     "figures": [{"name", "unit", "note", "page", "servers": {server: [number per run]}}],
     "targets": [{"text", "limit", "sense", "unit", "runs": [number per run], "reached"}],
     "left_out": {what: why}, "versions": {server: version}}

Numbers have four significant digits. Medians and ratios follow from the runs.
"""

import math
import os
import re
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

OURS = "team calendar"
_PAGE = os.sysconf("SC_PAGE_SIZE")


# Processes


def descendants(pid: int) -> list[int]:
    """`pid` and every process below it that runs now."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    pids = [pid]
    for parent in pids:  # grows while it is walked
        pids.extend(children.get(parent, []))
    return pids


def _parents() -> Iterable[tuple[int, int]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue  # the process has ended meanwhile
        # The name in brackets may itself hold blanks and brackets.
        yield int(folder.name), int(stat.rpartition(")")[2].split()[1])


@dataclass(frozen=True)
class Usage:
    """CPU seconds (user and system) that each process has used so far."""

    seconds: dict[int, float]

    def since(self, before: "Usage") -> float:
        """CPU seconds since `before`, of processes that are still alive; a new one counts from its start."""
        return sum(used - before.seconds.get(pid, 0.0) for pid, used in self.seconds.items())


def usage(pids: Iterable[int]) -> Usage:
    """CPU so far, from the clocks of the processes: /proc/<pid>/stat counts ticks of 10 ms only."""
    seconds = {}
    for pid in pids:
        try:
            # The clock id that clock_getcpuclockid(3) returns; Python has no such function.
            seconds[pid] = time.clock_gettime((~pid << 3) | 2)
        except OSError:
            continue  # the process has ended
    return Usage(seconds)


def memory(pids: Iterable[int]) -> int:
    """Resident bytes of the processes together. A shared page counts once for each of them."""
    total = 0
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        except OSError:
            continue
    return total


# Numbers


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all don't exceed (nearest rank). `values` not empty."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[max(int(rank), 1) - 1]


def exponent(less: float, more: float, times: float) -> float:
    """k, when `times` as much takes more/less = times^k as long: 0 constant, 1 linear, 2 quadratic."""
    return math.log(more / less) / math.log(times)


def rounded(value: float) -> float:
    """Four significant digits; a whole number as an int."""
    short = float(f"{value:.4g}")
    return int(short) if short == int(short) else short


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours / theirs, run by run; a run in which theirs is 0 is left out."""
    return [a / b for a, b in zip(ours, theirs, strict=False) if b]


# The report


@dataclass
class Figure:
    """One measured thing. `values` has one number per run for each server, in the order of the runs."""

    name: str
    unit: str
    values: dict[str, list[float]] = field(default_factory=dict)
    note: str = ""

    def add(self, server: str, value: float) -> None:
        """Adds the next run's number."""
        self.values.setdefault(server, []).append(value)

    def ratios(self, peer: str) -> list[float]:
        """Ours / the peer's, run by run."""
        return ratios(self.values.get(OURS, []), self.values.get(peer, []))

    def as_dict(self) -> dict[str, Any]:
        about = {"name": self.name, "unit": self.unit, "note": self.note}
        about = {name: text for name, text in about.items() if text}
        servers = {server: [rounded(run) for run in runs] for server, runs in self.values.items() if runs}
        return {**about, "servers": servers}


@dataclass
class Target:
    """A limit that the median of `runs` (ratios or numbers) must keep. Without runs it isn't reached."""

    text: str
    limit: float
    runs: Sequence[float]
    unit: str = "×"
    sense: Literal["at most", "at least"] = "at most"

    @property
    def reached(self) -> bool:
        if not self.runs:
            return False
        median = statistics.median(self.runs)
        return median <= self.limit if self.sense == "at most" else median >= self.limit

    def as_dict(self) -> dict[str, Any]:
        about = {"text": self.text, "limit": self.limit, "sense": self.sense, "unit": self.unit}
        return {**about, "runs": [rounded(run) for run in self.runs], "reached": self.reached}


@dataclass
class Report:
    """The results of a scenario.

    page: patterns (`re.search`) of the names of the figures that docs/performance.md shows; the others are in
        performance.json only
    left_out: what couldn't be measured, and why
    """

    title: str
    method: str
    page: Sequence[str] = ()
    figures: list[Figure] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def figure(self, name: str, unit: str, note: str = "") -> Figure:
        """Returns the figure of this name; makes it if it is new."""
        for figure in self.figures:
            if figure.name == name:
                return figure
        self.figures.append(Figure(name, unit, note=note))
        return self.figures[-1]

    def as_dict(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "method": self.method,
            "left_out": dict(self.left_out),
            "versions": dict(self.versions),
            "targets": [target.as_dict() for target in self.targets],
            "figures": [figure.as_dict() | self._shown(figure) for figure in self.figures],
        }

    def _shown(self, figure: Figure) -> dict[str, bool]:
        return {"page": True} if any(re.search(pattern, figure.name) for pattern in self.page) else {}


def rotated(things: Sequence[Any], run: int) -> list[Any]:
    """Returns `things` in the order for run number `run`: each comes first in one of the runs."""
    start = run % len(things)
    return [*things[start:], *things[:start]]
