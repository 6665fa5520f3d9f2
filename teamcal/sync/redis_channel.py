"""Signed messages between the server processes of one installation, over Redis pub/sub.

They may be lost at any time: what is said by them has to be found or said again in another way.
"""

import hashlib
import hmac
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

import redis

from teamcal.domain.values import new_id
from teamcal.metrics import NO_METRICS, NOTICES_REFUSED, Metrics

logger = logging.getLogger(__name__)

QUEUE_BYTES = 16 * 1024 * 1024
"""Messages that wait, to be sent while Redis is away or to be taken up. Others are dropped."""
WAIT_SECONDS = 2.0
LOG_SECONDS = 60.0
"""A problem of one kind is logged when it begins and then once in this time."""
MAC_BYTES = hashlib.sha256().digest_size


class _Waiting:
    """Bytes that wait to be sent, the oldest first. With more than `limit` bytes the oldest are dropped."""

    def __init__(self, limit: int) -> None:
        self._limit, self.size = limit, 0
        self._notices: deque[bytes] = deque()
        self._changed = threading.Condition()

    def put(self, notice: bytes) -> None:
        with self._changed:
            self._notices.append(notice)
            self.size += len(notice)
            while self.size > self._limit:
                self.size -= len(self._notices.popleft())
            self._changed.notify()

    def get(self) -> bytes:
        """Waits for a notice, removes it and returns it."""
        with self._changed:
            self._changed.wait_for(lambda: self._notices)
            notice = self._notices.popleft()
            self.size -= len(notice)
            return notice


class RedisChannel:
    """`channel`: what names these tables among all that share the Redis. `key`: only who has it is believed;
    servers of one installation have one SECRET_KEY. `sleep(seconds)` is the worker's own.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        key: bytes,
        sleep: Callable[[float], None],
        metrics: Metrics = NO_METRICS,
        limit: int = QUEUE_BYTES,
    ) -> None:
        self.channel, self._key = channel, key
        self.sleep, self.metrics = sleep, metrics
        self.process = new_id()
        self.redis = redis.Redis.from_url(
            url, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS, health_check_interval=5
        )
        self._waiting = _Waiting(limit)
        self._logged: dict[str, float] = {}

    def put(self, body: bytes) -> None:
        """Queues a message. Never fails and never waits."""
        self._waiting.put(hmac.digest(self._key, body, "sha256") + body)

    def send(self) -> None:
        """Sends what is queued. A task of its own; never returns."""
        while True:
            notice = self._waiting.get()
            try:
                self.redis.publish(self.channel, notice)
            except (redis.RedisError, OSError) as error:
                self._warn("notices aren't sent", type(error).__name__)
                self.sleep(0.5)

    def hear(self, take: Callable[[bytes], None], subscribed: Callable[[], object] = lambda: None) -> None:
        """Calls `take` with each message as it is on the channel, signature and all. Never returns.

        `subscribed()` is called whenever nothing said from then on is missed.
        """
        while True:
            try:
                with self.redis.pubsub(ignore_subscribe_messages=True) as channel:
                    channel.subscribe(self.channel)
                    subscribed()
                    while True:
                        message = channel.get_message(timeout=WAIT_SECONDS / 2)
                        if message is not None:
                            take(message["data"])
            except (redis.RedisError, OSError) as error:
                self._warn("not listening", type(error).__name__)
            except Exception:
                logger.exception("Redis: the subscription failed")
            self.sleep(1)

    def opened(self, data: bytes) -> bytes | None:
        """Returns what a message says; None if it isn't to be believed."""
        mac, body = data[:MAC_BYTES], data[MAC_BYTES:]
        if hmac.compare_digest(mac, hmac.digest(self._key, body, "sha256")):
            return body
        self._refuse("a notice without a valid signature; do all servers have the same SECRET_KEY?")
        return None

    # What the operator sees

    def _refuse(self, reason: str) -> None:
        self.metrics.add(NOTICES_REFUSED)
        self._warn("ignoring", reason)

    def _warn(self, kind: str, details: str) -> None:
        now = time.monotonic()
        if now - self._logged.get(kind, -LOG_SECONDS) >= LOG_SECONDS:
            self._logged[kind] = now
            logger.warning("Redis: %s: %s", kind, details)
