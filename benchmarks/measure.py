"""What is measured and what is told about it: CPU and memory of processes, medians with their spread.

A scenario is a module with `run(scratch: Path, runs: int, quick: bool) -> dict`, which answers
`Report.as_dict()`: plain JSON, a list of one number per run behind every statement.

    {"title", "method",
     "figures": [{"name", "unit", "note",
                  "servers": {server: {"median", "low", "high", "runs": [number per run]}},
                  "ratios": {peer: the same, of OURS / peer within the same run}}],
     "targets": [{"text", "limit", "sense", "measured", "low", "high", "unit", "reached"}],
     "left_out": {what: why}}
"""

import math
import os
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
    found = [pid]
    for one in found:  # grows while it is walked
        found.extend(children.get(one, []))
    return found


def _parents() -> Iterable[tuple[int, int]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue  # it has ended meanwhile
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
    """To the nanosecond: the clock of a process; /proc/<pid>/stat has ticks of 10 ms."""
    seconds = {}
    for pid in pids:
        try:
            # What clock_getcpuclockid(3) answers; Python doesn't have it.
            seconds[pid] = time.clock_gettime((~pid << 3) | 2)
        except OSError:
            continue  # it has ended
    return Usage(seconds)


def memory(pids: Iterable[int]) -> int:
    """Resident bytes of the processes together; pages that they share count for each."""
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


def spread(runs: Sequence[float]) -> dict[str, Any]:
    """{"median", "low", "high", "runs"}"""
    return {"median": statistics.median(runs), "low": min(runs), "high": max(runs), "runs": list(runs)}


def exponent(less: float, more: float, times: float) -> float:
    """k, when `times` as much takes more/less = times^k as long: 0 constant, 1 linear, 2 quadratic."""
    return math.log(more / less) / math.log(times)


@dataclass
class Figure:
    """One measured thing. `values`: for each server one number per run, in the order of the runs."""

    name: str
    unit: str
    values: dict[str, list[float]] = field(default_factory=dict)
    note: str = ""

    def add(self, server: str, value: float) -> None:
        """The next run's number."""
        self.values.setdefault(server, []).append(value)

    def ratios(self, peer: str) -> list[float]:
        """TeamCalendar / the peer's, run by run."""
        pairs = zip(self.values.get(OURS, []), self.values.get(peer, []), strict=False)
        return [ours / theirs for ours, theirs in pairs if theirs]

    def as_dict(self) -> dict[str, Any]:
        ratios = {peer: self.ratios(peer) for peer in self.values if peer != OURS}
        return {
            "name": self.name, "unit": self.unit, "note": self.note,
            "servers": {server: spread(runs) for server, runs in self.values.items() if runs},
            "ratios": {peer: spread(runs) for peer, runs in ratios.items() if runs},
        }  # fmt: skip


@dataclass
class Target:
    """What must be reached: the median of `runs` (ratios or numbers) is at most, or at least, `limit`.

    Without `runs` it wasn't measured, and so isn't reached.
    """

    text: str
    limit: float
    runs: Sequence[float]
    unit: str = "×"
    sense: Literal["at most", "at least"] = "at most"

    def as_dict(self) -> dict[str, Any]:
        told = spread(self.runs) if self.runs else {"median": None, "low": None, "high": None}
        median = told["median"]
        reached = median is not None and (
            median <= self.limit if self.sense == "at most" else median >= self.limit
        )
        return {
            "text": self.text, "limit": self.limit, "sense": self.sense, "unit": self.unit,
            "measured": median, "low": told["low"], "high": told["high"], "reached": reached,
        }  # fmt: skip


@dataclass
class Report:
    """What a scenario found. `left_out`: what couldn't be measured, and why."""

    title: str
    method: str
    figures: list[Figure] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def figure(self, name: str, unit: str, note: str = "") -> Figure:
        """The figure of this name, made when it is new."""
        for figure in self.figures:
            if figure.name == name:
                return figure
        self.figures.append(Figure(name, unit, note=note))
        return self.figures[-1]

    def as_dict(self) -> dict[str, Any]:
        return {
            "title": self.title, "method": self.method,
            "figures": [figure.as_dict() for figure in self.figures],
            "targets": [target.as_dict() for target in self.targets],
            "left_out": dict(self.left_out),
        }  # fmt: skip


def rotated(things: Sequence[Any], run: int) -> list[Any]:
    """The order of run number `run`: each goes first in its turn, so that none is always the first."""
    start = run % len(things)
    return [*things[start:], *things[:start]]
