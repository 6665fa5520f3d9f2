"""gunicorn's settings. Found without being named when gunicorn is started in this folder.

It is read before the worker patches the standard library, so it imports nothing of the application.
The eventlet worker prints that it is deprecated: gunicorn 25 is the last to have it, and requirements.txt
keeps to that line. `--worker-class gevent` serves the same application when eventlet has to go.
"""

import threading
import time

try:
    import resource
except ImportError:  # Windows, where gunicorn itself doesn't run
    resource = None

# Every open websocket counts, and every REST request beside them: with the default of 1,000 the server
# stops answering at the thousandth member.
worker_connections = 20_000
# For gthread, and a gunicorn without --worker-class: each websocket holds one for as long as it lives.
threads = 200
# A worker whose event loop stands still for so long is replaced.
timeout = 30
# Idle connections of browsers and proxies; also how long they may hold up the end of a worker.
keepalive = 5
# The longest that SIGTERM and Ctrl-C take. Requests end within 8 s at worst, and websockets are told to go.
graceful_timeout = 9
limit_request_line = 4094
# No second way in.
control_socket_disable = True

if resource is not None:
    _soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    _wanted = 65_536 if _hard == resource.RLIM_INFINITY else min(_hard, 65_536)
    if _soft != resource.RLIM_INFINITY and _soft < _wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_wanted, _hard))


def post_worker_init(worker):
    """A worker that has to end closes its websockets, which would otherwise hold it to the last second."""
    threading.Thread(target=_close_when_ending, args=(worker,), daemon=True).start()


def _close_when_ending(worker):
    while worker.alive:
        time.sleep(0.2)
    # Again and again: the clients come back at once, to a worker that still listens for a moment.
    while True:
        worker.wsgi.extensions["socketio"].server.eio.disconnect()
        time.sleep(0.2)
