"""The calendar page: its own unit tests, and two people in real browsers against a real server."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import ROOT, running

WEB = ROOT / "web"
NODE = shutil.which("node")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")
needs_browser = pytest.mark.skipif(
    NODE is None or CHROMIUM is None or not (WEB / "node_modules" / "playwright-core").is_dir(),
    reason="node or chromium is not installed, or run `npm ci` in web/",
)


def run(*command: str, seconds: float) -> str:
    """Returns what Node prints, run in web/; its output is the failure's text."""
    env = {**os.environ, "CHROMIUM": CHROMIUM or ""}
    done = subprocess.run(
        [NODE or "node", *command], cwd=WEB, env=env, capture_output=True, text=True, timeout=seconds
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_node
def test_the_pages_logic() -> None:
    run("--test", seconds=250)


@needs_browser
def test_two_people_see_each_others_changes(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        try:
            run("e2e/two-pages.mjs", server.url, seconds=250)
        except AssertionError as error:
            error.add_note(server.log())
            raise
