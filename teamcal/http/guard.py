"""What browsers are told and asked, in front of both dispatchers and of Socket.IO."""

import logging
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from teamcal.http.hosts import is_served_to_all
from teamcal.http.refusals import Refusals
from teamcal.http.rules import BrowserRules

logger = logging.getLogger(__name__)

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class BrowserGuard:
    """A WSGI layer: refuses requests for other hosts and writes by foreign pages, and adds safe headers.

    Socket.IO has its own check of origins (realtime/gate.py).
    """

    def __init__(
        self,
        application: WSGIApplication,
        refusals: Refusals,
        rules: BrowserRules,
    ) -> None:
        self._application, self._refusals = application, refusals
        self._headers, self._hosts, self._proxies = rules.headers, rules.hosts, rules.proxies
        self._origins = None if rules.origins.any_may_write else rules.origins

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")

        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            return start_response(status, [*headers, *self._headers(path, status)], exc_info)

        if self._hosts is not None and not self._hosts(environ) and not is_served_to_all(path):
            return self._refuse_host(environ, start)
        if (
            self._origins is not None
            and environ["REQUEST_METHOD"] not in _READING
            and not path.startswith("/socket.io/")
            and not self._origins.write_allowed(environ)
        ):
            return self._refuse_origin(environ, start)
        return self._application(environ, start)

    def _refuse_host(self, environ: WSGIEnvironment, start: Any) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")[:200]
        logger.warning(
            "a request for the host %r, from %s, was refused: it isn't in PUBLIC_URL or ALLOWED_HOSTS",
            *(host, self._proxies.described(environ)),
        )
        return self._refusals.answer(environ, start, "host_refused", host=host)

    def _refuse_origin(self, environ: WSGIEnvironment, start: Any) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN", "")[:200]
        logger.warning(
            "a write by a page of the origin %r, from %s, was refused: it isn't in CORS_ORIGINS",
            *(origin, self._proxies.described(environ)),
        )
        return self._refusals.answer(environ, start, "origin_refused", origin=origin)
