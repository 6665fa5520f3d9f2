"""Notices between server processes over Redis pub/sub. They make changes fast; the log makes them right."""

import json
import logging
import queue
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import redis

from teamcal.deadline import within
from teamcal.domain.changes import Change
from teamcal.errors import CalendarError
from teamcal.metrics import NO_METRICS, NOTICES_RECEIVED, Metrics

logger = logging.getLogger(__name__)

QUEUE_LENGTH = 10_000
"""Notices that wait while Redis is away. The oldest are dropped; the watcher finds their changes."""
WAIT_SECONDS = 2.0


class RedisNotices:
    """Tells other processes of this one's changes and hears of theirs.

    A failing Redis is logged and never fails or delays a write: `announce` only queues.
    """

    def __init__(
        self, url: str, installation: str, sleep: Callable[[float], None], metrics: Metrics = NO_METRICS
    ) -> None:
        self.channel = f"{installation}:changes"
        self.sleep, self.metrics = sleep, metrics
        self.process = str(uuid.uuid4())
        self.redis = redis.Redis.from_url(
            url, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS, health_check_interval=5
        )
        self._waiting: queue.Queue[str] = queue.Queue(QUEUE_LENGTH)

    def announce(self, log_id: str, change: Change) -> None:
        notice = self._text(log_id, change)
        while True:
            try:
                self._waiting.put_nowait(notice)
            except queue.Full:
                self._drop_oldest()
            else:
                return

    def _text(self, log_id: str, change: Change) -> str:
        fields = asdict(change)
        if not change.by_verified:  # older servers don't know the field
            del fields["by_verified"]
        try:
            return json.dumps({"from": self.process, "log": log_id, "change": fields})
        except TypeError:
            # The record has attributes that JSON can't carry. A notice that fits no head makes the other
            # processes read the log.
            return self._text(log_id, replace(change, record={}, previous="unknown"))

    def _drop_oldest(self) -> None:
        with suppress(queue.Empty):
            self._waiting.get_nowait()

    def send(self) -> None:
        """Sends what is queued. A task of its own; never returns."""
        while True:
            notice = self._waiting.get()
            try:
                self.redis.publish(self.channel, notice)
            except (redis.RedisError, OSError) as error:
                logger.warning("Redis: a notice was not sent: %s", type(error).__name__)
                self.sleep(0.5)

    def listen(self, on_change: Callable[[str, Change], None]) -> None:
        """Calls `on_change(log_id, change)` for each notice of another process. Never returns."""
        while True:
            try:
                with self.redis.pubsub(ignore_subscribe_messages=True) as channel:
                    channel.subscribe(self.channel)
                    while True:
                        message = channel.get_message(timeout=WAIT_SECONDS / 2)
                        if message is not None:
                            self.receive(message["data"], on_change)
            except (redis.RedisError, OSError) as error:
                logger.warning("Redis: not listening: %s", type(error).__name__)
            except Exception:
                logger.exception("Redis: a notice could not be handled")
            self.sleep(1)

    def receive(self, data: bytes, on_change: Callable[[str, Change], None]) -> None:
        """Handles one notice, unless it is this process's own."""
        try:
            notice: dict[str, Any] = json.loads(data)
            sender, log_id, fields = notice["from"], notice["log"], notice["change"]
            prior = fields.get("prior")
            change = Change.from_fields({**fields, "prior": tuple(prior) if prior else None})
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            logger.warning("Redis: a notice can't be read: %s", type(error).__name__)
            return
        if sender == self.process:
            return
        self.metrics.add(NOTICES_RECEIVED)
        try:
            with within(5):
                on_change(log_id, change)
        except CalendarError as error:
            logger.info("a notice about %s has to wait for the watcher: %s", log_id, error.code)
