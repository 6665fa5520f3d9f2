"""docs/performance.json: the results of the last run of every scenario, one figure a line.

{"machine": {name: text},
 "scenarios": {scenario: {"at": "2026-11-24 14:00 UTC", "commit": "1a2b3c4", "load": 0.1,
                          "runs": 5, "report": Report.as_dict()}}}

`load` is the machine's load average before the scenario began (null: not recorded). `runs` is the number of
complete runs; an interrupted scenario has the number of `planned` runs as well.
"""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import rounded
from benchmarks.servers import ROOT

Json = dict[str, Any]


def load(path: Path) -> Json:
    """The results in a file; none if it doesn't exist."""
    if not path.exists():
        return {"machine": {}, "scenarios": {}}
    results: Json = json.loads(path.read_text(encoding="utf-8"))
    return results


def save(path: Path, results: Json) -> None:
    """Replaces the file in one step, so that an interruption leaves the old or the new one."""
    draft = path.with_suffix(".draft")
    draft.write_text(as_text(results), encoding="utf-8")
    draft.replace(path)


def as_text(results: Json) -> str:
    """JSON with one figure, target or other fact a line."""
    entries = {name: _entry(entry) for name, entry in results["scenarios"].items()}
    fields = {"machine": _line(results["machine"]), "scenarios": _object(entries, 1)}
    return _object(fields, 0) + "\n"


def _entry(entry: Json) -> str:
    report = {
        name: _list(value, 4) if isinstance(value, list) else _line(value)
        for name, value in entry["report"].items()
    }
    facts = {name: _line(value) for name, value in entry.items() if name != "report"}
    return _object({**facts, "report": _object(report, 3)}, 2)


def _object(fields: dict[str, str], depth: int) -> str:
    """A JSON object of values that are text already, one a line."""
    return _lines("{", [f"{_line(name)}: {text}" for name, text in fields.items()], "}", depth)


def _list(items: list[Any], depth: int) -> str:
    return _lines("[", [_line(item) for item in items], "]", depth)


def _lines(first: str, texts: list[str], last: str, depth: int) -> str:
    margin = " " * depth
    content = ",\n".join(f"{margin} {text}" for text in texts)
    return f"{first}\n{content}\n{margin}{last}" if texts else first + last


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def entry(report: Json, runs: int, planned: int, load_before: float) -> Json:
    """A scenario's entry, measured now."""
    interrupted = {"planned": planned} if runs < planned else {}
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit(),
        "load": rounded(load_before),
        "runs": runs,
        **interrupted,
        "report": report,
    }


def without_paths(entry: Json, scratch: Path) -> Json:
    """The entry without folders of this machine, which may occur in the text of an error."""
    text = json.dumps(entry, ensure_ascii=False)
    for folder in (scratch, ROOT, Path.home()):
        text = text.replace(f"{folder}/", "")
    cleaned: Json = json.loads(text)
    return cleaned


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
    """The commit that is measured; 'unknown' without git. The page itself doesn't count as a change."""
    revision = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--", ".", ":(exclude)docs/performance.*")
    return (revision or "unknown") + ("+changes" if changed else "")


def _git(*arguments: str) -> str:
    try:
        process = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return process.stdout.strip()
