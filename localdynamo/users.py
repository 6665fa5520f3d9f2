"""This process as a user of engines: one lease a folder, watched, taken again when the engine died."""

import _thread
import logging
import os
import threading
import time
from pathlib import Path
from typing import Literal

from localdynamo.launch import forget_children, obtain
from localdynamo.lease import Lease

logger = logging.getLogger(__name__)
_RETRY_SECONDS = (0.2, 5.0)


class _User:
    """This process's use of one folder."""

    def __init__(self, folder: Path, port: int, sync: str) -> None:
        self._folder, self._port, self._sync = folder, port, sync
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._inherited: list[Lease] = []
        self._generation = 0  # another one after a fork: what was started before it no longer counts
        self._watched: int | None = None  # which generation's watcher runs

    def join(self) -> str:
        """The engine's address, once it answers. Raises EngineFailed."""
        with self._lock:
            if self._lease is None:
                self._lease = obtain(self._folder, self._port, self._sync)
                # The clients have this address now: an engine started later must have it too.
                self._port = self._lease.port
            watched = self._watched == self._generation
        if not watched:
            threading.Thread(
                target=self._watch, args=(self._generation,), name="embedded-engine", daemon=True
            ).start()
        return f"http://127.0.0.1:{self._port}"

    def forked(self) -> None:
        """In a fork's child: take an own lease.

        The parent's stays open: under eventlet closing it would take it out of the parent's hub.
        """
        self._lock = threading.Lock()
        if self._lease is not None:
            self._inherited.append(self._lease)
        self._lease = None
        self._generation += 1
        # Not threading.Thread: its start waits, which must not be here under eventlet. And if gunicorn
        # changes the hub after the fork this is lost; then the next `join` in this process does it.
        _thread.start_new_thread(self._watch, (self._generation,))

    def leave(self) -> None:
        """Give the lease back for good."""
        self._generation += 1
        if self._lease is not None:
            self._lease.end()

    def _watch(self, generation: int) -> None:
        with self._lock:
            if self._watched == generation or self._generation != generation:
                return
            self._watched = generation
        while True:
            lease = self._lease
            if lease is not None:
                lease.wait_for_end()
            if self._generation != generation:
                return
            self._take_up(lease)

    def _take_up(self, ended: Lease | None) -> None:
        """Join again, for as long as it takes; each reason is said once."""
        with self._lock:
            if self._lease is ended:
                self._lease = None
        pause, longest = _RETRY_SECONDS
        said = ""
        while True:
            try:
                self.join()
            except Exception as failure:  # noqa: BLE001 - a watcher that ends would end the restarts
                if str(failure) != said:
                    said = str(failure)
                    logger.error("%s", said)  # noqa: TRY400
                time.sleep(pause)
                pause = min(pause * 2, longest)
            else:
                return


_users: dict[Path, _User] = {}
_guard = threading.Lock()


def endpoint_of(data_dir: Path, port: int = 0, sync: Literal["interval", "always"] = "interval") -> str:
    """Start or join the engine of this folder, answer its address: "http://127.0.0.1:PORT".

    From now on this process is its user: the engine lives at least as long, and is started again at
    the same address when it dies. `port` counts only for an engine that isn't running yet; `sync`
    "always" makes a running one stricter. Raises EngineFailed; a later call tries again.

    It costs next to nothing once joined. A program that forks should call it in each child, where it
    makes the connections: gunicorn with --preload and eventlet loses what a fork starts by itself.
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
