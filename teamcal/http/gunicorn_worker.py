"""What gunicorn's workers lack: refusals in JSON, a safe log, room for others beside slow clients."""

import logging
import time
from contextlib import suppress
from email.utils import formatdate
from functools import lru_cache
from typing import Any

import gunicorn.http.wsgi
import gunicorn.util
from gunicorn.http.errors import ConfigurationProblem

from teamcal.domain.values import to_json
from teamcal.http.connections import Connections
from teamcal.http.exposure import Exposure, refuse_to_start
from teamcal.http.transfers import Transfers
from teamcal.library_internals import CLOSING, CONNECTIONS, DATES, ERROR_PAGES, HEADS, SETTINGS, fallback_of
from teamcal.logs import Repetitions, SafeFormatter
from teamcal.settings import SettingsError
from teamcal.texts.error_body import code_of, failure

logger = logging.getLogger(__name__)


def prepare(worker: Any, transfers: Transfers) -> None:
    """Changes a gunicorn.workers.base.Worker that is about to serve, and this process's gunicorn.

    Logs a WARNING for each thing of gunicorn's that isn't there any more.
    """
    limit_log(worker.log)
    missing = []
    if hasattr(worker.cfg, "settings"):
        remember_settings(worker.cfg)
    else:
        missing.append(SETTINGS)
    if hasattr(gunicorn.util, "write_error"):
        gunicorn.util.write_error = write_error
    else:
        missing.append(ERROR_PAGES)
    if hasattr(gunicorn.util, "http_date"):
        gunicorn.util.http_date = http_date
    else:
        missing.append(DATES)
    if not hasattr(gunicorn.http.wsgi.Response, "force_close"):
        missing.append(CLOSING)
    if not hasattr(gunicorn.http.wsgi.Response, "send_headers"):
        missing.append(HEADS)
    if hasattr(worker, "timeout_ctx") and not worker.cfg.is_ssl:  # eventlet and gevent
        if hasattr(worker, "handle") and hasattr(worker, "handle_request"):
            Connections(worker.worker_connections, transfers).attach(worker)
        else:
            missing.append(CONNECTIONS)
    if hasattr(worker, "handle_error"):
        explain_the_proxy(worker)
    for internal in missing:
        logger.warning(fallback_of(internal))


def remember_settings(config: Any) -> None:
    """Makes the settings of a gunicorn.config.Config attributes of it, as they are while a worker serves.

    Config looks each of them up whenever it is read, which took 20 µs a request.
    """
    vars(config).update({name: setting.get() for name, setting in config.settings.items()})


def http_date(timestamp: float | None = None) -> str:
    """gunicorn's: the time of an answer, which many answers have in common."""
    return _date_of(int(time.time() if timestamp is None else timestamp))


@lru_cache(1)
def _date_of(second: int) -> str:
    return formatdate(second, usegmt=True)


def announce(worker: Any, exposure: Exposure) -> None:
    """Says once, by the first worker, who can reach the server; ends it if that must not be."""
    addresses = [sock.getsockname() for sock in worker.sockets]
    try:
        scheme = "https" if worker.cfg.is_ssl else "http"
        exposure.serve_on(addresses, tell=worker.age == 1, scheme=scheme)
    except SettingsError as error:
        refuse_to_start(error)


def write_error(sock: Any, status_int: int, reason: str, mesg: str) -> None:
    """gunicorn's signature. `mesg` isn't told: it repeats what the client sent. gunicorn logs it."""
    code = "internal_error" if status_int == 500 else code_of(status_int)
    body = to_json(failure(code, "ko"))
    head = (
        f"HTTP/1.1 {status_int} {reason}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n"
    )
    sock.sendall(head.encode("latin-1") + body)


def explain_the_proxy(worker: Any) -> None:
    """A proxy that takes a prefix away and names it in SCRIPT_NAME as well is 400 with a line in the log.

    To gunicorn that is an error of its own: 500 and a stack trace, for every request.
    """
    handle_error = worker.handle_error

    def explained(request: Any, client: Any, address: Any, error: BaseException) -> None:
        if not isinstance(error, ConfigurationProblem):
            handle_error(request, client, address, error)
            return
        worker.log.warning("Refused, see the page about proxies (SCRIPT_NAME): %s", error)
        with suppress(OSError):
            write_error(client, 400, "Bad Request", "")

    worker.handle_error = explained


def limit_log(log: Any) -> None:
    """Makes a gunicorn.glogging.Logger as safe from clients as the product's log (teamcal/logs.py).

    Its access log has a line for each request, so it isn't limited.
    """
    for handler in log.error_log.handlers:
        handler.addFilter(Repetitions("gunicorn"))
        handler.setFormatter(SafeFormatter(log.error_fmt, log.datefmt))
    for handler in log.access_log.handlers:
        handler.setFormatter(SafeFormatter(log.access_fmt))
