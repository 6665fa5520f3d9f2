"""The application with a short ping, and a page that counts what the server holds for its clients."""

import gc
from typing import Any

from app import app, socketio
from teamcal.realtime.engineio_socket import Session

engine = socketio.server.eio
engine.ping_interval = engine.ping_timeout = 1


@app.get("/held")
def held() -> dict[str, Any]:
    gc.collect()
    sessions = [thing for thing in gc.get_objects() if isinstance(thing, Session)]
    return {
        "clients": len(engine.sockets),
        "websockets": sum(one._wire is not None for one in sessions),
        "packets": sum(one.queue.qsize() for one in sessions),
    }
