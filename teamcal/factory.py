"""Builds the Flask app and wires its parts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Request
from flask.sessions import SessionInterface
from flask_socketio import SocketIO

from teamcal import deadline
from teamcal.calendar import Calendar
from teamcal.domain.database import Database
from teamcal.domain.values import utc_now
from teamcal.metrics import MEMBERS, NO_METRICS, Metrics
from teamcal.realtime.handlers import Handlers
from teamcal.realtime.publisher import Publisher
from teamcal.realtime.server import CalendarSocketIO, gate
from teamcal.rest.cors import allow_origins, origins_of
from teamcal.rest.fast_path import FastPath
from teamcal.rest.flask_dispatcher import register_routes
from teamcal.rest.table import ROUTES
from teamcal.settings import Settings
from teamcal.sync.ports import Notices, Ports
from teamcal.sync.redis_notices import RedisNotices
from teamcal.sync.replicas import Replicas
from teamcal.sync.watcher import Watcher

Layer = Callable[[WSGIApplication], WSGIApplication]


def create_app(
    settings: Settings,
    database: Database,
    now: Callable[[], datetime] = utc_now,
    watch: bool = True,
    metrics: Metrics = NO_METRICS,
    notices: Notices | None = None,
) -> tuple[Flask, SocketIO]:
    """Returns an application. `watch`: look for other processes' changes; `notices`: instead of Redis's."""
    app = _flask_app(settings)
    cors_headers = allow_origins(app, origins := origins_of(settings.cors_origins))
    socketio = CalendarSocketIO(app, origins, settings.direct_broadcast, metrics)
    publisher = Publisher(socketio, socketio.broadcast)
    metrics.gauge(MEMBERS, publisher.count_members)
    notices = notices or _notices(settings, socketio, metrics)
    replicas = Replicas(Ports(database, publisher, notices, now, metrics), settings.replica_memory)
    calendar = Calendar(database, replicas, now)
    register_routes(app, ROUTES, calendar)
    Handlers(socketio, calendar)
    fast_path = partial(FastPath, routes=ROUTES, calendar=calendar, cors_headers=cors_headers)
    layers: list[Layer] = [within_deadline, fast_path, gate(socketio)]  # outermost first
    app.wsgi_app = wsgi_stack(  # type: ignore[assignment,method-assign]
        app.wsgi_app, [layer for layer in layers if settings.fast_path or layer is not fast_path]
    )
    if watch:
        _start_watching(settings, socketio, calendar, replicas, notices)
    app.extensions.update(calendar=calendar, replicas=replicas)
    return app, socketio


def wsgi_stack(application: WSGIApplication, layers: Sequence[Layer]) -> WSGIApplication:
    """Lays `layers`, outermost first, around `application`: Flask with Flask-SocketIO's own layer."""
    for layer in reversed(layers):
        application = layer(application)
    return application


def within_deadline(application: WSGIApplication) -> WSGIApplication:
    """A layer that gives every request its deadline, the time for its body included.

    Connections of Socket.IO last; its handlers have deadlines of their own.
    """

    def limited(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        if environ.get("PATH_INFO", "").startswith("/socket.io/"):
            return application(environ, start_response)
        with deadline.within(deadline.REQUEST_SECONDS):
            return application(environ, start_response)

    return limited


class NoSessions(SessionInterface):
    """Flask keeps nothing in a session, so it needn't read and sign a cookie: 60 µs a request."""

    def open_session(self, app: Flask, request: Request) -> None:
        return None


def _flask_app(settings: Settings) -> Flask:
    app = Flask("teamcal", static_folder=None)
    app.config.update(SECRET_KEY=settings.secret_key, DEBUG=settings.development)
    # Errors go to our handler in development too, never to Flask's debugger.
    app.config.update(PROPAGATE_EXCEPTIONS=False, TRAP_HTTP_EXCEPTIONS=False)
    app.session_interface = NoSessions()
    return app


def _notices(settings: Settings, socketio: SocketIO, metrics: Metrics) -> Notices | None:
    if not settings.redis_url:
        return None
    return RedisNotices(settings.redis_url, settings.installation, socketio.sleep, metrics)


def _start_watching(
    settings: Settings, socketio: SocketIO, calendar: Calendar, replicas: Replicas, notices: Notices | None
) -> None:
    """Starts the tasks that bring in the changes of other processes."""
    spawn = socketio.start_background_task
    if isinstance(notices, RedisNotices):
        spawn(notices.send)
        spawn(notices.listen, replicas.notice)
    purge = calendar.departments.purge
    spawn(Watcher(replicas, purge, settings.tail_interval, socketio.sleep, spawn).run)
