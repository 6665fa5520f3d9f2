"""Notices between server processes over Redis pub/sub. They make changes fast; the log makes them right."""

import hmac
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from teamcal.deadline import within
from teamcal.domain.changes import Change, Head
from teamcal.errors import CalendarError
from teamcal.metrics import NO_METRICS, NOTICES_RECEIVED, Metrics
from teamcal.sync.keyed_tasks import KeyedTasks
from teamcal.sync.redis_channel import QUEUE_BYTES, RedisChannel

logger = logging.getLogger(__name__)

AT_ONCE = 32
"""Departments whose notices are taken up at once: one that is busy holds up its own notices only."""
TAKE_UP_SECONDS = 5.0

OnChange = Callable[[str, Change, int | None], None]
"""(log id, change, digest of the head after it)"""


def key_of(secret_key: str, purpose: str = "notices") -> bytes:
    """Returns the key that signs one kind of message: each purpose of the secret has a key of its own."""
    return hmac.digest(secret_key.encode(), f"team calendar: {purpose}, version 1".encode(), "sha256")


class RedisNotices(RedisChannel):
    """Tells other processes of this one's changes and hears of theirs.

    A failing Redis is logged and never fails or delays a write: `announce` only queues. `spawn(task)` is the
    worker's own.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        key: bytes,
        sleep: Callable[[float], None],
        spawn: Callable[[Callable[[], None]], object],
        metrics: Metrics = NO_METRICS,
    ) -> None:
        super().__init__(url, channel, key, sleep, metrics)
        self._tasks = KeyedTasks(spawn, AT_ONCE)
        self._handed_over = 0
        self._counting = threading.Lock()

    # Sending

    def announce(self, log_id: str, change: Change, head: Head) -> None:
        self.put(self._body(log_id, change, head))

    def _body(self, log_id: str, change: Change, head: Head) -> bytes:
        fields = {name: getattr(change, name) for name in Change.__slots__}
        notice = {"from": self.process, "log": log_id, "change": fields, "digest": head.digest}
        try:
            return orjson.dumps(notice)
        except TypeError:
            # The record has attributes that JSON can't carry. A notice that fits no head makes the other
            # processes read the log.
            return self._body(log_id, replace(change, record={}, previous="unknown"), head)

    # Hearing

    def listen(self, on_change: OnChange) -> None:
        """Calls `on_change` for each notice of another process. Never returns."""
        self.hear(lambda data: self.receive(data, on_change))

    def receive(self, data: bytes, on_change: OnChange) -> None:
        """Hands a notice over to be taken up, unless it is this process's own, or not to be believed."""
        if (body := self.opened(data)) is None:
            return
        try:
            notice: dict[str, Any] = orjson.loads(body)
            sender, log_id, fields = notice["from"], notice["log"], notice["change"]
            if not isinstance(log_id, str):
                raise TypeError(log_id)
            prior = fields.get("prior")
            change = Change.from_fields({**fields, "prior": tuple(prior) if prior else None})
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            self._refuse(f"a notice that can't be read: {type(error).__name__}")
            return
        if sender != self.process:
            self.metrics.add(NOTICES_RECEIVED)
            self._hand_over(log_id, len(data), partial(on_change, log_id, change, notice.get("digest")))

    def _hand_over(self, log_id: str, size: int, take_up: Callable[[], None]) -> None:
        with self._counting:
            if self._handed_over + size > QUEUE_BYTES:
                return
            self._handed_over += size
        self._tasks.add(log_id, partial(self._take_up, log_id, size, take_up))

    def _take_up(self, log_id: str, size: int, take_up: Callable[[], None]) -> None:
        try:
            with within(TAKE_UP_SECONDS):
                take_up()
        except CalendarError as error:
            logger.info("a notice about %s has to wait for the watcher: %s", log_id, error.code)
        except Exception as error:  # noqa: BLE001 -- whatever a notice says must not end the task
            self._refuse(f"a notice that can't be taken up: {type(error).__name__}")
        finally:
            with self._counting:
                self._handed_over -= size
