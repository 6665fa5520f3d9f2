"""Looks again at the tokens of connections that last, and ends those of nobody. Only with AUTH_MODE=token."""

import heapq
import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from teamcal.domain.caller import Caller
from teamcal.errors import StorageError
from teamcal.realtime.audience import Audience

logger = logging.getLogger(__name__)

RENEWAL_SECONDS = 60.0
"""So often a caller's token is looked at: it counts as a use, and tells what no change of rights tells."""
GRACE_SECONDS = 60.0
"""A client that is nobody's has so long to authenticate."""
TICK_SECONDS = 1.0
PER_TURN = 100
"""Tokens that are looked at per turn of the event loop: 2 ms."""


class _Due(NamedTuple):
    at: float
    number: int
    caller: Caller


class Renewals:
    """One task for all connections, a step a caller. `renewed(caller)`: see calendar.tokens.

    `now()`: seconds since 1970, of the clock by which tokens end. `disconnect(sid)` ends a connection.
    `spawn(task)` starts a background task, `pause(seconds)` waits in it.
    """

    def __init__(
        self,
        audience: Audience,
        renewed: Callable[[Caller], Caller | None],
        now: Callable[[], float],
        spawn: Callable[[Callable[[], None]], object],
        pause: Callable[[float], object],
    ) -> None:
        self._audience, self._renewed, self._now = audience, renewed, now
        self._spawn, self._pause = spawn, pause
        self._due: list[_Due] = []
        self._followed: set[Caller] = set()
        self._nobodies: OrderedDict[str, float] = OrderedDict()
        self._numbers = itertools.count()
        self._running = False
        audience.when_refused(self.give_grace)

    # The caller of these holds the audience's lock

    def follow(self, caller: Caller) -> None:
        """Looks at the caller's token as long as he has a connection."""
        if not caller.token or caller in self._followed:
            return
        at = self._now() + RENEWAL_SECONDS
        due = _Due(min(at, caller.ends) if caller.ends else at, next(self._numbers), caller)
        self._followed.add(caller)
        heapq.heappush(self._due, due)
        self._run_if_needed()

    def give_grace(self, sid: str) -> None:
        """Disconnects the client unless `keep` is called in time."""
        self._nobodies[sid] = self._now() + GRACE_SECONDS
        self._nobodies.move_to_end(sid)
        self._run_if_needed()

    def keep(self, sid: str) -> None:
        self._nobodies.pop(sid, None)

    # The task

    def _run_if_needed(self) -> None:
        if self._running:
            return
        self._running = True
        try:
            self._spawn(self._run)
        except RuntimeError:  # can't start a new thread: the next client tries again
            self._running = False

    def _run(self) -> None:
        while True:
            self._pause(TICK_SECONDS)
            try:
                while self.step():
                    self._pause(0)
            except Exception:
                logger.exception("tokens of connections couldn't be looked at")
            with self._audience.lock:
                if not self._due and not self._nobodies:
                    self._running = False
                    return

    def step(self) -> bool:
        """Does what is due, some of it at most; returns whether there may be more."""
        now = self._now()
        callers, nobodies = self._take(now)
        for caller in callers:
            self._renew(caller, now)
        for sid in nobodies:
            self._audience.socketio.server.disconnect(sid)
        return len(callers) + len(nobodies) >= PER_TURN

    def _take(self, now: float) -> tuple[list[Caller], list[str]]:
        callers: list[Caller] = []
        nobodies: list[str] = []
        with self._audience.lock:
            while self._due and self._due[0].at <= now and len(callers) < PER_TURN:
                caller = heapq.heappop(self._due).caller
                self._followed.discard(caller)
                if self._audience.callers.clients_of(caller):
                    callers.append(caller)
            while self._nobodies and len(nobodies) < PER_TURN:
                sid, at = next(iter(self._nobodies.items()))
                if at > now:
                    break
                del self._nobodies[sid]
                nobodies.append(sid)
        return callers, nobodies

    def _renew(self, caller: Caller, now: float) -> None:
        try:
            ended = 0 < caller.ends <= now
            renewed = None if ended else self._renewed(caller)
        except StorageError as error:
            logger.info("a token couldn't be looked at: %s", error)
            renewed = caller
        audience = self._audience
        with audience.lock:
            if renewed is None:
                audience.expel(caller)
                return
            if renewed != caller:  # he was renamed, say
                for sid in audience.callers.clients_of(caller):
                    audience.callers.put(sid, renewed)
            self.follow(renewed)
