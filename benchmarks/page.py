"""docs/performance.md, made from the results in performance.json (see results.py)."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import OURS, ratios

Json = Mapping[str, Any]
Row = tuple[str, ...]
NOTES = Path(__file__).parent / "notes"
HEAD = """\
# Performance

What the server costs and how fast it answers, beside others, measured in one run on one machine. \
`make bench` writes this page; every figure of every run is in [performance.json](performance.json), and \
`benchmarks/README.md` describes the programs.

A figure is the median of the runs; in brackets stand the lowest and the highest run, and for another server \
(×) the median of ours ÷ theirs within a run. Ratios say more than times, which depend on the machine.
"""


def rendered(results: Json, fresh: Iterable[str] | None = None, notes: Path = NOTES) -> str:
    """The page.

    fresh: scenarios that were measured this time, the others are marked as older; None: all
    notes: folder of hand-written remarks, <scenario>.md, which follow the scenario's figures
    """
    scenarios: Json = results["scenarios"]
    names = set(scenarios if fresh is None else fresh)
    parts = [HEAD, machine(results["machine"]), targets(scenarios)]
    parts += [section(name, entry, name in names, notes) for name, entry in scenarios.items()]
    parts.append(left_out(scenarios))
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def machine(facts: Json) -> str:
    return "Machine: " + "; ".join(facts.values()) + "." if facts else ""


# Targets


def targets(scenarios: Json) -> str:
    rows = [
        (target["text"], limit(target), measured(target), verdict(target))
        for entry in scenarios.values()
        for target in entry["report"]["targets"]
    ]
    return "## Targets\n\n" + table(("", "must be", "is", "reached"), rows) if rows else ""


def limit(target: Json) -> str:
    return f"{target['sense']} {number(target['limit'])} {target['unit']}".rstrip()


def measured(target: Json) -> str:
    return spread(target["runs"]) if target["runs"] else "not measured"


def verdict(target: Json) -> str:
    """yes; or no, and by how much it falls short."""
    if target["reached"]:
        return "yes"
    if not target["runs"]:
        return "**no**"
    median, limit_ = statistics.median(target["runs"]), target["limit"]
    if not limit_:
        return f"**no**, by {number(median)}"
    at_most = target["sense"] == "at most"
    times = median / limit_ if at_most else limit_ / median if median else float("inf")
    return f"**no**, {number(times)} times too {'much' if at_most else 'little'}"


# A scenario


def section(name: str, entry: Json, fresh: bool, notes: Path) -> str:
    report: Json = entry["report"]
    figures = [figure for figure in report["figures"] if figure.get("page")]
    remarks = notes / f"{name}.md"
    parts = [
        f"## {report['title']}",
        standing(entry, fresh),
        table_of(figures),
        explained(figures),
        versions(report),
        remarks.read_text(encoding="utf-8") if remarks.exists() else "",
        unwrapped(report["method"]),
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def standing(entry: Json, fresh: bool) -> str:
    """When it was measured, of what, and whether the machine was busy or the benchmark interrupted."""
    runs, planned, load = entry["runs"], entry.get("planned", entry["runs"]), entry["load"]
    complete = f"{runs}" if runs == planned else f"{runs} of {planned}"
    text = f"{complete} run{'s' * (planned > 1)}, {entry['at']}, commit {entry['commit']}."
    if not fresh:
        text += " *Not part of the last run of the benchmark.*"
    if runs < planned:
        text += " *Interrupted.*"
    if load is not None and load > 0.7:  # None: it wasn't recorded
        text += f" *The machine was busy when it began: load {load:.1f}.*"
    return text


def table_of(figures: Sequence[Json]) -> str:
    """One row a figure, one column a server."""
    # In the order in which they first appear.
    servers = list(dict.fromkeys(name for figure in figures for name in figure["servers"]))
    rows = [(titled(figure), *(cell(figure["servers"], server) for server in servers)) for figure in figures]
    return table(("", *servers), rows) if rows else ""


def titled(figure: Json) -> str:
    return f"{figure['name']}, {figure['unit']}" if "unit" in figure else str(figure["name"])


def cell(servers: Mapping[str, Sequence[float]], server: str) -> str:
    """'1.23 (1.20–1.31)' of our own server, '2.46 (× 0.500)' of another one."""
    if server not in servers:
        return "–"
    runs, ours = servers[server], servers.get(OURS, [])
    shares = ratios(ours, runs)
    if server == OURS or not shares:
        return spread(runs)
    return f"{number(statistics.median(runs))} (× {number(statistics.median(shares))})"


def explained(figures: Iterable[Json]) -> str:
    notes = {figure["note"]: figure["name"] for figure in reversed(list(figures)) if figure.get("note")}
    return "\n".join(f"- {name}: {note}" for note, name in reversed(notes.items()))


def versions(report: Json) -> str:
    texts = [f"{name} {version}" for name, version in report.get("versions", {}).items()]
    return "Versions: " + "; ".join(texts) + "." if texts else ""


def unwrapped(text: str) -> str:
    """Each paragraph on one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def left_out(scenarios: Json) -> str:
    rows = [
        (entry["report"]["title"], what, " ".join(why.split()))
        for entry in scenarios.values()
        for what, why in entry["report"]["left_out"].items()
    ]
    return "## Left out\n\n" + table(("", "", "why"), rows) if rows else ""


# Text


def table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def spread(runs: Sequence[float]) -> str:
    """'1.23 (1.20–1.31)'; the number alone when all runs gave it."""
    median, low, high = (number(value) for value in (statistics.median(runs), min(runs), max(runs)))
    return median if low == high else f"{median} ({low}–{high})"


def number(value: float) -> str:
    """Three significant digits; all of a whole number's."""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 99.95 else f"{value:#.3g}"
