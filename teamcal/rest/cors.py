"""Which web pages may call the server from a browser. flask-cors decides; nothing is decided here."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from flask import Flask
from flask_cors import CORS
from flask_cors.core import get_cors_headers, get_cors_options
from werkzeug.datastructures import Headers

Origins = str | list[str]
CorsHeaders = Callable[[str | None], Sequence[tuple[str, str]]]
"""The CORS headers of a reply to a request with this Origin header (None: without one)."""

ORIGINS_KEPT = 256
"""Origins whose headers are kept; there are rarely more than those in CORS_ORIGINS."""


def origins_of(cors_origins: Sequence[str]) -> Origins:
    return "*" if "*" in cors_origins else list(cors_origins)


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
