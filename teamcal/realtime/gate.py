"""The WSGI layer in front of Engine.IO: checks requests to /socket.io/ and answers refusals as JSON."""

import base64
import binascii
import io
import json
from collections.abc import Callable, Iterable
from typing import Any

from teamcal.realtime.admission import Admission
from teamcal.realtime.websocket_fixes import FullWriteSocket
from teamcal.realtime.worker import async_mode
from teamcal.texts.error_body import code_of, failure
from teamcal.texts.language import language_of

MAX_BYTES = 1_000_000
"""The largest message that a client may send, over polling or a websocket."""

BAD_REQUEST, CONTENT_TOO_LARGE = "400 BAD REQUEST", "413 CONTENT TOO LARGE"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Headers = list[tuple[str, str]]


class RequestChecks:
    """A WSGI layer that checks requests to /socket.io/. It passes all other requests on unchanged.

    Every refusal, also one by Engine.IO, is `{"success": false, "code", "message"}` with its status. With an
    `admission`, new clients wait for their turn.
    """

    def __init__(self, application: Application, admission: Admission | None) -> None:
        self._application, self._admission = application, admission

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith("/socket.io/"):
            return self._application(environ, start_response)
        refusal = prepare_request(environ)
        if refusal is not None:
            return refuse(environ, start_response, refusal, [])
        if self._admission is not None and "sid=" not in environ.get("QUERY_STRING", ""):
            self._admission.wait()
        return self._call_engine(environ, start_response)

    def _call_engine(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        response: list[Any] = []

        def remember(status: str, headers: Headers, exc_info: Any = None) -> None:
            response[:] = [status, headers]

        body = self._application(environ, remember)
        if not response:
            # The request was a websocket, which has ended: there is no HTTP response.
            return body
        status, headers = response
        if int(status[:3]) >= 400:
            return refuse(environ, start_response, status, headers)
        start_response(status, headers)
        return body


def refuse(environ: Environ, start_response: StartResponse, status: str, headers: Headers) -> Iterable[bytes]:
    """Answers with `status` and its error body as JSON, in the request's language."""
    code = code_of(int(status[:3]), unknown="validation_error")
    body = json.dumps(failure(code, language_of(environ)), ensure_ascii=False).encode()
    others = [pair for pair in headers if pair[0].lower() not in ("content-type", "content-length")]
    own = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, [*others, *own])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def prepare_request(environ: Environ) -> str | None:
    """Turns a request into one that Engine.IO can take, or returns the status to refuse it with."""
    # permessage-deflate would double the CPU of a delivery and triple the memory of a connection.
    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
    if environ["REQUEST_METHOD"] == "POST":
        return read_body(environ)
    if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
        if not is_handshake(environ):
            return BAD_REQUEST
        for name in ("werkzeug.socket", "gunicorn.socket"):
            # eventlet's websocket writes whole frames under a lock of its own.
            if name in environ and async_mode() != "eventlet":
                environ[name] = FullWriteSocket(environ[name])
    return None


def read_body(environ: Environ) -> str | None:
    """Reads the body, chunked or not, so that Engine.IO finds all of it and its real length.

    Returns the status to refuse it with, or None.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    if length and not (length.isascii() and length.isdigit()):
        return BAD_REQUEST
    if len(length) > 18 or int(length or 0) > MAX_BYTES:
        return CONTENT_TOO_LARGE
    if length:
        body = environ["wsgi.input"].read(int(length))
    elif _is_chunked(environ):
        body = environ["wsgi.input"].read(MAX_BYTES + 1)
    else:
        return BAD_REQUEST
    if len(body) > MAX_BYTES:
        return CONTENT_TOO_LARGE
    if not body or len(body) < int(length or 0):
        return BAD_REQUEST
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)
    return None


def _is_chunked(environ: Environ) -> bool:
    encoding = environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    return bool(environ.get("wsgi.input_terminated")) or "chunked" in encoding


def is_handshake(environ: Environ) -> bool:
    """Whether a websocket can be opened. Web servers answer a bad handshake with a 500 or without JSON."""
    connection = [part.strip() for part in environ.get("HTTP_CONNECTION", "").lower().split(",")]
    try:
        key = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return (
        environ["REQUEST_METHOD"] == "GET"
        and "upgrade" in connection
        and len(key) == 16
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
    )
