"""Builds the Flask app and wires its parts."""

import atexit
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Request
from flask.sessions import SessionInterface
from flask_socketio import SocketIO

from teamcal import deadline
from teamcal.calendar import Calendar
from teamcal.calendar.holidays import own_days_of
from teamcal.domain.database import Database
from teamcal.domain.values import utc_now
from teamcal.http.answers import LimitedAnswers
from teamcal.http.bodies import CompleteBodies
from teamcal.http.callers import LOOKUPS_A_MINUTE, Callers, FindCaller
from teamcal.http.exposure import Exposure
from teamcal.http.guard import BrowserGuard
from teamcal.http.origins import allow_origins, origins_of
from teamcal.http.refusals import Refusals
from teamcal.http.rules import BrowserRules, rules_of
from teamcal.http.setup_link import show_setup_link
from teamcal.http.sign_ins import SignIns
from teamcal.http.transfers import Transfers
from teamcal.metrics import MEMBERS, NO_METRICS, Metrics
from teamcal.realtime.audience import Audience
from teamcal.realtime.handlers import Handlers
from teamcal.realtime.message_rate import MessageRate
from teamcal.realtime.presence import Presence
from teamcal.realtime.presence_peers import NO_PEERS, Peers, RedisPeers
from teamcal.realtime.publisher import Publisher
from teamcal.realtime.server import CalendarSocketIO, SocketLimits, gate
from teamcal.realtime.socket_callers import SocketCallers
from teamcal.realtime.unread import UnreadLimits
from teamcal.realtime.worker import async_mode
from teamcal.rest.fast_path import FastPath
from teamcal.rest.flask_dispatcher import register_routes
from teamcal.rest.table import ROUTES
from teamcal.settings import Settings
from teamcal.sync.current_rights import CurrentRights
from teamcal.sync.ports import AllNotices, Notices, Ports
from teamcal.sync.pulse import PulseSender
from teamcal.sync.pulse_reader import PulseReader
from teamcal.sync.redis_channel import RedisChannel
from teamcal.sync.redis_notices import RedisNotices, key_of
from teamcal.sync.replicas import Replicas
from teamcal.sync.watcher import WatchedPulses, Watcher

Layer = Callable[[WSGIApplication], WSGIApplication]


def create_app(
    settings: Settings,
    database: Database,
    now: Callable[[], datetime] = utc_now,
    watch: bool = True,
    metrics: Metrics = NO_METRICS,
    notices: Notices | None = None,
    pulses: WatchedPulses | None = None,
) -> tuple[Flask, SocketIO]:
    """Returns an application. Raises SettingsError, LibraryChanged.

    `watch`: look for other processes' changes; `notices`: instead of Redis's; `pulses`: with a clock of
    their own.
    """
    app = _flask_app(settings)
    rules = rules_of(settings)
    socketio, audience, publisher = _sockets(app, settings, rules, metrics)
    notices = notices or _notices(settings, socketio, metrics)
    pulses = pulses or pulses_of(settings, database, metrics)
    replicas = _replicas(settings, Ports(database, publisher, notices, now, metrics), pulses)
    calendar = Calendar(database, replicas, now, own_days_of(settings.holidays_file))
    find = find_caller(settings, calendar, rules)
    callers = SocketCallers(audience, calendar, find, now) if audience and find else None
    presence = Presence(socketio, _peers(settings, socketio, metrics))
    Handlers(socketio, calendar, presence, callers)
    transfers = Transfers(socketio.start_background_task, socketio.sleep)
    _put_layers(app, socketio, settings, calendar, find, rules, transfers)
    exposure = Exposure(settings, rules.origins.any_may_write)
    app.extensions.update(calendar=calendar, replicas=replicas, transfers=transfers, exposure=exposure)
    app.extensions.update(socket_callers=callers, presence=presence)
    if watch:
        _start_hearing(notices, socketio, replicas)
        _start_watching(settings, socketio, calendar, replicas, pulses)
        _start_showing_the_setup_link(settings, socketio, calendar, exposure)
    return app, socketio


