"""Reads the body of every request before anything else happens with it."""

import io
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from teamcal.errors import TooBusy
from teamcal.http.refusals import Refusals
from teamcal.http.transfers import Transfers, socket_of, stop_receiving
from teamcal.http.turns import on_the_wire, read_as_usual, read_in_turns, received

MAX_BODY_BYTES = 1024 * 1024
MAX_FILE_BYTES = 10_000_000
"""Of a file that is imported; the only bodies that may be larger than MAX_BODY_BYTES."""
FILES_AT_ONCE = 4
"""Bodies larger than MAX_BODY_BYTES that a process receives at once: 40 MB."""
FILE_BYTES_PER_SECOND = 250_000
"""How fast one has to come, besides the seconds that every body has."""
_FILES = re.compile(r"/api/departments/[^/]+/import/?")
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)


class Body:
    """A body that is being received. A Transfer."""

    __slots__ = ("_due", "ended", "sock")

    def __init__(self, sock: Any, seconds: float) -> None:
        self.sock, self.ended = sock, False
        self._due = time.monotonic() + seconds

    def overdue(self, now: float) -> bool:
        return now >= self._due

    def end(self) -> None:
        self.ended = True
        stop_receiving(self.sock)


class CompleteBodies:
    """A WSGI layer that passes requests on when their body is there, chunked or not: a body of known length.

    One that doesn't arrive within `seconds` is 408, one that can't be read 400, one that is too large 413;
    the first two end the connection, since nobody knows where the next request would begin. A file that is
    imported may be larger; while FILES_AT_ONCE of them are under way, the next is 503.
    """

    def __init__(
        self, application: WSGIApplication, refusals: Refusals, transfers: Transfers, seconds: float
    ) -> None:
        self._application, self._refusals = application, refusals
        self._transfers, self._seconds = transfers, seconds
        self._files = threading.BoundedSemaphore(FILES_AT_ONCE)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        coding = environ.get("HTTP_TRANSFER_ENCODING")
        if length == "0" and coding is None:
            return self._application(environ, start_response)
        chunked = coding is not None
        if not _LENGTH.fullmatch(length) or (coding is not None and coding.strip().lower() != "chunked"):
            return self._refuse_and_close(environ, start_response, "validation_error")
        source = environ["wsgi.input"]
        if not chunked and int(length) <= min(received(source), MAX_BODY_BYTES):
            # Most of them: all of it is here already.
            environ["wsgi.input"] = io.BytesIO(source.read(int(length)))
            return self._application(environ, start_response)
        if not _is_file(environ) or (not chunked and int(length) <= MAX_BODY_BYTES):
            return self._receive(environ, start_response, chunked, int(length), MAX_BODY_BYTES)
        if not self._files.acquire(blocking=False):
            read_in_turns(source, chunked)  # the rest that nobody wants
            busy = TooBusy()
            headers = [("Retry-After", str(busy.retry_after))]
            return self._refusals.answer(environ, start_response, busy.code, headers, **busy.details())
        try:
            return self._receive(environ, start_response, chunked, int(length), MAX_FILE_BYTES)
        finally:
            self._files.release()

    def _receive(
        self, environ: WSGIEnvironment, start_response: StartResponse, chunked: bool, length: int, limit: int
    ) -> Iterable[bytes]:
        source = environ["wsgi.input"]
        read_in_turns(source, chunked, on_the_wire(limit))
        if length > limit:
            return self._refusals.answer(environ, start_response, "payload_too_large")
        seconds = self._seconds + (limit / FILE_BYTES_PER_SECOND if limit > MAX_BODY_BYTES else 0)
        body, in_time = self._read(environ, limit + 1 if chunked else length, seconds)
        if not in_time:
            return self._refuse_and_close(environ, start_response, "request_timeout")
        if body is None or (not chunked and len(body) < length):
            return self._refuse_and_close(environ, start_response, "validation_error")
        if len(body) > limit:
            return self._refusals.answer(environ, start_response, "payload_too_large")
        read_as_usual(source)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["CONTENT_LENGTH"], environ["wsgi.input"] = str(len(body)), io.BytesIO(body)
        return self._application(environ, start_response)

    def _read(self, environ: WSGIEnvironment, limit: int, seconds: float) -> tuple[bytes | None, bool]:
        """Returns at most `limit` bytes, None if they can't be read; and whether they came in time."""
        sock = socket_of(environ)
        transfer = Body(sock, seconds)
        if sock is not None:
            self._transfers.start(transfer)
        try:
            return _read_all(environ["wsgi.input"].read, limit), not transfer.ended
        except Exception:  # noqa: BLE001 -- the errors of web servers' parsers have no common base
            return None, not transfer.ended
        finally:
            self._transfers.stop(transfer)

    def _refuse_and_close(
        self, environ: WSGIEnvironment, start_response: StartResponse, code: str
    ) -> Iterable[bytes]:
        close_after_answer(environ, start_response)
        return self._refusals.answer(environ, start_response, code)


def _is_file(environ: WSGIEnvironment) -> bool:
    return environ["REQUEST_METHOD"] == "POST" and bool(_FILES.fullmatch(environ.get("PATH_INFO", "")))


def _read_all(read: Callable[[int], bytes], limit: int) -> bytes:
    body = read(limit)
    while body and len(body) < limit and (more := read(limit - len(body))):
        body += more
    return body


def close_after_answer(environ: WSGIEnvironment, start_response: StartResponse) -> None:
    """Makes the web server end the connection after this answer, whatever it has received after the request.

    WSGI has no way to ask for that: gunicorn ignores a Connection header. werkzeug always closes.
    """
    response: Any = getattr(start_response, "__self__", None)
    if hasattr(response, "force_close"):  # gunicorn.http.wsgi.Response
        response.force_close()
    elif environ.get("HTTP_TRANSFER_ENCODING") and (own := environ.get("eventlet.input")) is not None:
        own.rfile.close()  # eventlet.wsgi can't read on, and closes
