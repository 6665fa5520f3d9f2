"""When the log reaches the disk, and when an answer may leave.

`interval`: an answer leaves at once, the disk follows within a second.
`always`: an answer leaves when everything it may speak of is on the disk; all requests that came in
during one fsync share the next.
"""

import asyncio
import logging
import os
from collections import deque
from typing import Literal

from teamcal.localdynamo.log import Log

logger = logging.getLogger(__name__)
Mode = Literal["interval", "always"]


class Syncer:
    """Keeps the answers of one engine in order and lets them go when the mode allows it."""

    def __init__(self, log: Log, mode: Mode) -> None:
        self.log, self.mode = log, mode
        self._synced = log.number
        self._waiting: deque[tuple[int, asyncio.Transport, bytes]] = deque()
        self._task: asyncio.Task[None] | None = None

    def send(self, transport: asyncio.Transport, answer: bytes) -> None:
        if self.mode == "always" and (self._waiting or self.log.number > self._synced):
            self._waiting.append((self.log.number, transport, answer))
            self._start()
        else:
            transport.write(answer)

    def close(self, transport: asyncio.Transport) -> None:
        """Close a connection after the answers that still wait for it."""
        if self._waiting:
            self._waiting.append((self.log.number, transport, b""))
        else:
            transport.close()

    def tick(self) -> None:
        """Once a second: what interval mode left in the system's cache goes to the disk."""
        if self.log.number > self._synced:
            self._start()

    def log_rotated(self, log: Log) -> None:
        """The old log is on the disk and closed; from now on this one counts."""
        self.log, self._synced = log, log.number
        self._release()

    @property
    def busy(self) -> bool:
        return self._task is not None

    async def settle(self) -> None:
        """Wait until everything written is on the disk."""
        while self._task is not None:
            await self._task
        self.log.sync()
        self._synced = self.log.number
        self._release()

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._sync())

    async def _sync(self) -> None:
        number = self.log.number
        try:
            await asyncio.get_running_loop().run_in_executor(None, self.log.sync)
        except OSError:
            # After a failed fsync nobody knows what the disk holds: only reading it back tells.
            logger.critical("fsync of %s failed, ending", self.log.path, exc_info=True)
            os._exit(1)
        self._synced = number
        self._task = None
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
