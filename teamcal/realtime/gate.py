"""The WSGI layer in front of Engine.IO: checks requests to /socket.io/ and answers refusals as JSON."""

import base64
import binascii
import json
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

import engineio.payload

from teamcal.http.refusals import Refusals
from teamcal.http.rules import BrowserRules
from teamcal.realtime.admission import Admission
from teamcal.realtime.websocket_fixes import FullWriteSocket
from teamcal.realtime.worker import async_mode
from teamcal.texts.error_body import code_of
from teamcal.texts.language import language_of
from teamcal.texts.messages import message

logger = logging.getLogger(__name__)

MAX_BYTES = 1_000_000
"""The largest message that a client may send, over polling or a websocket."""
_OLD_PROTOCOL = re.compile(r"(?:^|&)EIO=([0-3])(?:&|$)")
"""Of Engine.IO: Socket.IO 3 and newer speak version 4."""

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Headers = list[tuple[str, str]]

# How Engine.IO's text begins → the field of the request that is wrong, and the key of our text.
_REASONS = {
    "Invalid transport": ("transport", "unknown_transport"),
    "Invalid session": ("sid", "unknown_session"),
    "Not connected": ("sid", "unknown_session"),
    "'Session": ("sid", "unknown_session"),
    "Invalid websocket upgrade": ("sid", "unknown_session"),
    "Unexpected HTTP request": ("transport", "session_has_websocket"),
    "The client is using an unsupported version": ("EIO", "protocol_too_old"),
    "Invalid JSONP": ("j", "not_an_integer"),
}

# What Engine.IO raises about the session of a POST.
_ENDED = (("Session not found",), ("Session is disconnected",))


class RequestChecks:
    """A WSGI layer that checks requests to /socket.io/. It passes all other requests on unchanged.

    Every refusal, also one by Engine.IO, is `{"success": false, "code", "message"}` with its status, and the
    reason in `errors` if it is known. With an `admission`, new clients wait for their turn.
    """

    def __init__(
        self, application: Application, admission: Admission | None, refusals: Refusals, rules: BrowserRules
    ) -> None:
        self._application, self._admission = application, admission
        self._refusals = refusals
        self._origins, self._proxies = rules.origins, rules.proxies

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith("/socket.io/"):
            return self._application(environ, start_response)
        origin = environ.get("HTTP_ORIGIN", "")
        if not self._origins(origin, environ):
            return self._refuse_origin(environ, start_response, origin)
        is_new = "sid=" not in (query := environ.get("QUERY_STRING", ""))
        if is_new and (old := _OLD_PROTOCOL.search(query)):
            return self._refuse_protocol(environ, start_response, old[1])
        code = prepare_request(environ)
        if code is not None:
            return self._refusals.answer(environ, start_response, code)
        if self._admission is not None and is_new:
            self._admission.wait()
        return self._call_engine(environ, start_response)

    def _call_engine(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        response: list[Any] = []

        def remember(status: str, headers: Headers, exc_info: Any = None) -> None:
            response[:] = [status, headers]

        try:
            body = self._application(environ, remember)
        except KeyError as error:
            # A request of a session that has just ended, of a client that was sent away or is too slow: the
            # engine's own answer is none (miguelgrinberg/python-engineio issue 83).
            if error.args not in _ENDED:
                raise
            errors = reason_of(environ, b'"Invalid session"')
            return self._refusals.answer(environ, start_response, "validation_error", errors=errors)
        if not response:
            # The request was a websocket, which has ended: there is no HTTP response.
            return body
        status, headers = response
        if int(status[:3]) >= 400:
            return self._refuse(environ, start_response, int(status[:3]), headers, body)
        if _is_handshake_without_session(environ, body):
            return self._refusals.answer(environ, start_response, "too_busy", [("Retry-After", "1")])
        start_response(status, headers)
        return body

    def _refuse(
        self, environ: Environ, start_response: StartResponse, status: int, headers: Headers, body: Any
    ) -> Iterable[bytes]:
        """Answers with the reason that Engine.IO gave, as a text of ours."""
        others = [pair for pair in headers if pair[0].lower() == "allow"]
        code = code_of(status, unknown="validation_error")
        errors = reason_of(environ, b"".join(body)) if status == 400 else []
        details = {"errors": errors} if errors else {}
        return self._refusals.answer(environ, start_response, code, others, **details)

    def _refuse_origin(self, environ: Environ, start_response: StartResponse, origin: str) -> Iterable[bytes]:
        logger.warning("Socket.IO: a page of the origin %r was refused: it isn't in CORS_ORIGINS", origin)
        return self._refusals.answer(environ, start_response, "origin_refused", origin=origin[:200])

    def _refuse_protocol(self, environ: Environ, start_response: StartResponse, old: str) -> Iterable[bytes]:
        logger.warning(
            "Socket.IO: a client at %s was refused: it has to be of Socket.IO 3 or newer (EIO=4, not %s)",
            self._proxies.described(environ),
            old,
        )
        return self._refusals.answer(environ, start_response, "protocol_too_old")


def _is_handshake_without_session(environ: Environ, body: Any) -> bool:
    """Whether a new client over polling was sent away before it was answered.

    It would get 200 and nothing, at which the Python client raises IndexError and never comes back.
    """
    query = environ.get("QUERY_STRING", "")
    if environ["REQUEST_METHOD"] != "GET" or "sid=" in query or "transport=websocket" in query:
        return False
    # With JSONP the quotes are escaped.
    return isinstance(body, list) and b'0{"sid"' not in b"".join(body).replace(b"\\", b"")


def reason_of(environ: Environ, body: bytes) -> list[dict[str, str]]:
    """Returns the `errors` of an answer to a request that Engine.IO refused with `body`; [] if unknown."""
    language = language_of(environ)
    packets = environ.get("teamcal.packets", 0)
    if packets > (limit := engineio.payload.Payload.max_decode_packets):
        return [{"field": "", "message": message("too_many_packets", language, limit=limit)}]
    try:
        text = str(json.loads(body))
    except ValueError:
        return []
    for beginning, (field, key) in _REASONS.items():
        if text.startswith(beginning):
            return [{"field": field, "message": message(key, language)}]
    return [{"field": "", "message": message("unreadable_packets", language)}] if packets else []


def prepare_request(environ: Environ) -> str | None:
    """Turns a request into one that Engine.IO can take, or returns the code to refuse it with."""
    # permessage-deflate would double the CPU of a delivery and triple the memory of a connection.
    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
    if environ["REQUEST_METHOD"] == "POST":
        return _check_body(environ)
    if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
        if not is_handshake(environ):
            return "validation_error"
        for name in ("werkzeug.socket", "gunicorn.socket"):
            # eventlet's websocket writes whole frames under a lock of its own.
            if name in environ and async_mode() != "eventlet":
                environ[name] = FullWriteSocket(environ[name])
    return None


def _check_body(environ: Environ) -> str | None:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > MAX_BYTES:
        return "payload_too_large"
    if not length:
        return "validation_error"
    environ["teamcal.packets"] = environ["wsgi.input"].getvalue().count(b"\x1e") + 1
    return None


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
