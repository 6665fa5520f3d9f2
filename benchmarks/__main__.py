"""python -m benchmarks [--only rest,fanout] [--runs 5] [--quick] [--scratch DIR]: measure, write the page."""

import argparse
import importlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.comparison import compare
from benchmarks.page import rendered
from benchmarks.servers import ROOT

SCENARIOS = ("fanout", "rest", "reconnect", "growth", "cost")
"""Modules of this package with `run`, see measure.py; the order of the page."""


def main() -> int:
    options = parse()
    # Ended by a signal, the servers that run have to end as well.
    signal.signal(signal.SIGTERM, _end)
    scratch = options.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    if options.against:
        return compare(options.against, scratch, options.runs, options.quick, options.limit)
    # What was only tried out isn't published.
    folder = scratch if options.quick else ROOT / "docs"
    kept = load(folder / "performance.json")
    for name in options.only:
        print(f"{name} …", flush=True)
        began = time.monotonic()
        kept["machine"] = machine()
        kept["scenarios"][name] = without_paths(measure(name, scratch, options), scratch)
        kept["scenarios"] = {one: kept["scenarios"][one] for one in SCENARIOS if one in kept["scenarios"]}
        save(folder, kept, options.only[: options.only.index(name) + 1])
        print(f"{name}: {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    print(folder / "performance.md")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", type=chosen, default=list(SCENARIOS), help=f"of {','.join(SCENARIOS)}")
    parser.add_argument("--runs", type=int, help="medians are over so many; default 5, with --quick 3")
    parser.add_argument(
        "--quick", action="store_true", help="smaller and shorter; the page goes into the scratch folder"
    )
    parser.add_argument("--scratch", type=Path, default=ROOT / ".bench", help="default: .bench")
    parser.add_argument(
        "--against", metavar="REV", help="compare with another revision and print a table; writes no page"
    )
    parser.add_argument(
        "--limit",
        type=float,
        default=1.05,
        help="with --against: exit status 1 if a ratio of CPU is over this",
    )
    options = parser.parse_args()
    if options.runs is None:
        options.runs = 3 if options.quick else 5
    if options.runs < 1:
        parser.error("--runs: at least 1")
    return options


def chosen(text: str) -> list[str]:
    names = text.split(",")
    unknown = set(names) - set(SCENARIOS)
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    return names


def measure(name: str, scratch: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One scenario's entry in performance.json."""
    load_before = os.getloadavg()[0]
    report = importlib.import_module(f"benchmarks.{name}").run(scratch, options.runs, options.quick)
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "runs": options.runs, "load": load_before,
        "commit": commit(), "report": report,
    }  # fmt: skip


def without_paths(entry: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Folders of this machine don't belong on the page, not even in an error's text."""
    text = json.dumps(entry, ensure_ascii=False)
    for folder in (scratch, ROOT, Path.home()):
        text = text.replace(f"{folder}/", "")
    told: dict[str, Any] = json.loads(text)
    return told


def machine() -> dict[str, str]:
    release = platform.release().split("-")[0]
    return {
        "processor": f"{_of('/proc/cpuinfo', 'model name') or platform.machine()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "system": f"{platform.system()} {release}, Python {platform.python_version()}",
    }


def _of(path: str, field: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")


def commit() -> str:
    """What is measured, or 'unknown' where there is no git. The page that is being written doesn't count."""
    found = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--", ".", ":(exclude)docs/performance.*")
    return (found or "unknown") + ("+changes" if changed else "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def load(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {"machine": {}, "scenarios": {}}
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def save(folder: Path, kept: dict[str, Any], ran: list[str]) -> None:
    """After each scenario, so that one that fails takes nothing with it."""
    text = json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
    (folder / "performance.json").write_text(text, encoding="utf-8")
    (folder / "performance.md").write_text(rendered(kept, ran), encoding="utf-8")


def _end(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
