"""Everything undocumented that the server reads, replaces or patches of other libraries.

Each entry is tried once at start by the module that uses it. If one doesn't fit, that module logs a WARNING
which says what is used instead and what it costs. A new version of a library is tried with
`make test-production` (botocore) and `make test`; then `checked_with` is set to it.
"""

from importlib.metadata import version
from typing import NamedTuple


class Internal(NamedTuple):
    """One thing that a library doesn't document. `without_it`: what happens instead, and its cost."""

    library: str
    name: str
    used_for: str
    checked_with: str
    without_it: str


def fallback_of(internal: Internal) -> str:
    """Returns the WARNING for an internal that is missing."""
    return (
        f"{internal.library} {version(internal.library)} has changed: {internal.name} isn't what it was in "
        f"{internal.checked_with}. It is used for {internal.used_for}. Instead: {internal.without_it}"
    )


class LibraryChanged(RuntimeError):
    """A library lacks an internal for which there is no fallback."""


NO_START = "the server doesn't start"
"""`without_it` of what has no fallback."""

EMIT = "Socket.IO's emit sends all broadcasts: about eight times the CPU of a delivery"
PLAIN_SOCKETS = (
    EMIT
    + ", nothing limits what is queued for a client that doesn't read, every client has a ping task, and "
    "a burst may disconnect an old polling client"
)
WEBSOCKET_WRAPPER = "SimpleWebSocketWSGI.ws, close"
"""Used under gevent and real threads only."""
_QUEUE = "Engine.IO's queue sends all packets: about twice the CPU of a delivery"


SESSION = (
    "Socket.send, receive, poll, close, schedule_ping, check_ping_timeout, handle_get_request, "
    "handle_post_request"
)


def _of_engineio(name: str, used_for: str, without_it: str) -> Internal:
    return Internal("python-engineio", name, used_for, "4.15.1", without_it)


ENGINEIO: tuple[Internal, ...] = (
    _of_engineio(
        "server.socket.Socket", "making clients' sockets from a class of this server", PLAIN_SOCKETS
    ),
    _of_engineio(
        SESSION,
        "writing directly, short polling responses, limits, one task for all pings, sending clients away",
        PLAIN_SOCKETS,
    ),
    _of_engineio(
        "Socket.queue, closed, closing, connected, upgraded, upgrading, last_ping",
        "knowing whether a packet can be written to a client at once",
        PLAIN_SOCKETS,
    ),
    _of_engineio("Server._cors_headers", "responding to a polling request in parts", PLAIN_SOCKETS),
    _of_engineio("Server.sockets", "finding a client's socket by its id", EMIT),
    _of_engineio("Packet.encode", "making the websocket frame of a packet", PLAIN_SOCKETS),
    _of_engineio("Socket._websocket_handler", "getting at a client's websocket", _QUEUE),
    _of_engineio(
        WEBSOCKET_WRAPPER,
        "getting at simple-websocket's object under gevent and threads",
        _QUEUE + "; a client that stopped reading keeps its connection",
    ),
    _of_engineio(
        "Payload.max_decode_packets",
        "accepting 512 packets in one polling request",
        "Engine.IO's own limit of 16 holds: clients that join more departments at once are disconnected",
    ),
)


def _of_socketio(name: str, used_for: str, without_it: str = NO_START) -> Internal:
    return Internal("python-socketio", name, used_for, "5.18.1", without_it)


ROOMS = (
    "BaseManager.basic_enter_room, basic_leave_room, basic_disconnect, callbacks, pending_connect, "
    "pending_disconnect"
)
MANY_ROOMS = (
    "Socket.IO looks through all rooms for each client that goes, 1.9 ms of CPU at 20,000 clients, and a "
    "client that goes while it joins may leave a room that is watched for ever"
)

SOCKETIO: tuple[Internal, ...] = (
    _of_socketio("Server._handle_connect", "refusing a client before it connects; connecting it once"),
    _of_socketio("Server._handle_event", "sending an acknowledgement before any later change"),
    _of_socketio("Server._trigger_event", "calling the handler of a client's message"),
    _of_socketio("Server._send_packet", "sending an acknowledgement before any later change"),
    _of_socketio("Server._send_eio_packet", "sending a calendar that many share without copying it"),
    _of_socketio("BaseManager.rooms", "listing the members of a room in 0.1 ms", EMIT),
    _of_socketio(ROOMS, "remembering the rooms of each client", MANY_ROOMS),
    _of_socketio(
        "Packet.uses_binary_events",
        "not searching every message for bytes",
        "every message is searched for bytes, which takes longer than encoding it",
    ),
)

FLASK_SOCKETIO: tuple[Internal, ...] = (
    Internal(
        "Flask-SocketIO",
        "SocketIO.test_client",
        "sending broadcasts by emit from the first test client on: it receives nothing else",
        "5.7.0",
        "Flask-SocketIO's test clients receive no broadcasts; other clients aren't affected",
    ),
)


def _of_eventlet(name: str, used_for: str, without_it: str) -> Internal:
    return Internal("eventlet", name, used_for, "0.41.3", without_it)