def _sockets(
    app: Flask, settings: Settings, rules: BrowserRules, metrics: Metrics
) -> tuple[CalendarSocketIO, Audience | None, Publisher]:
    direct, limits = settings.direct_broadcast, socket_limits(settings)
    socketio = CalendarSocketIO(app, rules.origins, direct, metrics, limits, settings.token_mode)
    audience = Audience(socketio) if settings.token_mode else None
    publisher = Publisher(socketio, socketio.broadcast, audience.announce if audience else None)
    metrics.gauge(MEMBERS, publisher.count_members)
    return socketio, audience, publisher


def _replicas(settings: Settings, ports: Ports, pulses: WatchedPulses) -> Replicas:
    told = AllNotices(ports.notices, pulses.sender) if ports.notices else pulses.sender
    ports = replace(ports, notices=told, zone=settings.storage.time_zone)
    ports.database.when_repaired(pulses.sender.name)
    rights = CurrentRights() if settings.token_mode else None
    return Replicas(ports, settings.replica_memory, pulses.reader.found, rights)


def _put_layers(
    app: Flask,
    socketio: CalendarSocketIO,
    settings: Settings,
    calendar: Calendar,
    find: FindCaller | None,
    rules: BrowserRules,
    transfers: Transfers,
) -> None:
    """Gives the app its routes, and lays the WSGI layers around it."""
    cors_headers = allow_origins(app, origins_of(settings.cors_origins))
    register_routes(app, ROUTES, calendar)
    refusals = Refusals(cors_headers)
    fast_path = partial(FastPath, routes=ROUTES, calendar=calendar, cors_headers=cors_headers)
    layers: list[Layer] = [  # outermost first
        *http_layers(settings, transfers, Refusals(cors_headers, rules.headers)),
        partial(BrowserGuard, refusals=refusals, rules=rules),
        within_deadline,
        *caller_layers(settings, calendar, find, rules, refusals),
        *([fast_path] if settings.fast_path else []),
        gate(socketio, refusals, rules),
    ]
    # Flask's documented place for WSGI layers, which its types call a method.
    app.wsgi_app = wsgi_stack(app.wsgi_app, layers)  # type: ignore[assignment,method-assign] # Flask's own way


def socket_limits(settings: Settings) -> SocketLimits:
    return SocketLimits(
        MessageRate(settings.socket_messages_per_second, settings.socket_message_burst),
        UnreadLimits(settings.unread_client, settings.unread_process),
    )


def wsgi_stack(application: WSGIApplication, layers: Sequence[Layer]) -> WSGIApplication:
    """Lays `layers`, outermost first, around `application`: Flask with Flask-SocketIO's own layer."""
    for layer in reversed(layers):
        application = layer(application)
    return application


def http_layers(settings: Settings, transfers: Transfers, refusals: Refusals) -> list[Layer]:
    """What every request passes, whichever transport it is for."""
    rate, limit = settings.answer_rate, settings.answers_memory
    lock = threading.Lock() if async_mode() == "threading" else nullcontext()
    return [
        partial(LimitedAnswers, transfers=transfers, bytes_per_second=rate, limit=limit, lock=lock),
        partial(CompleteBodies, transfers=transfers, refusals=refusals, seconds=settings.body_seconds),
    ]


def find_caller(settings: Settings, calendar: Calendar, rules: BrowserRules) -> FindCaller | None:
    """Returns what finds out who asks; None with AUTH_MODE=open."""
    if not settings.token_mode:
        return None
    from teamcal.signin.attempts import RequestLimit  # see caller_layers

    lookups = RequestLimit(LOOKUPS_A_MINUTE)
    return FindCaller(calendar.tokens.find, settings.guest_networks, rules, lookups)


