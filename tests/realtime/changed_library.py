"""The server on a library that has changed: `python -m tests.realtime.changed_library eventlet Base.sock`.

Imports the library with the internal renamed in its source, everywhere it is used there, as a new version
might. Then a server of this process has to start and its members have to receive changes. The log goes to
standard error.
"""

import importlib.machinery
import importlib.util
import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from teamcal.library_internals import ROOMS, SESSION


class Change(NamedTuple):
    """In modules whose full name matches `modules`, `pattern` is replaced."""

    modules: str
    pattern: str
    replacement: str


def _renamed(modules: str, name: str) -> tuple[Change, ...]:
    return (Change(modules, rf"\b{name}\b", f"renamed_{name.lstrip('_')}"),)


CHANGES: dict[str, tuple[Change, ...]] = {
    "server.socket.Socket": (
        Change(
            r"engineio\.server", r"s = socket\.Socket\(", "from engineio.socket import Socket; s = Socket("
        ),
    ),
    SESSION: _renamed(r"engineio\..*", "poll"),
    "Socket.queue, closed, closing, connected, upgraded, upgrading, last_ping": (
        Change(r"engineio\.(base_)?socket", r"\bself\.queue\b", "self.renamed_queue"),
    ),
    "Server.sockets": (Change(r"engineio\.(base_)?server", r"\bself\.sockets\b", "self.renamed_sockets"),),
    "Packet.encode": (
        Change(r"engineio\.packet", r"def encode\(", "def renamed_encode("),
        Change(r"engineio\.(socket|payload)", r"(pkt|'probe'\))\.encode\(", r"\1.renamed_encode("),
    ),
    "Socket._websocket_handler": _renamed(r"engineio\..*", "_websocket_handler"),
    "SimpleWebSocketWSGI.ws, close": (
        Change(r"engineio\..*_websocket_wsgi", r"self\.ws\b", "self.renamed_ws"),
    ),
    "Payload.max_decode_packets": _renamed(r"engineio\..*", "max_decode_packets"),
    "Server._handle_connect": _renamed(r"socketio\..*", "_handle_connect"),
    "Server._handle_event": _renamed(r"socketio\..*", "_handle_event"),
    "Server._trigger_event": _renamed(r"socketio\..*", "_trigger_event"),
    "Server._cors_headers": _renamed(r"engineio\..*", "_cors_headers"),
    "Server._send_eio_packet": _renamed(r"(flask_)?socketio\..*", "_send_eio_packet"),
    "Server._send_packet": _renamed(r"socketio\..*", "_send_packet"),
    "BaseManager.rooms": (Change(r"socketio\..*manager", r"self\.rooms\b", "self.renamed_rooms"),),
    ROOMS: _renamed(r"socketio\..*", "basic_disconnect"),
    "Packet.uses_binary_events": _renamed(r"socketio\..*", "uses_binary_events"),
    "SocketIO.test_client": (Change("flask_socketio", "def test_client", "def renamed_test_client"),),
    "patcher.is_monkey_patched": _renamed(r"eventlet\..*", "is_monkey_patched"),
    "WebSocket.socket": (Change(r"eventlet\.websocket", r"self\.socket\b", "self.renamed_socket"),),
    "WebSocket._sendlock": _renamed(r"eventlet\..*", "_sendlock"),
    "GreenSocket.fd": (Change(r"eventlet\.(greenio|green|wsgi).*", r"\.fd\b", ".renamed_fd"),),
    "RFC6455WebSocket.Message": _renamed(r"eventlet\.websocket", "Message"),
    "RFC6455WebSocket._recv_frame": _renamed(r"eventlet\.websocket", "_recv_frame"),
    "RFC6455WebSocket._apply_mask": _renamed(r"eventlet\.websocket", "_apply_mask"),
    "RFC6455WebSocket.close, _send_closing_frame": _renamed(r"eventlet\.websocket", "_send_closing_frame"),
    "BaseHub.greenlet, schedule_call_global": _renamed(r"eventlet\..*", "schedule_call_global"),
    "monkey.is_module_patched": _renamed(r"gevent\..*", "is_module_patched"),
    "socket._sock": _renamed(r"gevent\..*", "_sock"),
    "Base.sock": (Change(r"simple_websocket\.ws", r"self\.sock\b", "self.renamed_sock"),),
    "Base.max_message_size": _renamed(r"simple_websocket\.ws", "max_message_size"),
    "Base.input_buffer": _renamed(r"simple_websocket\.ws", "input_buffer"),
    "Base.event": (Change(r"simple_websocket\.ws", r"self\.event\b", "self.renamed_event"),),
}
"""By the names of teamcal/library_internals.py."""


class ChangingFinder:
    """Finds modules as usual and changes the source of those that match."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes
        self.changed = False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        changes = [change for change in self._changes if re.fullmatch(change.modules, name)]
        spec = importlib.machinery.PathFinder.find_spec(name, path, target) if changes else None
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        finder = self

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname: str) -> Any:  # never from the cache of compiled modules
                source = self.get_data(self.path).decode()
                for change in changes:
                    source, count = re.subn(change.pattern, change.replacement, source)
                    finder.changed = finder.changed or count > 0
                return compile(source, self.path, "exec")

        spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec


@contextmanager
def serving_on(mode: str, server: Any) -> Iterator[str]:
    from tests.realtime.conversation import serving

    if mode != "eventlet":
        with serving(server) as url:
            yield url
        return
    import eventlet
    import eventlet.wsgi

    listener = eventlet.listen(("127.0.0.1", 0))
    eventlet.spawn(eventlet.wsgi.server, listener, server.app, log_output=False)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def main(mode: str, internal: str) -> None:
    finder = ChangingFinder(CHANGES[internal])
    sys.meta_path.insert(0, finder)
    if mode == "eventlet":
        import eventlet

        eventlet.monkey_patch()
    if mode == "gevent":
        from gevent import monkey

        monkey.patch_all()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    from tests.house import House
    from tests.realtime.conversation import check_members_receive_changes

    server = House().server(direct_broadcast=True)
    assert finder.changed, f"nothing was renamed for {internal}"
    with serving_on(mode, server) as url:
        check_members_receive_changes(url)
        print("received", flush=True)
        os._exit(0)  # a plain socket of Engine.IO can't be closed without its client


if __name__ == "__main__":
    main(*sys.argv[1:])
