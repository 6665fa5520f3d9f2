"""The engine's process: one event loop that serves, syncs, compacts and expires, and decides when to end."""

import asyncio
import contextlib
import logging
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from localdynamo import folder as files
from localdynamo.compaction import Compaction
from localdynamo.disk_sync import Mode, Syncer
from localdynamo.expiry import Expiry
from localdynamo.http_server import Checks, Connection, Service
from localdynamo.lease import Leases
from localdynamo.log import Log
from localdynamo.signature import Verifier
from localdynamo.store import Store
from localdynamo.strangers import Strangers

logger = logging.getLogger(__name__)
_PORT_WAIT = 3.0  # seconds
_FREE_PORTS = range(20000, 30000)  # below the ports that systems give to outgoing connections


class Options(NamedTuple):
    """`grace` and `expire_every` are seconds; `compact_at` is bytes of log; `port` 0 means any."""

    folder: Path
    key: str
    port: int
    sync: Mode
    grace: float
    expire_every: float
    compact_at: int


class PortTaken(Exception):
    def __init__(self, port: int) -> None:
        super().__init__(
            f"다른 프로그램이 {port}번 포트를 사용하고 있습니다.\nPort {port} is used by another program."
        )


class Engine:
    """One run, from the recovered folder to the last sync."""

    def __init__(self, options: Options, report: Callable[[str], None]) -> None:
        """`report` is called with sentences for people, which all users are told as well. Raises Damaged."""

        def report_to_all(text: str) -> None:
            report(text)
            self._leases.report(text)

        self._leases = Leases(options.grace)
        recovered = files.recover(options.folder, report_to_all)
        self._options = options
        self._store = Store(recovered.image, recovered.log, report_to_all)
        self._syncer = Syncer(recovered.log, options.sync)
        self._expiry = Expiry(self._store)
        older_bytes = recovered.log_bytes - recovered.log.size
        self._compaction = Compaction(
            options.folder, recovered.snapshot_bytes, older_bytes, options.compact_at, report_to_all
        )
        self._failure: BaseException | None = None
        self._woken = asyncio.Event()

    async def run(self, listener: socket.socket) -> None:
        """Serves until the last user has gone. Raises LogUnusable."""
        key = self._options.key
        checks = Checks(key, Verifier(key), Strangers())
        service = Service(self._store, self._syncer, self._leases, checks, self._fail)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(service), sock=listener, backlog=512)
        files.write_address(self._options.folder, listener.getsockname()[1])
        self._handle_signals()
        try:
            await self._tick_until_over()
        finally:
            server.close()
            self._compaction.stop()
            self._store.release()
        await self._syncer.close()

    async def _tick_until_over(self) -> None:
        expire_at = time.monotonic() + self._options.expire_every
        while not self._leases.over():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), min(1.0, self._options.grace / 4))
            self._woken.clear()
            if self._failure is not None:
                raise self._failure
            self._syncer.tick()
            self._compaction.poll()
            if self._compaction.due(self._syncer.log):
                await self._start_compaction()
            if time.monotonic() >= expire_at:
                self._expiry.step()
                expire_at = time.monotonic() + self._options.expire_every

    async def _start_compaction(self) -> None:
        def next_log(old: Log) -> Log:
            self._store.log = self._compaction.start(old)
            return self._store.log

        await self._syncer.rotate(next_log)

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._woken.set()

    def _stop(self) -> None:
        self._leases.stop_when_free()
        self._woken.set()

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        # A service manager stops all processes at once, and the users' last requests still need the engine.
        signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(self._stop))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, signal.SIG_IGN)


def listen(folder: Path, port: int) -> socket.socket:
    """Returns a socket on `port`; for port 0 on last time's, or else a free one. Raises PortTaken."""
    if port:
        listener = _bind_patiently(port)
        if listener is None:
            raise PortTaken(port)
        return listener
    last_port = files.read_address(folder).get("port", 0)
    if last_port:
        listener = _bind_patiently(last_port)
        if listener is not None:
            return listener
        logger.warning("port %s is taken, choosing another", last_port)
    return _bind_free_port()


def _bind_patiently(port: int) -> socket.socket | None:
    """Returns None if another program still has the port after a few seconds."""
    deadline = time.monotonic() + _PORT_WAIT
    while True:
        try:
            return _bind(port)
        except OSError:
            if time.monotonic() > deadline:
                return None
        time.sleep(0.1)  # until the port is free: an engine that is ending may still hold it


def _bind_free_port() -> socket.socket:
    for port in random.sample(_FREE_PORTS, 200):
        with contextlib.suppress(OSError):
            return _bind(port)
    return _bind(0)


def _bind(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        # On Windows SO_REUSEADDR would let two programs share a port; elsewhere it only skips TIME_WAIT.
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener
