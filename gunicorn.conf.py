"""gunicorn's settings. gunicorn finds this file by itself when it is started in this folder.

gunicorn reads it before the worker patches the standard library, so it imports nothing of the application.
The eventlet worker prints that it is deprecated: gunicorn 25 is the last that has it, and requirements.txt
stays on that line. `--worker-class gevent` serves the same application if eventlet has to go.
"""

import os
import threading
import time

try:
    import resource
except ImportError:  # Windows, where gunicorn itself doesn't run
    resource = None

# Every open websocket counts, and every REST request besides: with the default of 1,000 the server would
# stop answering at the thousandth member.
worker_connections = 20_000
# For gthread, and for gunicorn without --worker-class: each websocket occupies a thread while it is open.
threads = 200
# A worker whose event loop is blocked for so long is replaced, in seconds.
timeout = 30
# For idle connections of browsers and proxies, in seconds; they may delay the end of a worker for so long.
keepalive = 5
# The longest that SIGTERM and Ctrl-C take, in seconds. Requests end within 8 s; websockets are closed.
graceful_timeout = 9
limit_request_line = 4094
# There is no second way in.
control_socket_disable = True

if resource is not None:
    _soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    _limit = 65_536 if _hard == resource.RLIM_INFINITY else min(_hard, 65_536)
    if _soft != resource.RLIM_INFINITY and _soft < _limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_limit, _hard))


def post_worker_init(worker):
    """What gunicorn's workers don't do by themselves. The application is loaded and everything patched."""
    from teamcal.http.gunicorn_worker import announce, prepare

    prepare(worker, worker.wsgi.extensions["transfers"])
    announce(worker, worker.wsgi.extensions["exposure"])
    threading.Thread(target=_watch_for_the_end, args=(worker,), daemon=True).start()


def _watch_for_the_end(worker):
    """Ends an orphan, and sends the clients of a worker away that has to end: they would delay it.

    gunicorn's eventlet worker doesn't notice that its master was killed: it would keep the port for ever.
    """
    while worker.alive:
        time.sleep(0.2)  # nothing tells a process that its parent is gone but its parent's id
        if os.getppid() != worker.ppid:
            worker.log.warning("The master process is gone: this worker ends too.")
            worker.alive = False
    # More than once: clients reconnect at once, to a worker that still accepts connections for a moment.
    while True:
        worker.wsgi.extensions["socketio"].send_away(None)
        time.sleep(0.2)  # long enough for a client to come back, short beside --graceful-timeout
