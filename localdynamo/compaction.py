"""Makes the logs short again while requests go on.

The engine begins a new log and lets a second process read snapshot and older logs and write a new
snapshot; only the engine puts that in place and deletes what it covers. A crash at any point leaves
either the old files or the new snapshot plus files that the next start drops.

It begins when the logs exceed both 16 MB and the snapshot, so a folder holds about three times its
data at most, and a start replays no more than 16 MB or the data's size in logs.
"""

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from localdynamo import folder as files
from localdynamo.log import Damaged, Log

logger = logging.getLogger(__name__)
SMALLEST_LOG = 16 * 1024 * 1024
_PAUSE_AFTER_FAILURE = 60.0


class Compaction:
    """At most one at a time; `due` and `poll` are asked once a second."""

    def __init__(self, folder: Path, snapshot_bytes: int, older_bytes: int, smallest: int) -> None:
        self._folder, self._smallest = folder, smallest
        self._snapshot_bytes, self._older_bytes = snapshot_bytes, older_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._upto = 0
        self._not_before = 0.0

    def due(self, log: Log) -> bool:
        if self._process is not None or time.monotonic() < self._not_before:
            return False
        return self._older_bytes + log.size > max(self._smallest, self._snapshot_bytes)

    def start(self, old: Log) -> Log:
        """Begin with everything up to now; answers the log to go on with (the old one: no room)."""
        old.sync()
        try:
            new = Log(files.log_path(self._folder, old.number), old.number)
            files.sync_folder(self._folder)
        except OSError:
            self._postpone("no new log")
            return old
        old.close()
        self._older_bytes += old.size
        self._upto = new.number
        try:
            self._process = self._launch()
        except OSError:
            self._postpone("no process for it")
        return new

    def _launch(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            _command(self._folder, self._upto),
            stdin=subprocess.PIPE,  # its end tells the other process that this one has gone
            cwd=Path(__file__).parents[1],
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def poll(self) -> None:
        """Put a finished snapshot in place."""
        if self._process is None or self._process.poll() is None:
            return
        code = self._process.returncode
        self._forget()
        if code != 0:
            self._postpone(f"exit code {code}")
            with contextlib.suppress(OSError):
                draft_path(self._folder, self._upto).unlink()
            return
        os.replace(draft_path(self._folder, self._upto), self._folder / files.SNAPSHOT)
        files.sync_folder(self._folder)
        files.drop_covered(self._folder, self._upto)
        self._snapshot_bytes, self._older_bytes = files.snapshot_size(self._folder), 0

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget()
            with contextlib.suppress(OSError):
                draft_path(self._folder, self._upto).unlink()

    def _postpone(self, why: str) -> None:
        logger.error("compaction failed (%s); the logs stay as they are", why)
        self._not_before = time.monotonic() + _PAUSE_AFTER_FAILURE

    def _forget(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None


def _command(folder: Path, upto: int) -> list[str]:
    return [sys.executable, "-m", str(__package__), "--data-dir", str(folder), "--compact", str(upto)]


def draft_path(folder: Path, upto: int) -> Path:
    return folder / f"snapshot-{upto}.tmp"


def write_draft(folder: Path, upto: int) -> None:
    """The other process: everything before record `upto` as a snapshot in the making."""
    loaded = files.load(folder, before=upto)
    if loaded.number != upto:
        raise Damaged(
            files.log_path(folder, upto), 0, f"the records from {loaded.number} on are missing before it"
        )
    files.write_snapshot(draft_path(folder, upto), loaded.image, upto)


def end_with_parent() -> None:
    """Leave no orphan: the engine holds the other end of the standard input."""

    def watch() -> None:
        os.read(0, 1)  # not sys.stdin: its lock would be in the way of a normal end
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
