"""docs/performance.md, from the figures that are kept in docs/performance.json.

{"machine": {what: text},
 "scenarios": {name: {"at": "2026-11-24 14:00 UTC", "runs": 5, "commit": "1a2b3c4",
                      "load": load average before it began,
                      "report": Report.as_dict(), maybe with "versions": {server: text}}}}
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]
Row = tuple[str, ...]
NOTES = Path(__file__).parent / "notes"
HEAD = """\
# Performance

What the server costs and how fast it answers, beside others, measured in one run on one machine. This page
is written by `make bench`; the figures behind it are in [performance.json](performance.json). Ratios say more
than times, which depend on the machine. A figure is the median of the runs, with the lowest and the highest.
"""


def rendered(kept: Json, ran: Iterable[str] | None = None, notes: Path = NOTES) -> str:
    """The page. Scenarios that aren't among `ran` are marked as older; None: all are of now.

    `notes`: the folder of what is written by hand, <scenario>.md, which follows the scenario's figures.
    """
    scenarios: Json = kept["scenarios"]
    fresh = set(scenarios if ran is None else ran)
    parts = [HEAD, machine(kept["machine"]), targets(scenarios)]
    parts += [section(name, entry, name in fresh, notes) for name, entry in scenarios.items()]
    parts.append(left_out(scenarios))
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


def machine(facts: Json) -> str:
    return table(("machine", ""), [(what, text) for what, text in facts.items()])


# What must be reached


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
    return "not measured" if target["measured"] is None else spread({**target, "median": target["measured"]})


def verdict(target: Json) -> str:
    """yes; or no, and by how much it falls short."""
    if target["reached"]:
        return "yes"
    is_, must = target["measured"], target["limit"]
    if is_ is None:
        return "**no**"
    if not must:
        return f"**no**, by {number(is_)}"
    short = is_ / must if target["sense"] == "at most" else must / is_ if is_ else float("inf")
    return f"**no**, {number(short)} times too {'much' if target['sense'] == 'at most' else 'little'}"


# A scenario


def section(name: str, entry: Json, fresh: bool, notes: Path) -> str:
    report: Json = entry["report"]
    figures = report["figures"]
    parts = [f"## {report['title']}", standing(entry, fresh)]
    for title, key in (("Ratios: ours ÷ theirs", "ratios"), ("Figures", "servers")):
        if any(figure[key] for figure in figures):
            parts += [f"### {title}", *tables(figures, key)]
    parts += [explained(figures), versions(report)]
    hand_written = notes / f"{name}.md"
    if hand_written.exists():
        parts += ["### Where the time goes", hand_written.read_text(encoding="utf-8")]
    parts += ["### Method", report["method"]]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def standing(entry: Json, fresh: bool) -> str:
    """When it was measured, of what, and whether anything else ran beside it."""
    told = f"{entry['runs']} runs, {entry['at']}, commit {entry['commit']}"
    older = "" if fresh else " *Not part of the last run of the benchmark.*"
    load = entry["load"]  # None: it wasn't recorded
    busy = (
        f" *The machine was busy when it began: load {load:.1f}.*" if load is not None and load > 0.7 else ""
    )
    return f"{told}.{older}{busy}"


def tables(figures: list[Json], key: str) -> Iterable[str]:
    """One for each thing that is measured; its rows are the situations, its columns the servers."""
    grouped: dict[tuple[str, str], list[tuple[str, Json]]] = {}
    for figure in figures:
        if figure[key]:
            what, situation = divided(figure["name"])
            grouped.setdefault((what, figure["unit"]), []).append((situation, figure[key]))
    for (what, unit), rows in grouped.items():
        # In the order in which they first appear.
        names = list(dict.fromkeys(name for _, cells in rows for name in cells))
        shown = f"{what}, {unit}" if unit and key == "servers" else what
        yield table(
            (f"**{shown}**", *names), [(situation, *cells_of(cells, names)) for situation, cells in rows]
        )


def cells_of(cells: Json, names: list[str]) -> list[str]:
    return [spread(cells[name]) if name in cells else "–" for name in names]


def divided(name: str) -> tuple[str, str]:
    """(what is measured, in which situation): 'list, 16 clients: CPU' and 'CPU, 16 clients' are alike."""
    situation, colon, what = name.rpartition(": ")
    if colon:
        return what, situation
    what, _, situation = name.partition(", ")
    return what, situation


def explained(figures: list[Json]) -> str:
    notes = {divided(figure["name"])[0]: figure["note"] for figure in figures if figure["note"]}
    return "\n".join(f"- {what}: {note}" for what, note in notes.items())


def versions(report: Json) -> str:
    known = report.get("versions", {})
    return "Versions: " + "; ".join(f"{name} {text}" for name, text in known.items()) if known else ""


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
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )


def spread(told: Json) -> str:
    """'1.23 (1.20–1.31)'; the number alone when all runs gave it."""
    median, low, high = (number(told[key]) for key in ("median", "low", "high"))
    return median if low == high else f"{median} ({low}–{high})"


def number(value: float) -> str:
    """Three significant digits; all of a whole number's."""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 99.95 else f"{value:#.3g}"
