"""The application with a ping each second, and a page that counts what it keeps for its clients."""

import gc
from typing import Any

from app import app, socketio
from teamcal.realtime.engineio_socket import EngineIoSocket

engine = socketio.server.eio
engine.ping_interval = engine.ping_timeout = 1


@app.get("/kept")
def kept() -> dict[str, Any]:
    gc.collect()
    sessions = [object for object in gc.get_objects() if isinstance(object, EngineIoSocket)]
    return {
        "clients": len(engine.sockets),
        "websockets": sum(session._raw_socket is not None for session in sessions),
        "packets": sum(session.queue.qsize() for session in sessions),
    }
