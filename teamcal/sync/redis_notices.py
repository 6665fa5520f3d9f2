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
from teamcal.sync.replicas import Replicas

log = logging.getLogger("teamcal.notices")

QUEUE_LENGTH = 10_000
"""Notices that wait while Redis is away; the oldest are dropped, the timer brings what they told."""
WAIT_SECONDS = 2.0


class Notices:
    """Tells other processes of this one's changes and hears of theirs.

    A failing Redis is logged and never fails or delays a write: `announce` only queues.
    """

    def __init__(
        self, url: str, installation: str, replicas: Replicas, sleep: Callable[[float], None]
    ) -> None:
        self.channel = f"{installation}:changes"
        self.replicas, self.sleep = replicas, sleep
        self.process = str(uuid.uuid4())
        self.redis = redis.Redis.from_url(
            url, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS, health_check_interval=5
        )
        self._waiting: queue.Queue[str] = queue.Queue(QUEUE_LENGTH)

    def announce(self, log_id: str, changes: list[Change]) -> None:
        for change in changes:
            notice = self._text(log_id, change)
            while True:
                try:
                    self._waiting.put_nowait(notice)
                    break
                except queue.Full:
                    self._drop_oldest()

    def _text(self, log_id: str, change: Change) -> str:
        try:
            return json.dumps({"from": self.process, "log": log_id, "change": asdict(change)})
        except TypeError:
            # Attributes that JSON can't carry: one that fits no head makes the others look for themselves.
            return self._text(log_id, replace(change, record={}, previous="unknown"))

    def _drop_oldest(self) -> None:
        with suppress(queue.Empty):
            self._waiting.get_nowait()

    def send(self) -> None:
        """A task of its own; never ends."""
        while True:
            notice = self._waiting.get()
            try:
                self.redis.publish(self.channel, notice)
            except (redis.RedisError, OSError) as error:
                log.warning("Redis: a notice was not sent: %s", type(error).__name__)
                self.sleep(0.5)

    def listen(self) -> None:
        """A task of its own; never ends."""
        while True:
            try:
                with self.redis.pubsub(ignore_subscribe_messages=True) as channel:
                    channel.subscribe(self.channel)
                    while True:
                        message = channel.get_message(timeout=WAIT_SECONDS / 2)
                        if message is not None:
                            self._heard(message["data"])
            except (redis.RedisError, OSError) as error:
                log.warning("Redis: not listening: %s", type(error).__name__)
            except Exception:
                log.exception("Redis: a notice could not be handled")
            self.sleep(1)

    def _heard(self, data: bytes) -> None:
        notice: dict[str, Any] = json.loads(data)
        if notice["from"] == self.process:
            return
        fields = notice["change"]
        prior = fields.pop("prior")
        change = Change(**fields, prior=tuple(prior) if prior else None)
        try:
            with within(5):
                self.replicas.of(notice["log"]).notice(change)
        except CalendarError as error:
            log.info("a notice about %s has to wait for the timer: %s", notice["log"], error.code)
