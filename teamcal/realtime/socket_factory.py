"""How Engine.IO comes to use this server's class of sockets."""

import weakref
from types import SimpleNamespace
from typing import Any

import engineio.server
import engineio.socket

from teamcal.realtime.engineio_socket import EngineIoSocket


def socket_class(**collaborators: Any) -> type[EngineIoSocket]:
    """A class of sockets with these class attributes. Without an `outbox`, they queue all packets."""
    return type("EngineIoSocket", (EngineIoSocket,), collaborators)


_CLASSES: weakref.WeakKeyDictionary[Any, weakref.ref[type]] = weakref.WeakKeyDictionary()


def use_socket_class(engine: Any, sockets: type[EngineIoSocket]) -> None:
    """Makes the engineio.Server `engine` create its clients' sockets from `sockets`.

    engineio.Server looks up `socket.Socket` in its module for every client that connects, so the name is
    replaced for the whole process. The caller keeps a reference to `sockets` for as long as `engine` is used.
    """
    _CLASSES[engine] = weakref.ref(sockets)
    engineio.server.socket = SimpleNamespace(Socket=_new_socket)


def _new_socket(engine: Any, sid: str) -> Any:
    reference = _CLASSES.get(engine)
    sockets = reference() if reference is not None else None
    return (sockets or engineio.socket.Socket)(engine, sid)
