"""Socket.IO's way from the web server to the rooms, the same under every worker.

`socketio_options()` for the constructor, `install()` once both objects exist.
"""

import base64
import binascii
import gc
import io
import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any, Literal

import engineio.packet
import engineio.payload
import engineio.socket
from engineio.packet import MESSAGE
from flask_socketio import SocketIO
from socketio.packet import EVENT, Packet

from teamcal.domain.values import to_json
from teamcal.realtime.admission import Arrivals
from teamcal.realtime.direct_write import UNREADABLE, WholeWrites, frame_of
from teamcal.realtime.engineio_socket import Session
from teamcal.realtime.outbox import Outbox
from teamcal.realtime.pings import Heartbeat
from teamcal.texts.error_body import code_of, failure
from teamcal.texts.language import language_of

log = logging.getLogger("teamcal.transport")

MAX_BYTES = 1_000_000
# Forty joins in one breath are one polling request; Engine.IO's own limit is 16.
# https://github.com/miguelgrinberg/python-engineio/issues/142
PACKETS_IN = 512

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class FrameJson:
    """JSON of live messages: Korean is not escaped, which takes half the bytes of the escaped form."""

    loads = staticmethod(json.loads)

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        try:
            return to_json(value).decode()
        except TypeError:  # the text isn't Unicode: whatever comes in is answered
            return json.dumps(value, separators=(",", ":"))


class TextPacket(Packet):
    """Everything sent is text: it isn't searched for bytes first, which takes longer than encoding it."""

    uses_binary_events = False


def async_mode() -> Literal["eventlet", "gevent", "threading"]:
    """What this process really runs on. Only that counts, not what is installed.

    Left alone, Flask-SocketIO takes eventlet wherever it can be imported, and under gthread or `flask run`
    no transport works. https://github.com/miguelgrinberg/Flask-SocketIO/issues/294
    """
    patcher = sys.modules.get("eventlet.patcher")
    if patcher is not None and patcher.is_monkey_patched("socket"):
        return "eventlet"
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("socket"):
        return "gevent"
    return "threading"


def socketio_options() -> dict[str, Any]:
    """The keyword arguments for SocketIO(...); origins and JSON are the caller's to add."""
    return {
        "async_mode": async_mode(),
        # A client's messages are handled in the order in which they arrive: a leave that overtakes its join
        # would leave a ghost member.
        "async_handlers": False,
        # The answer to a connect comes before the events of its handler; not every client keeps those.
        "always_connect": True,
        "ping_interval": 25,
        "ping_timeout": 20,
        "max_http_buffer_size": MAX_BYTES,
        # Compressing a single change costs more than it saves; a whole calendar is another thing.
        "http_compression": True,
        "compression_threshold": 8_192,
        "cookie": None,
        # Nothing is kept in Flask's session, so there is no copy to keep for each client.
        "manage_session": False,
        "serializer": TextPacket,
        "logger": quiet_logger("teamcal.socketio"),
        "engineio_logger": quiet_logger("teamcal.engineio"),
    }


def quiet_logger(name: str) -> logging.Logger:
    """A logger of warnings; what a client sent unreadably is one line of it.

    Given a boolean, the libraries log each line twice, once through a handler of their own, and garbage
    from any client with a stack trace.
    """
    logger = logging.getLogger(name)
    logger.setLevel(logging.WARNING)
    if not logger.filters:
        logger.addFilter(_in_one_line)
    return logger