def caller_layers(
    settings: Settings,
    calendar: Calendar,
    find: FindCaller | None,
    rules: BrowserRules,
    refusals: Refusals,
) -> list[Layer]:
    """Who asks, and how one signs in; nothing with AUTH_MODE=open."""
    if find is None:
        return []
    # The libraries behind these take 13 MB, which open mode doesn't need.
    from teamcal.signin.attempts import Attempts, RequestLimit
    from teamcal.signin.passwords import Passwords

    sign_ins = SignIns(
        calendar,
        Passwords(async_mode()),
        Attempts(settings.redis_url, settings.installation),
        rules,
        settings.public_url,
        _identity_provider(settings),
    )
    limit = RequestLimit(settings.requests_per_minute)
    return [partial(Callers, find=find, sign_ins=sign_ins, limit=limit, refusals=refusals)]


def _identity_provider(settings: Settings) -> Any:
    """Returns how one signs in at OIDC_ISSUER; None without one."""
    if not settings.oidc_issuer or not settings.oidc_client_id:
        return None
    from teamcal.signin.oidc import Client, OpenIdConnect

    client = Client(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.oidc_groups_claim,
        settings.oidc_admin_group,
    )
    return OpenIdConnect(client, settings.secret_key)


def within_deadline(application: WSGIApplication) -> WSGIApplication:
    """A layer that gives every request its deadline, from the moment that its body is there.

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
    storage = settings.storage
    # The tables' names: a copy of the installation that has other tables may share the Redis.
    tables = storage.tables[:3]  # enough to tell two installations apart
    channel = ":".join((settings.installation, "changes", *tables))
    key = key_of(settings.secret_key)
    spawn = socketio.start_background_task
    return RedisNotices(settings.redis_url, channel, key, socketio.sleep, spawn, metrics)


def _peers(settings: Settings, socketio: SocketIO, metrics: Metrics) -> Peers:
    """Returns what tells of the people at other servers; without Redis there is nothing that could."""
    if not settings.redis_url:
        return NO_PEERS
    channel = ":".join((settings.installation, "presence", *settings.storage.tables[:3]))
    key = key_of(settings.secret_key, "presence")
    limit = 4 * 2**20  # what isn't sent meanwhile is said again
    redis = RedisChannel(settings.redis_url, channel, key, socketio.sleep, metrics, limit)
    return RedisPeers(redis, socketio.start_background_task, time.monotonic)


def _start_showing_the_setup_link(
    settings: Settings, socketio: SocketIO, calendar: Calendar, exposure: Exposure
) -> None:
    if settings.token_mode:
        first = calendar.first_administrator
        socketio.start_background_task(show_setup_link, first, exposure, socketio.sleep)


def _start_hearing(notices: Notices | None, socketio: SocketIO, replicas: Replicas) -> None:
    if isinstance(notices, RedisNotices):
        socketio.start_background_task(notices.send)
        socketio.start_background_task(notices.listen, replicas.notice)


def pulses_of(
    settings: Settings,
    database: Database,
    metrics: Metrics = NO_METRICS,
    clock: Callable[[], float] = time.monotonic,
) -> WatchedPulses:
    is_slow = settings.storage.billing_mode == "PROVISIONED"
    sender = PulseSender(database, is_slow, metrics, clock)
    return WatchedPulses(sender, PulseReader(sender.process, settings.tail_interval, clock()))


def _start_watching(
    settings: Settings, socketio: SocketIO, calendar: Calendar, replicas: Replicas, pulses: WatchedPulses
) -> None:
    """Starts the tasks that bring in the changes of other processes, and tell them of this one's."""
    spawn, sleep = socketio.start_background_task, socketio.sleep
    spawn(pulses.sender.run, sleep)
    atexit.register(pulses.sender.stop)
    purge = calendar.departments.purge
    spawn(Watcher(replicas, purge, settings.tail_interval, sleep, spawn, pulses).run)
