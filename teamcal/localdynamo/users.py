"""This process as a user of engines: one lease a folder, watched, taken again when the engine died."""

import _thread
import logging
import os
import threading
import time
from pathlib import Path
from typing import Literal

from teamcal.localdynamo.launch import EngineFailed, forget_children, obtain
from teamcal.localdynamo.lease import Lease

logger = logging.getLogger(__name__)
_RETRY_SECONDS = (0.2, 5.0)


class _User:
    """This process's use of one folder."""

    def __init__(self, folder: Path, port: int, sync: str) -> None:
        self._folder, self._port, self._sync = folder, port, sync
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._watched = self._left = False

    def join(self) -> str:
        """The engine's address, once it answers. Raises EngineFailed."""
        with self._lock:
            if self._lease is None:
                self._lease = obtain(self._folder, self._port, self._sync)
                self._port = (
                    self._lease.port
                )  # the clients have this address: an engine started later must too
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, name="embedded-engine", daemon=True).start()
            return f"http://127.0.0.1:{self._port}"

    def forked(self) -> None:
        """In a fork's child: give the parent's lease up, take an own one."""
        self._lock = threading.Lock()
        if self._lease is not None:
            self._lease.drop()
        self._lease = None
        if self._watched:
            # Not threading.Thread: its start waits, which a fork's child under eventlet must not.
            _thread.start_new_thread(self._watch, ())

    def leave(self) -> None:
        """Give the lease back for good."""
        self._left = True
        if self._lease is not None:
            self._lease.end()

    def _watch(self) -> None:
        pause, longest = _RETRY_SECONDS
        said = ""
        while not self._left:
            lease = self._lease
            if lease is not None:
                lease.wait_for_end()
                if self._left:
                    return
                with self._lock:
                    self._lease = None
            try:
                self.join()
                pause, said = _RETRY_SECONDS[0], ""
            except (EngineFailed, OSError) as failure:
                if str(failure) != said:
                    said = str(failure)
                    logger.error("%s", said)  # noqa: TRY400
                time.sleep(pause)
                pause = min(pause * 2, longest)


_users: dict[Path, _User] = {}
_guard = threading.Lock()


def endpoint_of(data_dir: Path, port: int = 0, sync: Literal["interval", "always"] = "interval") -> str:
    """Start or join the engine of this folder, answer its address: "http://127.0.0.1:PORT".

    From now on this process is its user: the engine lives at least as long, and is started again at
    the same address when it dies. `port` counts only for an engine that isn't running yet; `sync`
    "always" makes a running one stricter. Raises EngineFailed; a later call tries again.
    """
    folder = Path(data_dir).absolute()
    with _guard:
        user = _users.setdefault(folder, _User(folder, port, sync))
    return user.join()


def _after_fork() -> None:
    global _guard
    _guard = threading.Lock()
    forget_children()
    for user in _users.values():
        user.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
