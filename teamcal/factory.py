"""create_app: joins the rooms of the house, decides nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface
from flask_cors import CORS
from flask_socketio import SocketIO

from teamcal import deadline
from teamcal.calendar import Calendar
from teamcal.domain.values import utc_now
from teamcal.metrics import NO_METRICS, Metrics
from teamcal.realtime import server as transport
from teamcal.realtime.handlers import Handlers
from teamcal.realtime.publisher import Publisher
from teamcal.rest.batch import batch_blueprint
from teamcal.rest.changes import changes_blueprint
from teamcal.rest.departments import departments_blueprint
from teamcal.rest.events import events_blueprint
from teamcal.rest.fast_path import Door
from teamcal.rest.page import root_blueprint
from teamcal.rest.replies import handle_errors
from teamcal.settings import ROOT, Settings
from teamcal.sync.ports import NoNotices, Ports
from teamcal.sync.redis_notices import RedisNotices
from teamcal.sync.replicas import Replicas
from teamcal.sync.watcher import Watcher
from teamcal.texts.messages import message_of

BODY_BYTES = 1024 * 1024
EXPOSED = ["ETag", "Retry-After"]
FOR_EVERYBODY = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ", ".join(EXPOSED),
}


class NoSessions(SessionInterface):
    """Nothing is kept in a session: there is none to be read from a cookie and signed, 60 µs a request."""

    def open_session(self, app: Flask, request: Request) -> None:
        return None


def _everyday_cors(response: Response) -> Response:
    """What flask-cors puts on an answer for everybody, which takes it 60 µs; all else stays with it."""
    if request.method != "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK" not in request.environ:
        response.headers.update(FOR_EVERYBODY)
    return response


def _within_deadline(inner: Any) -> Any:
    """Inside of Socket.IO, whose connections last. Around Flask: its two hooks for it cost 20 µs."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        with deadline.within(deadline.REQUEST_SECONDS):
            return inner(environ, start_response)

    return application


def create_app(
    settings: Settings,
    database: Any,
    now: Callable[[], datetime] = utc_now,
    tail: bool = True,
    metrics: Metrics = NO_METRICS,
    notices: Any = None,
) -> tuple[Flask, SocketIO]:
    """A fresh application over `database` (a DynamoDBDatabase). `tail`: run the timer."""
    app = Flask("teamcal", static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=BODY_BYTES, DEBUG=settings.development
    )
    # The calendar answers for itself: errors go to our handlers in development too.
    app.config.update(PROPAGATE_EXCEPTIONS=False, TRAP_HTTP_EXCEPTIONS=False)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.session_interface = NoSessions()
    # No redirects: a doubled slash is a 404 and a trailing one the same route.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    origins = "*" if "*" in settings.cors_origins else list(settings.cors_origins)
    CORS(
        app,
        origins=origins,
        supports_credentials=False,
        send_wildcard=True,
        expose_headers=EXPOSED,
    )
    if origins == "*":
        app.after_request(_everyday_cors)  # runs before the one above, which leaves such answers alone
    app.wsgi_app = _within_deadline(app.wsgi_app)  # type: ignore[method-assign]
    options = transport.socketio_options()
    socketio = SocketIO(
        app, cors_allowed_origins=origins, cors_credentials=False, json=transport.FrameJson, **options
    )
    transport.install(app, socketio, message_of)
    publisher = Publisher(socketio, transport.broadcaster(socketio, settings.direct_broadcast))
    if settings.redis_url:
        notices = RedisNotices(settings.redis_url, settings.installation, socketio.sleep, metrics)
    ports = Ports(database, publisher, notices or NoNotices(), now, metrics)
    replicas = Replicas(ports, settings.replica_memory)
    calendar = Calendar(database, replicas, now)
    app.register_blueprint(root_blueprint(ROOT / "web"))
    app.register_blueprint(departments_blueprint(calendar))
    app.register_blueprint(events_blueprint(calendar))
    app.register_blueprint(batch_blueprint(calendar.batch))
    app.register_blueprint(changes_blueprint(calendar))
    handle_errors(app)
    if origins == "*":
        app.wsgi_app = Door(app.wsgi_app, calendar, list(FOR_EVERYBODY.items()))  # type: ignore[method-assign]
    Handlers(socketio, calendar)
    if isinstance(notices, RedisNotices):
        socketio.start_background_task(notices.send)
        socketio.start_background_task(notices.listen, replicas.notice)
    if tail:
        spawn = socketio.start_background_task
        purge = calendar.departments.purge
        spawn(Watcher(replicas, purge, settings.tail_interval, socketio.sleep, spawn).run)
    app.extensions["calendar"] = calendar
    app.extensions["replicas"] = replicas
    return app, socketio
