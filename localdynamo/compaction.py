"""Compaction: replaces long logs by a snapshot while the engine goes on serving.

The engine begins a new log and starts a second process, which reads the snapshot and the older logs and
writes a new snapshot. Only the engine puts that in place and deletes the logs that it covers. A crash at
any point leaves either the old files, or the new snapshot and files that the next start deletes.

Compaction begins when the logs exceed both 16 MB and the snapshot. So a folder holds at most about three
times its data, and a start replays at most 16 MB of logs or, if that is more, the size of the data.
"""

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from localdynamo import folder as files
from localdynamo.log import Damaged, Log
from localdynamo.reports import compaction_failed

logger = logging.getLogger(__name__)
SMALLEST_LOG = 16 * 1024 * 1024
_SECONDS_AFTER_FAILURE = 60.0


class Compaction:
    """Runs at most one compaction at a time. The engine calls `due` and `poll` once a second."""

    def __init__(
        self,
        folder: Path,
        snapshot_bytes: int,
        older_bytes: int,
        smallest: int,
        report: Callable[[str], None] = logger.error,
    ) -> None:
        """`older_bytes` is the size of the logs before the open one; up to `smallest` bytes never compact.

        `report` is called with a sentence for people when a compaction failed.
        """
        self._folder, self._smallest, self._report = folder, smallest, report
        self._snapshot_bytes, self._older_bytes = snapshot_bytes, older_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._upto = 0
        self._not_before = 0.0

    def due(self, log: Log) -> bool:
        """Whether the logs, of which `log` is the open one, are long enough to begin."""
        if self._process is not None or time.monotonic() < self._not_before:
            return False
        return self._older_bytes + log.size > max(self._smallest, self._snapshot_bytes)

    def start(self, old: Log) -> Log:
        """Begins with all records up to now. Returns the log to append to from now on.

        That is the old one if no new one can be created.
        """
        old.sync()
        try:
            new = Log(files.log_path(self._folder, old.number), old.number)
            files.sync_folder(self._folder)
        except OSError as error:
            self._postpone(f"no new log: {error.strerror}")
            return old
        old.close()
        self._older_bytes += old.size
        self._upto = new.number
        try:
            self._process = self._launch()
        except OSError as error:
            self._postpone(f"no process for it: {error.strerror}")
        return new

    def _launch(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            _command(self._folder, self._upto),
            stdin=subprocess.PIPE,  # its end tells the compacting process that the engine has gone
            stderr=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def poll(self) -> None:
        """Puts a finished snapshot in place."""
        if self._process is None or self._process.poll() is None:
            return
        exit_code = self._process.returncode
        reason = self._process.stderr.read(4096).decode("utf-8", "replace") if self._process.stderr else ""
        self._forget_process()
        if exit_code != 0:
            self._postpone(reason.strip().rpartition("\n")[2] or f"exit code {exit_code}")
            self._drop_draft()
            return
        os.replace(draft_path(self._folder, self._upto), self._folder / files.SNAPSHOT)
        files.sync_folder(self._folder)
        files.drop_covered(self._folder, self._upto)
        self._snapshot_bytes, self._older_bytes = files.snapshot_size(self._folder), 0

    def stop(self) -> None:
        """Ends a compaction that is running; the logs stay as they are."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget_process()
            self._drop_draft()

    def _postpone(self, reason: str) -> None:
        self._report(compaction_failed(self._folder, reason))
        self._not_before = time.monotonic() + _SECONDS_AFTER_FAILURE

    def _forget_process(self) -> None:
        for pipe in (self._process.stdin, self._process.stderr) if self._process else ():
            if pipe is not None:
                pipe.close()
        self._process = None

    def _drop_draft(self) -> None:
        with contextlib.suppress(OSError):
            draft_path(self._folder, self._upto).unlink()


def _command(folder: Path, upto: int) -> list[str]:
    return [sys.executable, "-m", str(__package__), "--data-dir", str(folder), "--compact", str(upto)]


def draft_path(folder: Path, upto: int) -> Path:
    """Returns the file that a snapshot of the records before `upto` is written to."""
    return folder / f"snapshot-{upto}.tmp"


def write_draft(folder: Path, upto: int) -> None:
    """Runs in the compacting process: writes all records before `upto` as a snapshot. Raises Damaged."""
    loaded = files.load(folder, before=upto)
    if loaded.number != upto:
        raise Damaged(
            files.log_path(folder, upto), 0, f"the records from {loaded.number} on are missing before it"
        )
    files.write_snapshot(draft_path(folder, upto), loaded.image, upto)


def end_with_parent() -> None:
    """Ends this process when the engine dies, which holds the other end of standard input."""

    def watch() -> None:
        os.read(0, 1)  # not sys.stdin, whose lock would block a normal exit
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
