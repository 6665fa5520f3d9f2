"""The engine's process: one event loop that serves, syncs, compacts, expires, and knows when to end."""

import asyncio
import contextlib
import logging
import random
import signal
import socket
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from localdynamo import folder as files
from localdynamo.compaction import Compaction
from localdynamo.expiry import Expiry
from localdynamo.front import Connection, Service
from localdynamo.lease import Leases
from localdynamo.log import Log
from localdynamo.store import Store
from localdynamo.sync import Mode, Syncer

logger = logging.getLogger(__name__)
_PORT_WAIT = 3.0
_OURS = range(20000, 30000)  # below what systems give to outgoing connections


class Options(NamedTuple):
    folder: Path
    port: int
    sync: Mode
    grace: float
    expire_every: float
    compact_at: int


class PortTaken(Exception):
    def __init__(self, port: int) -> None:
        super().__init__(
            f"포트 {port}을(를) 다른 프로그램이 쓰고 있습니다.\nPort {port} is taken by another program."
        )


class Engine:
    """Everything of one run, from the recovered folder to the last sync."""

    def __init__(self, options: Options, report: Callable[[str], None]) -> None:
        recovered = files.recover(options.folder, report)
        self._options = options
        self._store = Store(recovered.image, recovered.log)
        self._syncer = Syncer(recovered.log, options.sync)
        self._leases = Leases(options.grace)
        self._expiry = Expiry(self._store)
        older = recovered.log_bytes - recovered.log.size
        self._compaction = Compaction(options.folder, recovered.snapshot_bytes, older, options.compact_at)
        self._failure: BaseException | None = None
        self._woken = asyncio.Event()

    async def run(self, listener: socket.socket) -> None:
        """Serve until the last user has gone."""
        identity = uuid.uuid4().hex
        service = Service(self._store, self._syncer, self._leases, identity, self._fail)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(service), sock=listener, backlog=512)
        files.write_address(self._options.folder, listener.getsockname()[1], identity)
        self._obey_signals()
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
                await self._rotate()
            if time.monotonic() >= expire_at:
                self._expiry.step()
                expire_at = time.monotonic() + self._options.expire_every

    async def _rotate(self) -> None:
        def follow(old: Log) -> Log:
            self._store.log = self._compaction.start(old)
            return self._store.log

        await self._syncer.rotate(follow)

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._woken.set()

    def _stop(self) -> None:
        self._leases.stop_when_free()
        self._woken.set()

    def _obey_signals(self) -> None:
        loop = asyncio.get_running_loop()
        # A service manager stops all processes at once: the users' last requests still want an engine.
        signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(self._stop))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, signal.SIG_IGN)


def listen(folder: Path, asked: int) -> socket.socket:
    """A listening socket: the port asked for, else last time's, else a free one. Raises PortTaken."""
    wanted = asked or files.read_address(folder).get("port", 0)
    deadline = time.monotonic() + _PORT_WAIT
    while wanted:
        try:
            return _bind(wanted)
        except OSError:
            if time.monotonic() > deadline:
                if asked:
                    raise PortTaken(asked) from None
                logger.warning("port %s is taken, choosing another", wanted)
                break
            time.sleep(0.1)
    for port in random.sample(_OURS, 200):
        try:
            return _bind(port)
        except OSError:
            continue
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
