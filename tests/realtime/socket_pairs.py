"""Connected sockets and threads for tests of what is written to a client."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, TextMessage

from teamcal.realtime.websocket_fixes import FullWriteSocket

SECONDS = 60.0
SEND_BUFFER = 4_096


class FrameDecoder:
    """Decodes the messages of a websocket stream with wsproto. Raises if it isn't a server's stream."""

    def __init__(self) -> None:
        self._connection = Connection(ConnectionType.CLIENT)
        self._parts: list[Any] = []

    def messages(self, data: bytes) -> Iterator[Any]:
        """Yields the messages that `data` completes."""
        self._connection.receive_data(data)
        for event in self._connection.events():
            assert isinstance(event, TextMessage | BytesMessage), event
            self._parts.append(event.data)
            if event.message_finished:
                yield type(event.data)().join(self._parts)
                self._parts = []


@contextmanager
def unix_pair() -> Iterator[tuple[FullWriteSocket, socket.socket]]:
    """The server's end, whose buffer takes a few KB, and the client's."""
    server, client = socket.socketpair()
    with _limited(server, client) as pair:
        yield pair


@contextmanager
def tcp_pair() -> Iterator[tuple[FullWriteSocket, socket.socket]]:
    """The same over TCP: its buffer takes parts of frames, where a Unix socket's takes all or nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SEND_BUFFER)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
    with _limited(server, client) as pair:
        yield pair


@contextmanager
def _limited(server: socket.socket, client: socket.socket) -> Iterator[tuple[FullWriteSocket, socket.socket]]:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    full_write = FullWriteSocket(server)
    try:
        yield full_write, client
    finally:
        full_write.close()
        client.close()


def websocket_over(sock: Any) -> Any:
    """Has the attributes of Engine.IO's websocket object over simple-websocket's."""
    return SimpleNamespace(ws=SimpleNamespace(sock=sock))


def read_to_end(sock: socket.socket) -> bytes:
    sock.settimeout(SECONDS)
    return b"".join(iter(lambda: sock.recv(1 << 16), b""))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def spawn(task: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=task, args=arguments, daemon=True)
    thread.start()
    return thread


def no_thread_left(task: Callable[..., None], *arguments: Any) -> None:
    raise RuntimeError("can't start new thread")
