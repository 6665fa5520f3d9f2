"""python -m benchmarks [--only rest,fanout] [--runs 5] [--quick] [--scratch DIR]: measure, write the page.

python -m benchmarks --against REV [--limit 1.05]: compare with another revision instead.
"""

import argparse
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from benchmarks import results
from benchmarks.comparison import compare
from benchmarks.measure import Report
from benchmarks.page import rendered
from benchmarks.servers import ROOT

SCENARIOS = ("fanout", "rest", "reconnect", "growth", "cost")
"""Modules of this package with `run`, see measure.py, in the order of the page."""
RUNS, QUICK_RUNS, QUICK_COMPARISONS = 5, 1, 3
Scenario = Callable[[Path, int, bool], Iterator[Report]]


def main() -> int:
    options = parse()
    # SystemExit instead of death, so that the servers that run are stopped.
    signal.signal(signal.SIGTERM, _exit)
    scratch = options.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    if options.against:
        return compare(options.against, scratch, options.runs, options.quick, options.limit)
    # The page in docs/ is of full runs only.
    folder = scratch if options.quick else ROOT / "docs"
    measure(options.only, folder, scratch, options.runs, options.quick)
    print(folder / "performance.md")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--only", type=scenario_names, default=list(SCENARIOS), help=f"of {','.join(SCENARIOS)}")
    add("--runs", type=int, help=f"number of runs; default {RUNS}, fewer with --quick")
    add("--quick", action="store_true", help="smaller and shorter; the page goes into the scratch folder")
    add("--scratch", type=Path, default=ROOT / ".bench", help="default: .bench")
    add("--against", metavar="REV", help="compare with this revision and print a table; writes no page")
    add("--limit", type=float, default=1.05, help="exit status 1 if a ratio of --against is over this")
    options = parser.parse_args()
    if options.runs is None:
        quick = QUICK_COMPARISONS if options.against else QUICK_RUNS
        options.runs = quick if options.quick else RUNS
    if options.runs < 1:
        parser.error("--runs: at least 1")
    return options


def scenario_names(text: str) -> list[str]:
    names = text.split(",")
    unknown = set(names) - set(SCENARIOS)
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    return names


def measure(names: list[str], folder: Path, scratch: Path, runs: int, quick: bool) -> None:
    """Runs the scenarios. After each complete run the results and the page are written into `folder`."""
    measured = results.load(folder / "performance.json")
    for number, name in enumerate(names, 1):
        print(f"{name} …", flush=True)
        began, load = time.monotonic(), os.getloadavg()[0]
        for complete, report in enumerate(scenario(name)(scratch, runs, quick), 1):
            entry = results.entry(report.as_dict(), complete, runs, load)
            measured["machine"] = results.machine()
            measured["scenarios"][name] = results.without_paths(entry, scratch)
            save(folder, measured, names[:number])
        print(f"{name}: {(time.monotonic() - began) / 60:.1f} minutes", flush=True)


def scenario(name: str) -> Scenario:
    run: Scenario = importlib.import_module(f"benchmarks.{name}").run
    return run


def save(folder: Path, measured: results.Json, fresh: list[str]) -> None:
    """Writes performance.json and performance.md. `fresh`: scenarios that were measured this time."""
    scenarios = measured["scenarios"]
    measured["scenarios"] = {name: scenarios[name] for name in SCENARIOS if name in scenarios}
    results.save(folder / "performance.json", measured)
    (folder / "performance.md").write_text(rendered(measured, fresh), encoding="utf-8")


def _exit(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
