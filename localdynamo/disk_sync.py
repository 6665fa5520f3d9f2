"""Decides when the log reaches the disk and when an answer may be sent.

`interval`: an answer is sent at once; its change is on the disk within a second.
`always`: an answer is sent when every change that it may show is on the disk. All requests that arrive
during one fsync share the next one.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable
from typing import Literal

from localdynamo.log import Log

logger = logging.getLogger(__name__)
Mode = Literal["interval", "always"]


class Syncer:
    """Keeps the answers of one engine in order and sends each when the mode allows it."""

    def __init__(self, log: Log, mode: Mode) -> None:
        self.log, self.mode = log, mode
        self._synced = log.number  # the records before this one are on the disk
        self._waiting: deque[tuple[int, asyncio.Transport, bytes]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._paused = False

    def send(self, transport: asyncio.Transport, answer: bytes) -> None:
        if self.mode == "always" and (self._waiting or self.log.number > self._synced):
            self._waiting.append((self.log.number, transport, answer))
            self._start_sync()
        else:
            transport.write(answer)

    def close_after_answers(self, transport: asyncio.Transport) -> None:
        """Closes a connection after the answers that still wait have been sent."""
        if self._waiting:
            self._waiting.append((self.log.number, transport, b""))
        else:
            transport.close()

    def tick(self) -> None:
        """Called once a second: starts an fsync of what interval mode has left in the system's cache."""
        if self.log.number > self._synced:
            self._start_sync()

    async def rotate(self, next_log: Callable[[Log], Log]) -> None:
        """Changes to the log that `next_log` returns; it is passed the old one, which is nearly synced."""
        await self._settle()
        self.log = next_log(self.log)
        self._resume()

    async def close(self) -> None:
        """Puts everything on the disk and sends the answers that wait for it."""
        await self._settle()
        self.log.sync()
        self._resume()

    async def _settle(self) -> None:
        self._paused = True
        if self._task is not None:
            await self._task
        await self._sync()

    def _resume(self) -> None:
        self._paused = False
        self._synced = self.log.number
        self._send_synced()

    def _start_sync(self) -> None:
        if self._task is None and not self._paused:
            self._task = asyncio.get_running_loop().create_task(self._sync())

    async def _sync(self) -> None:
        number = self.log.number
        try:
            if self.mode == "always":
                # Nothing could be answered meanwhile, and the way through a thread costs a lone writer more
                # than the disk does. What arrives until then is answered with the next fsync, all at once.
                self.log.sync()
            else:
                await asyncio.get_running_loop().run_in_executor(None, self.log.sync)
        except OSError:
            # After a failed fsync it is unknown what the disk holds. The next engine reads it back.
            logger.critical("fsync of %s failed, ending", self.log.path, exc_info=True)
            os._exit(1)
        self._synced, self._task = number, None
        self._send_synced()
        if self._waiting:
            self._start_sync()

    def _send_synced(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._synced:
            _number, transport, answer = self._waiting.popleft()
            if answer:
                transport.write(answer)
            else:
                transport.close()
