"""When the log reaches the disk, and when an answer may leave.

`interval`: an answer leaves at once, the disk follows within a second.
`always`: an answer leaves when everything it may speak of is on the disk; all requests that came in
during one fsync share the next.
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
    """Keeps the answers of one engine in order and lets them go when the mode allows it."""

    def __init__(self, log: Log, mode: Mode) -> None:
        self.log, self.mode = log, mode
        self._synced = log.number
        self._waiting: deque[tuple[int, asyncio.Transport, bytes]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._held = False

    def send(self, transport: asyncio.Transport, answer: bytes) -> None:
        if self.mode == "always" and (self._waiting or self.log.number > self._synced):
            self._waiting.append((self.log.number, transport, answer))
            self._start()
        else:
            transport.write(answer)

    def hang_up(self, transport: asyncio.Transport) -> None:
        """Close a connection after the answers that still wait for it."""
        if self._waiting:
            self._waiting.append((self.log.number, transport, b""))
        else:
            transport.close()

    def tick(self) -> None:
        """Once a second: what interval mode left in the system's cache goes to the disk."""
        if self.log.number > self._synced:
            self._start()

    async def rotate(self, follow: Callable[[Log], Log]) -> None:
        """Go over to the log that `follow` answers; it gets the old one with next to nothing to sync."""
        await self._settle()
        self.log = follow(self.log)
        self._resume()

    async def close(self) -> None:
        """Everything is on the disk when this returns."""
        await self._settle()
        self.log.sync()
        self._resume()

    async def _settle(self) -> None:
        self._held = True
        if self._task is not None:
            await self._task
        await self._sync()

    def _resume(self) -> None:
        self._held = False
        self._synced = self.log.number
        self._release()

    def _start(self) -> None:
        if self._task is None and not self._held:
            self._task = asyncio.get_running_loop().create_task(self._sync())

    async def _sync(self) -> None:
        number = self.log.number
        try:
            await asyncio.get_running_loop().run_in_executor(None, self.log.sync)
        except OSError:
            # After a failed fsync nobody knows what the disk holds: only reading it back tells.
            logger.critical("fsync of %s failed, ending", self.log.path, exc_info=True)
            os._exit(1)
        self._synced, self._task = number, None
        self._release()
        if self._waiting:
            self._start()

    def _release(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._synced:
            _number, transport, answer = self._waiting.popleft()
            if answer:
                transport.write(answer)
            else:
                transport.close()
