"""Starting the engine: a process that outlives whoever started it, as long as somebody uses it."""

import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from localdynamo.lease import Lease, take_lease

GRACE_SECONDS = 15.0
_START_SECONDS = 60.0
_BETWEEN_STARTS = 1.0
BUSY = "the engine of this folder is running already"
REQUIREMENTS = (
    "내장 엔진에 필요한 패키지가 없습니다: pip install -r requirements-embedded.txt\n"
    "The embedded engine needs packages that are missing: pip install -r requirements-embedded.txt"
)
_started: list[subprocess.Popen[bytes]] = []


class EngineFailed(Exception):
    """The engine can't be used; the text says why, in Korean and in English."""


class _Start:
    """One attempt to start the engine. Another process's attempt may win; then this one ends by itself."""

    def __init__(self, folder: Path, port: int, sync: str) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self.at = time.monotonic()
        self._process = subprocess.Popen(
            _command(folder, port, sync),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            cwd=Path(__file__).parents[1],
            **_apart(),
        )
        _started.append(self._process)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def message(self) -> str:
        self._said.seek(0)
        return self._said.read(4096).decode("utf-8", "replace").strip()


def obtain(folder: Path, port: int, sync: str) -> Lease:
    """A lease of the folder's engine, which is started if need be. Raises EngineFailed."""
    if importlib.util.find_spec("ministack") is None or importlib.util.find_spec("filelock") is None:
        raise EngineFailed(REQUIREMENTS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _started[:] = [process for process in _started if process.poll() is None]
    start: _Start | None = None
    deadline = time.monotonic() + _START_SECONDS
    while (lease := take_lease(folder, sync)) is None:
        if start is not None and start.ended() and start.message() not in ("", BUSY):
            raise EngineFailed(start.message())
        if start is None or (start.ended() and time.monotonic() - start.at > _BETWEEN_STARTS):
            start = _Start(folder, port, sync)
        if time.monotonic() > deadline:
            raise EngineFailed(
                f"내장 엔진이 응답하지 않습니다: {folder}\nThe embedded engine doesn't answer: {folder}"
            )
        time.sleep(0.02)
    return lease


def forget_children() -> None:
    """In a fork's child: the engine was the parent's child."""
    _started.clear()


def _command(folder: Path, port: int, sync: str) -> list[str]:
    arguments = [
        "--data-dir",
        str(folder),
        "--port",
        str(port),
        "--sync",
        sync,
        "--grace",
        str(GRACE_SECONDS),
    ]
    return [sys.executable, "-m", __package__, *arguments]


def _apart() -> dict[str, Any]:
    """Neither Ctrl-C nor the closing of a terminal reaches a process started so."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
