"""`python app.py`: the server without gunicorn."""

import signal
import sys
from typing import Any

from flask import Flask
from greenlet import getcurrent

from teamcal.realtime.server import CalendarSocketIO
from teamcal.realtime.worker import async_mode

CONNECTIONS = 20_000
KEEPALIVE_SECONDS = 5
"""For connections on which no request comes. By default eventlet keeps them for ever."""


def serve(app: Flask, socketio: CalendarSocketIO, host: str, port: int) -> None:
    """Serves until Ctrl-C; for development and small offices, on every platform.

    Uses eventlet's server if eventlet has patched the process, else Werkzeug's threads. Neither reloads the
    code nor shows a debugger: under eventlet the reloader starts a second server on the same port, and the
    debugger answers errors in HTML.
    """
    if async_mode() == "eventlet":
        _serve_on_eventlet(app, socketio, host, port)
    else:
        app.run(host=host, port=port, threaded=True, use_reloader=False, use_debugger=False)


def _serve_on_eventlet(app: Flask, socketio: CalendarSocketIO, host: str, port: int) -> None:
    # Imported here: under another worker, eventlet would bring in a second event loop.
    import eventlet
    import eventlet.wsgi

    class Pool(eventlet.GreenPool):
        """Doesn't wait for open websockets to end: after Ctrl-C they would keep the process running."""

        def waitall(self) -> None:
            socketio.send_away(None)
            eventlet.sleep(0.1)

    listener = _listen(eventlet, host, port)
    shown_host = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 -- compared, not bound
    print(f" * http://{shown_host}:{port}", flush=True)
    _stop_at_ctrl_c(eventlet.getcurrent(), eventlet.hubs.get_hub())
    eventlet.wsgi.server(
        listener,
        app,
        custom_pool=Pool(CONNECTIONS),
        keepalive=KEEPALIVE_SECONDS,
        log_output=False,
        debug=False,
    )


def _listen(eventlet: Any, host: str, port: int) -> Any:
    """A listening socket. Exits with one line, without a stack trace, if the address can't be used."""
    kind = eventlet.green.socket.SOCK_STREAM
    family, _, _, _, address = eventlet.green.socket.getaddrinfo(host, port, type=kind)[0]
    try:
        return eventlet.listen(address, family)
    except OSError as error:
        sys.exit(f"✗ {host}:{port}: {error.strerror}")


def _stop_at_ctrl_c(server: Any, hub: Any) -> None:
    """Makes Ctrl-C reach `server`, the greenlet that accepts connections.

    Python raises KeyboardInterrupt in whichever greenlet is running: in a client's it would end at best that
    client. Does nothing if eventlet's hub has changed (teamcal/library_internals.py).
    """
    if not hasattr(hub, "greenlet") or not hasattr(hub, "schedule_call_global"):
        return

    def interrupt(number: int, frame: Any) -> None:
        if hub.greenlet is getcurrent():
            raise KeyboardInterrupt  # the hub passes it on to `server`
        hub.schedule_call_global(0, server.throw, KeyboardInterrupt)

    signal.signal(signal.SIGINT, interrupt)
