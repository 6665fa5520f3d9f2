"""`python app.py`: the server without gunicorn."""

import signal
import sys
from typing import Any

from flask import Flask
from flask_socketio import SocketIO
from greenlet import getcurrent

from teamcal.realtime.server import async_mode

CONNECTIONS = 20_000


def serve(app: Flask, socketio: SocketIO, host: str, port: int) -> None:
    """Serve until Ctrl-C; for development and small offices, on every platform.

    With eventlet's own server when the process is patched by eventlet, else with Werkzeug's threads. Neither
    reloads the code nor shows a debugger: under eventlet the one starts a second server on the same port, and
    the other would answer errors in HTML.
    """
    if async_mode() != "eventlet":
        app.run(host=host, port=port, threaded=True, use_reloader=False, use_debugger=False)
        return
    # Only here: importing eventlet elsewhere would bring its hub into other workers.
    import eventlet
    import eventlet.wsgi

    class Pool(eventlet.GreenPool):
        """Doesn't wait for open websockets to end: at Ctrl-C they would hold the process for good."""

        def waitall(self) -> None:
            socketio.server.eio.disconnect()
            eventlet.sleep(0.1)

    kind = eventlet.green.socket.SOCK_STREAM
    family, _, _, _, address = eventlet.green.socket.getaddrinfo(host, port, type=kind)[0]
    try:
        listener = eventlet.listen(address, family)
    except OSError as error:
        # Not a stack trace: somebody else is there, or the address isn't ours.
        sys.exit(f"✗ {host}:{port}: {error.strerror}")
    print(f" * http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}", flush=True)  # noqa: S104
    _end_at_ctrl_c(eventlet.getcurrent(), eventlet.hubs.get_hub())
    eventlet.wsgi.server(listener, app, custom_pool=Pool(CONNECTIONS), log_output=False, debug=False)


def _end_at_ctrl_c(server: Any, hub: Any) -> None:
    """Make Ctrl-C reach the greenlet that accepts connections, which is `server`.

    Python raises KeyboardInterrupt wherever the signal finds the process: in a client's greenlet it would
    end that client at best.
    """

    def interrupt(number: int, frame: Any) -> None:
        if hub.greenlet is getcurrent():
            raise KeyboardInterrupt  # the hub passes it on, and wakes up by it
        hub.schedule_call_global(0, server.throw, KeyboardInterrupt)

    signal.signal(signal.SIGINT, interrupt)
