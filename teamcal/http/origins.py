"""Which web pages may call the server from a browser. For REST, flask-cors decides."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import WSGIEnvironment

from flask import Flask
from flask_cors import CORS
from flask_cors.core import get_cors_headers, get_cors_options
from werkzeug.datastructures import Headers

from teamcal.http.clients import Proxies

Origins = str | list[str]
CorsHeaders = Callable[[str | None], Sequence[tuple[str, str]]]
"""The CORS headers of a reply to a request with this Origin header (None: without one)."""

ORIGINS_KEPT = 256
"""Origins whose headers are kept; there are rarely more than those in CORS_ORIGINS."""


def origins_of(cors_origins: Sequence[str]) -> Origins:
    return "*" if "*" in cors_origins else list(cors_origins)


class OriginRule:
    """Says what a page of another origin may do. `origins`: those of CORS_ORIGINS.

    `own` returns the server's own origins as a client sees them. With `token_mode`, `*` lets any page call,
    but counts for nothing that the browser adds by itself: cookies and the client's address.
    """

    def __init__(
        self,
        origins: Origins,
        own: Callable[[WSGIEnvironment], set[str]] | None = None,
        token_mode: bool = False,
    ) -> None:
        self._any = origins == "*"
        self._named = frozenset() if self._any else frozenset(map(without_default_port, origins))
        self._own = own or own_origins
        self.any_may_write = self._any and not token_mode

    def __call__(self, origin: str | None, environ: WSGIEnvironment) -> bool:
        """Whether a page of `origin` may connect. Engine.IO calls it like this.

        No origin means that no page of another origin sent the request.
        """
        return self._any or not origin or self._is_known(origin, environ)

    def write_allowed(self, environ: WSGIEnvironment) -> bool:
        """Whether a request may change something, by the page that sent it."""
        return self.any_may_write or self.guest_allowed(environ) or carries_token(environ)

    def guest_allowed(self, environ: WSGIEnvironment) -> bool:
        """Whether the client's address may count: no page of a foreign origin makes its browser ask."""
        origin = environ.get("HTTP_ORIGIN")
        return self._is_known(origin, environ) if origin else not _is_from_another_site(environ)

    def cookie_allowed(self, environ: WSGIEnvironment) -> bool:
        """Whether the page's cookie may count: for reads without a foreign page, else for our own page only.

        Browsers name the origin of every write and of every websocket; over plain http they say nothing about
        a read within one origin.
        """
        origin = environ.get("HTTP_ORIGIN")
        if origin:
            return without_default_port(origin) in self._own(environ)
        reads = environ["REQUEST_METHOD"] in ("GET", "HEAD") and "HTTP_UPGRADE" not in environ
        return reads and not _is_from_another_site(environ)

    def _is_known(self, origin: str, environ: WSGIEnvironment) -> bool:
        origin = without_default_port(origin)
        return origin in self._named or origin in self._own(environ)


def carries_token(environ: WSGIEnvironment) -> bool:
    """Whether a page must have been given a token to send this. Browsers add a Basic one by themselves."""
    return bool(environ.get("HTTP_AUTHORIZATION", "")[:7].lower() == "bearer ")


def _is_from_another_site(environ: WSGIEnvironment) -> bool:
    """By Sec-Fetch-Site, which browsers send over https and to loopback, and no page can set."""
    return environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("none", "same-origin")


class OwnOrigins:
    """The origins under which a client sees this server: that of PUBLIC_URL, and that of the request.

    `strict`: behind proxies that somebody has named, so that one origin is right. Otherwise as `own_origins`.
    """

    def __init__(self, proxies: Proxies, public_url: str | None, strict: bool) -> None:
        self._proxies, self._strict = proxies, strict
        self._public = set() if public_url is None else {origin_of(public_url)}

    def __call__(self, environ: WSGIEnvironment) -> set[str]:
        if not self._strict:
            return self._public | own_origins(environ)
        origin = f"{self._proxies.scheme_of(environ)}://{self._proxies.host_of(environ)}"
        return self._public | {without_default_port(origin)}


def own_origins(environ: WSGIEnvironment) -> set[str]:
    """Returns the origins under which a client may see this server, behind proxies that nobody has named.

    A page of another origin can set neither Host nor X-Forwarded-* in its requests, so they may be believed
    here, where nothing but pages is told apart. An origin without TLS counts beside the one with it.
    """
    scheme, host = environ.get("wsgi.url_scheme", "http"), environ.get("HTTP_HOST", "")
    seen = _first(environ.get("HTTP_X_FORWARDED_PROTO")) or scheme
    names = {host, _first(environ.get("HTTP_X_FORWARDED_HOST")) or host}
    return {without_default_port(f"{one}://{name}") for one in {scheme, seen} for name in names if name}


def origin_of(url: str) -> str:
    scheme, netloc, *_ = urlsplit(url)
    return without_default_port(f"{scheme}://{netloc}")


def _first(header: str | None) -> str:
    """The value that the proxy next to the client has set."""
    return (header or "").partition(",")[0].strip()


def without_default_port(origin: str) -> str:
    """Returns `origin` as browsers write it: in lower case, and without the port that its scheme means."""
    origin = origin.lower()
    scheme, _, _ = origin.partition(":")
    return origin.removesuffix({"http": ":80", "https": ":443"}.get(scheme, ""))


def allow_origins(app: Flask, origins: Origins) -> CorsHeaders:
    """Puts CORS headers on Flask's answers; returns the function that gives the fast path the same ones."""
    options: dict[str, Any] = {
        "origins": origins,
        "supports_credentials": False,
        "send_wildcard": True,
        "expose_headers": ["ETag", "Retry-After"],
    }
    CORS(app, **options)
    resolved = get_cors_options(app, options)

    @lru_cache(ORIGINS_KEPT)  # 60 µs a request without it
    def cors_headers(origin: str | None) -> Sequence[tuple[str, str]]:
        request = Headers() if origin is None else Headers({"Origin": origin})
        return tuple((name, str(value)) for name, value in get_cors_headers(resolved, request, "GET").items())

    return cors_headers