EVENTLET: tuple[Internal, ...] = (
    _of_eventlet("patcher.is_monkey_patched", "recognising the worker", NO_START),
    _of_eventlet(
        "WebSocket.socket",
        "ending the connection of a client that stopped reading",
        _QUEUE + "; a client that stopped reading keeps its connection",
    ),
    _of_eventlet("WebSocket._sendlock", "writing no frame into the middle of another", _QUEUE),
    _of_eventlet("GreenSocket.fd", "writing to the operating system's socket", _QUEUE),
    _of_eventlet(
        "RFC6455WebSocket.Message",
        "limiting the size of a message in several frames",
        "a client can fill the memory with a message in many frames",
    ),
    _of_eventlet(
        "RFC6455WebSocket._recv_frame",
        "letting other tasks run while a client's frames arrive",
        "a client can block all others with frames that aren't messages",
    ),
    _of_eventlet(
        "RFC6455WebSocket._apply_mask",
        "decoding a client's message quickly",
        "eventlet decodes byte by byte: a message of 1 MB blocks all clients for 0.1 s",
    ),
    _of_eventlet(
        "RFC6455WebSocket.close, _send_closing_frame",
        "telling a client that its connection ends",
        "the connection ends without a close frame; clients reconnect as after a network failure",
    ),
    _of_eventlet(
        "BaseHub.greenlet, schedule_call_global",
        "ending `python app.py` at Ctrl-C",
        "Ctrl-C may reach a client's connection instead of the server and has to be pressed again",
    ),
)

GEVENT: tuple[Internal, ...] = (
    Internal("gevent", "monkey.is_module_patched", "recognising the worker", "26.9.0", NO_START),
    Internal("gevent", "socket._sock", "writing to the operating system's socket", "26.9.0", _QUEUE),
)


def _of_simple_websocket(name: str, used_for: str, without_it: str) -> Internal:
    return Internal("simple-websocket", name, used_for, "1.1.0", without_it)


SIMPLE_WEBSOCKET: tuple[Internal, ...] = (
    _of_simple_websocket(
        "Base.sock",
        "writing whole frames, and ending the connection of a client that stopped reading",
        _QUEUE
        + "; a client that reads slowly may get half a frame, and one that stopped keeps its connection",
    ),
    _of_simple_websocket(
        "Base.max_message_size",
        "limiting the size of a message",
        "a client can fill the memory with a message of any size",
    ),
    _of_simple_websocket(
        "Base.input_buffer",
        "reading no more messages than can be handled",
        "a client can fill the memory with messages that wait",
    ),
    _of_simple_websocket(
        "Base.event",
        "ending a session at once after a message that is too big",
        "such a session may end only at the ping timeout, 45 s later",
    ),
)


_BOTOCORE = "1.43.106 to 1.44.8"
_BOTOCORE_CLIENT = "botocore's own client makes every call: about 1.4 ms of CPU instead of 0.15 to 0.2"


def _of_botocore(name: str, used_for: str) -> Internal:
    return Internal("botocore", name, used_for, _BOTOCORE, _BOTOCORE_CLIENT)


BOTOCORE: tuple[Internal, ...] = (
    _of_botocore(
        "BaseClient._request_signer.signature_version", "making sure that signature version 4 is used"
    ),
    _of_botocore("BaseClient._request_signer._credentials", "signing with credentials that botocore renews"),
    _of_botocore("BaseClient._request_signer.region_name", "the region in the signature"),
    _of_botocore("BaseClient._request_signer.signing_name", "the service in the signature"),
    _of_botocore("BaseClient._endpoint.http_session", "finding botocore's HTTP session"),
    _of_botocore("URLLib3Session._proxy_config.proxy_url_for", "leaving calls through a proxy to botocore"),
    _of_botocore("URLLib3Session._manager.connection_from_url", "finding the pool of open connections"),
    _of_botocore("URLLib3Session._manager.pools", "noticing that calls go to another address"),
    _of_botocore("HTTPConnectionPool.pool", "taking an open connection out of urllib3's pool"),
    _of_botocore("HTTPConnectionPool.num_connections", "noticing an endpoint that closes every connection"),
    _of_botocore("HTTPConnection.sock", "sending and receiving on the connection's socket"),
    _of_botocore("ClientMeta.service_model.shape_for_error_code", "the details of an error"),
    _of_botocore("ClientMeta.events.emit", "the hooks that tests and benchmarks register"),
    _of_botocore("botocore.parsers.create_parser", "reading an error as botocore reads it"),
)
"""Used by teamcal/storage/fast_client.py, tried there by `look_inside` for each new client."""

BOTOCORE_TIME: tuple[Internal, ...] = (
    Internal(
        "botocore",
        "URLLib3Session._pool_classes_by_scheme",
        "ending a call of botocore's whose answer comes in drops",
        _BOTOCORE,
        "such a call takes as long as the drops come, and the requests that wait for it too",
    ),
)
"""Used by teamcal/storage/time_limit.py."""


def _of_gunicorn(name: str, used_for: str, without_it: str) -> Internal:
    return Internal("gunicorn", name, used_for, "25.3.0 and 26.2.0", without_it)


CONNECTIONS = _of_gunicorn(
    "AsyncWorker.handle, handle_request",
    "ending connections that wait for their client when a worker runs out of connections",
    "slow clients can occupy all of them for seconds",
)
ERROR_PAGES = _of_gunicorn(
    "util.write_error", "refusing what is no HTTP in JSON", "gunicorn refuses it in HTML"
)
CLOSING = _of_gunicorn(
    "Response.force_close",
    "closing the connection after a body that can't be read",
    "what follows such a body is taken for a request",
)
HEADS = _of_gunicorn(
    "Response.sock, send_headers",
    "sending the head of an answer together with its body",
    "they are sent one after the other: 25 µs, and the client wakes up twice",
)
DATES = _of_gunicorn(
    "util.http_date",
    "making the date of an answer once a second",
    "it is made anew for each answer: 15 µs",
)
SETTINGS = _of_gunicorn(
    "Config.settings",
    "reading the settings as attributes",
    "gunicorn looks each of them up whenever it is read: 20 µs a request",
)
"""Used by teamcal/http, tried there by `prepare` for each worker."""
