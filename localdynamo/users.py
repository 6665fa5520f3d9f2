"""This process as a user of engines: one lease per folder; a thread takes a new one if the engine dies."""

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
_RETRY_SECONDS = (0.2, 5.0)  # first and longest pause


class _User:
    """This process's use of one folder's engine."""

    def __init__(self, folder: Path, port: int, sync: str) -> None:
        self._folder, self._port, self._sync = folder, port, sync
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._inherited: list[Lease] = []
        self._generation = 0  # counts forks: watchers of an earlier generation stop
        self._watched: int | None = None  # the generation whose watcher runs

    def join(self) -> str:
        """Returns the engine's address as soon as the engine answers. Raises EngineFailed."""
        with self._lock:
            self._take_lease()
            watched = self._watched == self._generation
        if not watched:
            threading.Thread(
                target=self._watch, args=(self._generation,), name="embedded-engine", daemon=True
            ).start()
        return f"http://127.0.0.1:{self._port}"

    def _take_lease(self) -> None:
        if self._lease is None:
            self._lease = obtain(self._folder, self._port, self._sync)
            # Clients use this address from now on, so an engine that is started later must have it too.
            self._port = self._lease.port

    def forked(self) -> None:
        """Called in the child of a fork: takes a lease of its own.

        The parent's lease stays open here too: under eventlet, closing it would remove it from the parent's
        hub.
        """
        self._lock = threading.Lock()
        if self._lease is not None:
            self._inherited.append(self._lease)
        self._lease = None
        self._generation += 1
        # Not threading.Thread, whose start() waits: that isn't allowed here under eventlet. If gunicorn
        # replaces the hub after the fork, this watcher is lost and the next `join` starts another.
        _thread.start_new_thread(self._watch, (self._generation,))

    def leave(self) -> None:
        """Gives the lease back for good."""
        with self._lock:  # a watcher that is just taking one has it by then
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
            self._join_again(lease, generation)

    def _join_again(self, ended: Lease | None, generation: int) -> None:
        """Tries until it has joined; logs each reason for a failure once."""
        with self._lock:
            if self._lease is ended:
                self._lease = None
        pause, longest = _RETRY_SECONDS
        logged = ""
        while True:
            try:
                with self._lock:
                    if self._generation == generation:
                        self._take_lease()
            except Exception as failure:  # noqa: BLE001 -- without the watcher nothing restarts the engine
                if str(failure) != logged:
                    logged = str(failure)
                    logger.error("%s", logged)  # noqa: TRY400 -- EngineFailed says it all
                time.sleep(pause)  # of the watcher's own thread: nobody waits for it
                pause = min(pause * 2, longest)
            else:
                return


_users: dict[Path, _User] = {}
_guard = threading.Lock()


def endpoint_of(data_dir: Path, port: int = 0, sync: Literal["interval", "always"] = "interval") -> str:
    """Starts or joins the engine of this folder; returns its address, "http://127.0.0.1:PORT".

    From now on this process is a user of the engine, which lives at least as long, and is started again
    at the same address if it dies. `port` is used only if the engine isn't running yet; `sync` "always"
    also applies to an engine that is running. Raises EngineFailed; a later call tries again.

    A call costs next to nothing once the process has joined. A program that forks should call it in each
    child that connects: under gunicorn with --preload and eventlet, a thread that was started by the fork
    itself is lost.
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
