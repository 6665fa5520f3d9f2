"""What tests/session_rules.py holds for every test, tried on a session of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

SKIPPED = """
import pytest

def test_that_skips():
    pytest.skip("no such thing here")

@pytest.mark.skipif(True, reason="nor this")
def test_that_is_skipped():
    pass

@pytest.mark.xfail(strict=True)
def test_that_is_known_to_fail():
    assert False
"""
WHOLE_FILE = 'import pytest\npytest.skip("nothing here", allow_module_level=True)\n'
# It waits until the process runs: right after the start /proc doesn't tell its environment yet.
LEFT_OVER = """
import subprocess, time
from pathlib import Path

def test_that_leaves_a_process():
    process = subprocess.Popen(["sleep", "30"], start_new_session=True)
    while b"sleep" not in Path(f"/proc/{process.pid}/cmdline").read_bytes():
        time.sleep(0.01)
"""
ENVIRONMENT = """
import os

def test_the_environment():
    assert not {"AWS_PROFILE", "DYNAMODB_ENDPOINT_URL", "SECRET_KEY"} & set(os.environ)
    assert os.environ["PYTHON_DOTENV_DISABLED"] == "1"
"""


def session(folder: Path, test: str, **more: str) -> subprocess.CompletedProcess[str]:
    """pytest on one file under our rules, which waits for processes only briefly here."""
    rules = (ROOT / "tests" / "session_rules.py").read_text("utf-8")
    assert "_SECONDS = 60.0" in rules
    (folder / "conftest.py").write_text(rules.replace("_SECONDS = 60.0", "_SECONDS = 0.2"), "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(test, "utf-8")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("TEAMCAL_NO_SKIPS", "PYTEST_ADDOPTS") and not name.startswith(("COV_", "COVERAGE_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_it.py"],
        cwd=folder,
        env=kept | more,
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_a_skip_is_a_skip(tmp_path: Path) -> None:
    done = session(tmp_path, SKIPPED)
    assert done.returncode == 0, done.stdout
    assert "2 skipped, 1 xfailed" in done.stdout


@pytest.mark.parametrize(
    ("test", "outcome"), [(SKIPPED, "1 failed, 1 xfailed, 1 error"), (WHOLE_FILE, "1 error")]
)
def test_a_skip_is_a_failure_where_none_is_allowed(tmp_path: Path, test: str, outcome: str) -> None:
    done = session(tmp_path, test, TEAMCAL_NO_SKIPS="1")
    assert done.returncode != 0
    assert outcome in done.stdout
    assert "TEAMCAL_NO_SKIPS: " in done.stdout


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")
def test_a_process_left_over_is_a_failure(tmp_path: Path) -> None:
    done = session(tmp_path, LEFT_OVER)
    assert done.returncode == 1
    assert "processes left over" in done.stdout
    assert "sleep 30" in done.stdout


def test_a_developers_settings_reach_no_test(tmp_path: Path) -> None:
    given = {"AWS_PROFILE": "mine", "DYNAMODB_ENDPOINT_URL": "https://example.com", "SECRET_KEY": "mine"}
    done = session(tmp_path, ENVIRONMENT, **given)
    assert done.returncode == 0, done.stdout
