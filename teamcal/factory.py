"""Builds the Flask app and wires its parts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Request
from flask.sessions import SessionInterface
from flask_socketio import SocketIO

from teamcal import deadline
from teamcal.calendar.batch import Batch
from teamcal.calendar.events import Calendar
from teamcal.calendar.history import History
from teamcal.domain.values import utc_now
from teamcal.realtime import server
from teamcal.realtime.handlers import FrameJson, Rooms
from teamcal.realtime.publisher import Publisher
from teamcal.rest.call import UseCases
from teamcal.rest.cors import Origins, allow_origins, origins_of
from teamcal.rest.fast_path import FastPath
from teamcal.rest.flask_dispatcher import register_routes
from teamcal.rest.table import ROUTES
from teamcal.settings import Settings
from teamcal.sync.redis_notices import Notices
from teamcal.sync.replicas import Replicas
from teamcal.sync.watcher import Tail

Layer = Callable[[WSGIApplication], WSGIApplication]


def create_app(
    settings: Settings, database: Any, now: Callable[[], datetime] = utc_now, tail: bool = True
) -> tuple[Flask, SocketIO]:
    """Returns a fresh application over `database`. `tail`: whether it polls for other processes' changes."""
    app = _flask_app(settings)
    origins = origins_of(settings.cors_origins)
    cors_headers = allow_origins(app, origins)
    socketio = _socketio(app, origins)
    calendar = Calendar(database, _replicas(settings, database, now, socketio), now)
    use_cases = UseCases(calendar, History(database, calendar), Batch(calendar))
    register_routes(app, ROUTES, use_cases)
    Rooms(socketio, calendar)
    _start_background_tasks(settings, calendar, socketio, tail)

    def fast_path(application: WSGIApplication) -> WSGIApplication:
        return FastPath(application, ROUTES, use_cases, cors_headers)

    layers: list[Layer] = [within_deadline, server.gate(socketio), fast_path]  # outermost first
    if not settings.fast_path:
        layers.remove(fast_path)
    app.wsgi_app = wsgi_stack(app.wsgi_app, layers)  # type: ignore[assignment,method-assign]
    app.extensions["calendar"] = calendar
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


def _socketio(app: Flask, origins: Origins) -> SocketIO:
    options = server.socketio_options()
    socketio = SocketIO(app, cors_allowed_origins=origins, cors_credentials=False, json=FrameJson, **options)
    server.install(socketio)
    return socketio


def _replicas(settings: Settings, database: Any, now: Callable[[], datetime], socketio: SocketIO) -> Replicas:
    publisher = Publisher(socketio, server.broadcaster(socketio, settings.direct_broadcast))
    replicas = Replicas(
        database,
        now,
        settings.replica_memory,
        publisher.publish,
        publisher.disconnect_members,
        publisher.has_members,
    )
    if settings.redis_url:
        notices = Notices(settings.redis_url, settings.installation, replicas, socketio.sleep)
        replicas.announce = notices.announce
        socketio.start_background_task(notices.send)
        socketio.start_background_task(notices.listen)
    return replicas


def _start_background_tasks(settings: Settings, calendar: Calendar, socketio: SocketIO, tail: bool) -> None:
    if tail:
        spawn = socketio.start_background_task
        spawn(Tail(calendar.replicas, calendar.purge, settings.tail_interval, socketio.sleep, spawn).run)
