"""Holds for every test: a clean environment, no process left over, and no skip where none is allowed."""

import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

# A developer's own settings and credentials reach no test, and no test reaches AWS.
for _name in list(os.environ):
    if _name.startswith(("AWS_", "DYNAMODB_")) or _name in (
        "SECRET_KEY", "FLASK_ENV", "DATA_DIR", "DATA_SYNC", "REDIS_URL", "HOST", "PORT",
        "HOLIDAYS_FILE",
    ):  # fmt: skip
        del os.environ[_name]
os.environ["PYTHON_DOTENV_DISABLED"] = "1"
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

# A shell starts what it puts in the background deaf to Ctrl+C, and all that this starts inherits it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Every process that a test starts inherits this, however far it goes away from its parent.
_MARK = f"TEAMCAL_TEST_SESSION={uuid.uuid4()}"
os.environ.update([_MARK.split("=")])
NO_SKIPS = "TEAMCAL_NO_SKIPS"
_SECONDS = 60.0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With TEAMCAL_NO_SKIPS=1 a test that is skipped has failed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a whole file."""
    report = yield
    if report.skipped:
        _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get(NO_SKIPS):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"{NO_SKIPS}: {reason}"


@pytest.fixture(scope="session", autouse=True)
def nothing_left_over() -> Iterator[None]:
    """Fails the session when a process that a test started still runs at its end."""
    yield
    # Embedded engines wait for a next user; asked to end, they end, and their coverage counts.
    for pid, command in _own_processes().items():
        if "localdynamo" in command:
            _ask_to_end(pid)
    deadline = time.monotonic() + _SECONDS
    while (left := _own_processes()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left, f"processes left over: {left}"


def _ask_to_end(pid: int) -> None:
    with suppress(ProcessLookupError):  # it has just ended by itself
        os.kill(pid, signal.SIGTERM)


def _own_processes() -> dict[int, str]:
    """pid → command of the processes of this session but this one; none where there is no /proc."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        if pid == os.getpid():
            continue
        try:
            # A process that has ended and isn't waited for yet has no command.
            command = (folder / "cmdline").read_bytes()
            if command and _MARK.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found[pid] = command.replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue  # it has ended meanwhile, or is somebody else's
    return found
