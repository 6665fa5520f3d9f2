"""Clients take turns, also one whose next bytes are always there already.

Green threads change when one has to wait. A client that sends faster than it is served never makes the server
wait, and everybody else would wait for it.
"""

import time
from typing import Any


def on_the_wire(limit: int) -> int:
    """Returns the bytes that a chunked body of at most `limit` may take with its chunks' heads."""
    return limit * 5 // 4


MAX_CHUNKED_BYTES = on_the_wire(1024 * 1024)
"""What a chunked body may take on the wire. gunicorn looks for the end of a chunk's head without a limit and
from its beginning each time, and a chunk of one byte costs it as much as one of a kilobyte."""
CHUNKED_RECEIVE_BYTES = 2048
"""The longest turn with a chunked body: hundreds of chunks."""
_UNLIMITED = 1 << 62


def let_others_run() -> None:
    """Lets all that can run do so: every green thread once, or another thread."""
    time.sleep(0)  # the one call that yields in eventlet, in gevent and among threads alike


def read_in_turns(source: Any, chunked: bool, most: int = MAX_CHUNKED_BYTES) -> None:
    """Makes gunicorn's `wsgi.input` read a body in turns with others; also the rest that nobody wants.

    A chunked body that is longer than `most` ends there, as if the client had hung up. Does
    nothing under other web servers, and if gunicorn has changed.
    """
    unreader = _unreader_of(source)
    if unreader is None:
        return
    left, size = (most, CHUNKED_RECEIVE_BYTES) if chunked else (_UNLIMITED, 1 << 16)

    def receive() -> bytes:
        nonlocal left
        if left <= 0:
            return b""
        let_others_run()
        data: bytes = unreader.sock.recv(min(size, left))
        left -= len(data)
        return data

    unreader.chunk = receive


def received(source: Any) -> int:
    """Returns how many bytes of a body gunicorn has received together with its request's head."""
    unreader = _unreader_of(source)
    return unreader.buf.tell() if unreader is not None else 0


def is_next_here(request: Any) -> bool:
    """Returns whether gunicorn has received more from the client than this request."""
    buffer = getattr(getattr(request, "unreader", None), "buf", None)
    return buffer is None or buffer.tell() > 0


def read_as_usual(source: Any) -> None:
    """Undoes `read_in_turns` when the whole body has been read: the limit is none for the next request."""
    if (unreader := _unreader_of(source)) is not None:
        vars(unreader).pop("chunk", None)


def _unreader_of(source: Any) -> Any:
    """Returns the gunicorn.http.unreader.SocketUnreader of a request's body, None if there is none."""
    reader = getattr(source, "reader", None)
    unreader = getattr(reader, "unreader", None) or getattr(getattr(reader, "req", None), "unreader", None)
    return unreader if hasattr(unreader, "buf") and hasattr(unreader, "sock") else None