def _in_one_line(record: logging.LogRecord) -> bool:
    kind, error, trace = record.exc_info or (None, None, None)
    if kind is None:
        # What the libraries call an error without an exception is a client's mistake.
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    elif isinstance(error, UNREADABLE) and not any(
        "teamcal" in frame.filename for frame in traceback.extract_tb(trace)
    ):
        record.msg, record.args, record.exc_info = f"unreadable message ({kind.__name__})", (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def install(socketio: SocketIO) -> None:
    """Make `socketio`, already initialised with its app, right under this worker.

    Once per server process; twice does no harm.
    """
    engineio.payload.Payload.max_decode_packets = PACKETS_IN
    # engineio.Server looks this name up for every client that connects.
    engineio.socket.Socket = Session
    server = socketio.server.eio
    server.heartbeat = Heartbeat(lambda: server.ping_interval, server.start_background_task, server.sleep)
    # At Python's own threshold of 700 a broadcast to 1,000 members is interrupted by full collections:
    # p99 602 ms instead of 67.
    gc.set_threshold(50_000, 20, 100)


def gate(socketio: SocketIO) -> Callable[[Application], Application]:
    """Returns the WSGI layer that stands before Engine.IO."""
    server = socketio.server.eio
    arrivals = Arrivals(server.start_background_task, server.sleep) if async_mode() != "threading" else None
    return lambda application: Gate(application, arrivals)


def broadcaster(socketio: SocketIO, direct: bool) -> Callable[[str, dict[str, Any], str | None], None]:
    """A function (name, payload, room) that sends to everybody in `room`, or to all without one.

    `direct`: websockets are written to without a detour (docs/decisions/direct_broadcast.md); without it, or
    where the libraries look different from what that needs, Socket.IO's own emit does it.
    """

    def stock(name: str, payload: dict[str, Any], room: str | None) -> None:
        socketio.emit(name, payload, to=room)

    if not direct:
        return stock
    server = socketio.server
    if not _is_known(server):
        log.warning("broadcasts take the libraries' own way: this version of them isn't known")
        return stock
    # Engine.IO takes a new dict for its sessions when it disconnects all.
    outbox = Outbox(lambda: server.eio.sockets, server.start_background_task, server.sleep)
    # Where each session finds it: from here on, all that is sent goes one way, in one order.
    server.eio.outbox = outbox

    def broadcast(name: str, payload: dict[str, Any], room: str | None) -> None:
        if "_send_eio_packet" in vars(server):  # replaced by Flask-SocketIO's test client
            stock(name, payload, room)
            return
        members = _members_of(server.manager, room)
        packet = server.packet_class(EVENT, namespace="/", data=[name, payload])
        outbox.broadcast(members, engineio.packet.Packet(MESSAGE, packet.encode()))

    return broadcast


def _members_of(manager: Any, room: str | None) -> tuple[str, ...]:
    """Engine.IO's ids of those who are in the room now, 9,000 of them in 0.1 ms."""
    return tuple(manager.rooms.get("/", {}).get(room, {}).values())


def _is_known(server: Any) -> bool:
    """Do rooms and sessions look as `broadcaster` and `wire` need them?"""
    try:
        manager = type(server.manager)()
        manager.basic_enter_room("a member", "/", "a room", eio_sid="a session")
        packet = server.packet_class(EVENT, namespace="/", data=["name", {}])
        return (
            _members_of(manager, "a room") == ("a session",)
            and isinstance(server.eio.sockets, dict)
            and engineio.socket.Socket is Session
            and frame_of(engineio.packet.Packet(MESSAGE, packet.encode())) == b'\x81\x0d42["name",{}]'
        )
    except Exception:  # noqa: BLE001 -- whatever a library that isn't known brings
        return False


class Gate:
    """What lies between the web server and Engine.IO. Other requests than /socket.io/ pass untouched.

    Every refusal, Engine.IO's own too, is `{"success": false, "code", "message"}` with its status.
    """

    def __init__(self, application: Application, arrivals: Arrivals | None) -> None:
        self._application = application
        self._arrivals = arrivals

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith("/socket.io/"):
            return self._application(environ, start_response)
        status = prepare_request(environ)
        if status is not None:
            return self._refuse(environ, start_response, status, [])
        if self._arrivals is not None and "sid=" not in environ.get("QUERY_STRING", ""):
            self._arrivals.wait()
        return self._answer(environ, start_response)

    def _answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        started: list[Any] = []

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [status, headers]

        body = self._application(environ, remember)
        if not started:
            # It was a websocket, and everything has been said on it.
            return body
        status, headers = started
        if int(status[:3]) >= 400:
            return self._refuse(environ, start_response, status, headers)
        start_response(status, headers)
        return body

    def _refuse(
        self,
        environ: Environ,
        start_response: Callable[..., Any],
        status: str,
        headers: list[tuple[str, str]],
    ) -> Iterable[bytes]:
        code = code_of(int(status[:3]), unknown="validation_error")
        body = json.dumps(failure(code, language_of(environ)), ensure_ascii=False).encode()
        kept = [pair for pair in headers if pair[0].lower() not in ("content-type", "content-length")]
        described = [("Content-Type", "application/json; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response(status, [*kept, *described])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def prepare_request(environ: Environ) -> str | None:
    """Make a request one that Engine.IO can take, or return the status to refuse it with."""
    # permessage-deflate doubles the cost of a delivery and triples the memory of a connection.
    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
    if environ["REQUEST_METHOD"] == "POST":
        return take_body(environ)
    if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
        if not is_handshake(environ):
            return "400 BAD REQUEST"
        for name in ("werkzeug.socket", "gunicorn.socket"):
            # eventlet's websocket writes whole frames under a lock of its own.
            if name in environ and async_mode() != "eventlet":
                environ[name] = WholeWrites(environ[name])
    return None


def take_body(environ: Environ) -> str | None:
    """Read the body, chunked or not, so that Engine.IO finds all of it and its true length."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length and not (length.isascii() and length.isdigit()):
        return "400 BAD REQUEST"
    if len(length) > 18 or int(length or 0) > MAX_BYTES:
        return "413 CONTENT TOO LARGE"
    if length:
        body = environ["wsgi.input"].read(int(length))
    elif (
        environ.get("wsgi.input_terminated") or "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    ):
        body = environ["wsgi.input"].read(MAX_BYTES + 1)
    else:
        return "400 BAD REQUEST"
    if len(body) > MAX_BYTES:
        return "413 CONTENT TOO LARGE"
    if not body or len(body) < int(length or 0):
        return "400 BAD REQUEST"
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)
    return None


def is_handshake(environ: Environ) -> bool:
    """Whether a websocket can be opened. The servers' own answers to a bad one are a 500 or no JSON."""
    asked = [part.strip() for part in environ.get("HTTP_CONNECTION", "").lower().split(",")]
    try:
        key = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return (
        environ["REQUEST_METHOD"] == "GET"
        and "upgrade" in asked
        and len(key) == 16
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
    )
