"""Answers that clients take too slowly, or not at all."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from teamcal.http.one_send import JOINED_BYTES, HeldHead, hold_head
from teamcal.http.transfers import STALLED_SECONDS, Transfers, socket_of, stop_both

PART_BYTES = 65_536
"""What is handed to the web server at once of a large answer: the rest of it is copied nowhere."""
WHOLE_BYTES = 524_288
"""An answer up to this is handed over whole, which costs less; the web server may keep a copy of its rest."""
SMALL_BYTES = 4_096
"""An answer up to this isn't worth looking for others with the same bytes: it counts with its copies."""
WINDOW_SECONDS = 10.0
"""The time over which the rate of an answer is taken. What is handed over whole must be taken in less."""


class Answer:
    """An answer that is being sent, as the web server iterates over it. A Transfer."""

    __slots__ = (
        "_answers",
        "_head",
        "_inner",
        "_mark",
        "_mark_time",
        "_sent",
        "large",
        "moved",
        "own",
        "parts",
        "sock",
    )

    def __init__(
        self, answers: "LimitedAnswers", sock: Any, inner: Iterable[bytes], head: HeldHead | None
    ) -> None:
        self._answers, self._inner, self.sock, self._head = answers, inner, sock, head
        self.parts: Sequence[bytes] = inner if isinstance(inner, list) else list(inner)
        self.large: Sequence[bytes] = ()
        """Parts whose bytes may be others' as well."""
        self.own = 0
        """Bytes that are this answer's alone, copies of the web server included."""
        for part in self.parts:
            joined = len(part) if len(part) <= JOINED_BYTES else 0
            if len(part) <= SMALL_BYTES:
                self.own += 2 * len(part) + joined
            else:
                self.large = (*self.large, part)
                self.own += joined + (len(part) if len(part) <= answers.whole_bytes else 0)
        self.moved = self._mark_time = time.monotonic()
        self._sent = self._mark = 0

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces() if self.large else iter(self.parts)

    def _pieces(self) -> Iterator[bytes]:
        for part in self.parts:
            if len(part) <= self._answers.whole_bytes:
                yield part
                continue
            view = memoryview(part)
            for start in range(0, len(part), PART_BYTES):
                yield bytes(view[start : start + PART_BYTES])
                # The web server comes back when the operating system has taken it.
                self._sent += PART_BYTES
                self.moved = time.monotonic()

    def close(self) -> None:
        """Called by the web server after the last byte, or when the client is gone."""
        try:
            if self._head is not None:
                self._head.flush()
        finally:
            self._answers.forget(self)
            close = getattr(self._inner, "close", None)
            if close is not None:
                close()

    def overdue(self, now: float) -> bool:
        if now - self._mark_time < WINDOW_SECONDS:
            return False
        too_slow = self._sent - self._mark < self._answers.bytes_per_second * (now - self._mark_time)
        self._mark, self._mark_time = self._sent, now
        return too_slow

    def stalled(self, now: float) -> bool:
        return now - self.moved > STALLED_SECONDS

    def end(self) -> None:
        self._answers.release(self)
        stop_both(self.sock)


class LimitedAnswers:
    """A WSGI layer: an answer must move at `bytes_per_second`, and all answers together take `limit` bytes.

    Bytes that several answers share count once, copies of the web server for each. Beyond the limit, the
    answer that would free most and has waited longest is ended, but never the only one: a calendar may be
    larger than the limit. `lock` is needed with real threads.
    """

    def __init__(
        self,
        application: WSGIApplication,
        transfers: Transfers,
        bytes_per_second: int,
        limit: int,
        lock: AbstractContextManager[Any] = nullcontext(),  # noqa: B008 -- it has no state
    ) -> None:
        self._application, self._transfers, self._limit = application, transfers, limit
        self._lock = lock
        self.bytes_per_second = bytes_per_second
        self.whole_bytes = min(WHOLE_BYTES, int(bytes_per_second * WINDOW_SECONDS * 0.8))
        # id of the bytes → their length, and how many answers have them
        self._held: dict[int, tuple[int, int]] = {}
        self.size = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = self._application(environ, start_response)
        sock = socket_of(environ)
        if sock is None or ("HTTP_UPGRADE" in environ and _is_websocket(environ)):
            return body
        answer = Answer(self, sock, body, hold_head(start_response))
        with self._lock:
            self.size += answer.own
            for part in answer.large:
                length, holders = self._held.get(id(part), (len(part), 0))
                self._held[id(part)] = (length, holders + 1)
                if not holders:
                    self.size += length
        self._transfers.start(answer)
        if self.size > self._limit:
            self._make_room()
        return answer

    def forget(self, answer: Answer) -> None:
        """Called when an answer was taken, or its client is gone; perhaps twice."""
        if self._transfers.stop(answer):
            self.release(answer)

    def release(self, answer: Answer) -> None:
        """Called once for each answer, when it is no transfer any more."""
        with self._lock:
            self.size -= answer.own
            for part in answer.large:
                length, holders = self._held.pop(id(part))
                if holders > 1:
                    self._held[id(part)] = (length, holders - 1)
                else:
                    self.size -= length

    def _make_room(self) -> None:
        while self.size > self._limit:
            with self._lock:
                answers = [transfer for transfer in self._transfers if isinstance(transfer, Answer)]
                if len(answers) < 2:
                    return
                heaviest = max(answers, key=self._weight)
            self._transfers.end(heaviest)

    def _weight(self, answer: Answer) -> float:
        held = [self._held[id(part)] for part in answer.large]
        freed = answer.own + sum(length / holders for length, holders in held)
        return freed * (time.monotonic() - answer.moved)


def _is_websocket(environ: WSGIEnvironment) -> bool:
    """Whether the request has become a websocket, which is over: it has no answer."""
    return environ.get("HTTP_UPGRADE", "").lower() == "websocket" and environ["PATH_INFO"].startswith(
        "/socket.io/"
    )
