"""Starts the engine: a process that outlives the one that started it, as long as another uses it."""

import importlib.util
import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from localdynamo.folder import read_address
from localdynamo.lease import Lease, take_lease
from localdynamo.reports import EngineFailed, disk_trouble, older_engine

logger = logging.getLogger(__name__)
GRACE_SECONDS = 15.0
_START_SECONDS = 60.0
_SECONDS_BETWEEN_STARTS = 1.0
ALREADY_RUNNING = "the engine of this folder is running already"
REQUIREMENTS = (
    "내장 엔진에 필요한 패키지가 없습니다: pip install -r requirements-embedded.txt\n"
    "Packages that the embedded engine needs are missing: pip install -r requirements-embedded.txt"
)
_started: list[subprocess.Popen[bytes]] = []


class _Start:
    """One attempt to start the engine. If another process's attempt wins, this one ends by itself."""

    def __init__(self, folder: Path, port: int, sync: str) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 -- as long as the attempt
        self.time = time.monotonic()
        self._process = subprocess.Popen(
            _command(folder, port, sync),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
            cwd=Path(__file__).parents[1],
            **_detached(),
        )
        _started.append(self._process)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def message(self) -> str:
        """Returns what the process has written to standard error."""
        self._stderr.seek(0)
        return self._stderr.read(4096).decode("utf-8", "replace").strip()


def obtain(folder: Path, port: int, sync: str) -> Lease:
    """Returns a lease of the folder's engine; starts the engine if none runs. Raises EngineFailed."""
    if importlib.util.find_spec("ministack") is None or importlib.util.find_spec("filelock") is None:
        raise EngineFailed(REQUIREMENTS)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EngineFailed(disk_trouble(folder, error)) from error
    _started[:] = [process for process in _started if process.poll() is None]
    start: _Start | None = None
    deadline, waits_for_an_older = time.monotonic() + _START_SECONDS, False
    while (lease := take_lease(folder, sync)) is None:
        if start is not None and start.ended() and start.message() not in ("", ALREADY_RUNNING):
            raise EngineFailed(start.message())
        if start is None or (start.ended() and time.monotonic() - start.time > _SECONDS_BETWEEN_STARTS):
            if start is not None:
                waits_for_an_older = waits_for_an_older or _tell_of_an_older_engine(folder)
            start = _Start(folder, port, sync)
        if time.monotonic() > deadline:
            raise EngineFailed(_no_answer(folder))
        time.sleep(0.02)  # until the engine answers; it may be another process's
    return lease


def _tell_of_an_older_engine(folder: Path) -> bool:
    """Whether it is such an engine that runs already."""
    is_older = "id" in read_address(folder)
    if is_older:
        logger.warning("%s", older_engine(folder), extra={"several_lines": True})
    return is_older


def _no_answer(folder: Path) -> str:
    if "id" in read_address(folder):
        return older_engine(folder)
    return f"내장 엔진이 응답하지 않습니다: {folder}\nThe embedded engine doesn't answer: {folder}"


def forget_children() -> None:
    """Called in the child of a fork: the engine is a child of the parent."""
    _started.clear()


def _command(folder: Path, port: int, sync: str) -> list[str]:
    options = {"--data-dir": folder, "--port": port, "--sync": sync, "--grace": GRACE_SECONDS}
    return [sys.executable, "-m", __package__, *(str(part) for option in options.items() for part in option)]


def _detached() -> dict[str, Any]:
    """Returns options of Popen that keep Ctrl-C and the closing of a terminal from reaching the process."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
