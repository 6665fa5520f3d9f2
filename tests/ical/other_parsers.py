"""Two parsers of .ics files that other people wrote: npm's ical.js (Thunderbird's) and PyPI's `ical`."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CLIENTS = Path(__file__).parents[1] / "clients"
PACKAGES = ("ical==14.3.1", "recurring-ical-events==3.8.2", "icalendar==7.3.2")


def ask_ical_js(asked: dict[str, Any]) -> dict[str, Any]:
    """Skips the test when Node or the package isn't there."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (CLIENTS / "node_modules" / "ical.js").is_dir():
        pytest.skip("tests/clients/node_modules is missing: run `npm ci` in tests/clients")
    return _answer(["node", str(CLIENTS / "occurrences.mjs")], asked)


def ask_ical(python: Path, asked: dict[str, Any]) -> dict[str, Any]:
    return _answer([str(python), str(Path(__file__).with_name("other_parser.py"))], asked)


def _answer(command: list[str], asked: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(command, input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def python_with_packages(folder: Path) -> Path:
    """A Python of its own in the folder that has PACKAGES; what is installed there already is used."""
    python, installed = folder / "bin" / "python", folder / "installed"
    if not installed.exists() or installed.read_text("utf-8") != " ".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *PACKAGES]
        subprocess.run(pip, check=True)
        installed.write_text(" ".join(PACKAGES), "utf-8")
    return python
