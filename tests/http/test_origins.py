"""The fast path's CORS headers are those that flask-cors puts on Flask's answers."""

import pytest
from flask import Flask

from teamcal.http.origins import OriginRule, allow_origins, origins_of

A, B = "https://a.example.com", "https://b.example.com"
ORIGINS = [
    None,
    "",
    A,
    A.upper(),
    B,
    "https://a.example.com.evil.com",
    "https://foreign.example",
    "null",
    "https://[::1]",
]


@pytest.mark.parametrize(
    "configured", [("*",), (A,), (A, B), (A, "*"), ("https://[::1]",), (B, "https://[::1]")]
)
@pytest.mark.parametrize("origin", ORIGINS)
def test_headers_are_flask_cors_own(configured: tuple[str, ...], origin: str | None) -> None:
    app = Flask("cors")
    cors_headers = allow_origins(app, origins_of(configured))
    app.add_url_rule("/", view_func=lambda: "")
    answer = app.test_client().get("/", headers={} if origin is None else {"Origin": origin})
    expected = [
        pair for pair in answer.headers.to_wsgi_list() if pair[0] not in ("Content-Type", "Content-Length")
    ]
    for _ in range(2):  # computed, then kept
        assert list(cors_headers(origin)) == expected


def test_one_of_several_origins_is_named_and_caches_are_told() -> None:
    cors_headers = allow_origins(Flask("cors"), [A, B])
    exposed = ("Access-Control-Expose-Headers", "ETag, Retry-After")
    assert set(cors_headers(A)) == {("Access-Control-Allow-Origin", A), exposed, ("Vary", "Origin")}
    assert cors_headers("https://foreign.example") == ()


def test_a_flood_of_origins_takes_no_memory() -> None:
    cors_headers = allow_origins(Flask("cors"), [A])
    for number in range(1_000):
        assert cors_headers(f"https://{number}.example.com") == ()
    assert cors_headers.cache_info().currsize <= 256  # type: ignore[attr-defined]


# The server's own origin


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"HTTP_HOST": "intra.example.com"}, "http://intra.example.com"),
        ({"HTTP_HOST": "Intra.Example.com:80"}, "http://intra.example.com"),
        ({"HTTP_HOST": "intra.example.com"}, "HTTP://INTRA.example.com:80"),
        ({"HTTP_HOST": "192.168.0.7:8000"}, "http://192.168.0.7:8000"),
        ({"HTTP_HOST": "[::1]:8000"}, "http://[::1]:8000"),
        ({"HTTP_HOST": "intra.example.com", "wsgi.url_scheme": "https"}, "https://intra.example.com"),
        ({"HTTP_HOST": "c.example.com", "HTTP_X_FORWARDED_PROTO": "https"}, "https://c.example.com"),
        ({"HTTP_HOST": "c.example.com:443", "HTTP_X_FORWARDED_PROTO": "https"}, "https://c.example.com"),
        ({"HTTP_HOST": "c.example.com", "HTTP_X_FORWARDED_PROTO": "https, http"}, "https://c.example.com"),
        (
            {"HTTP_HOST": "127.0.0.1:8000", "HTTP_X_FORWARDED_HOST": "c.example.com"}
            | {"HTTP_X_FORWARDED_PROTO": "https"},
            "https://c.example.com",
        ),
    ],
)  # fmt: skip
def test_the_own_origin_may_connect_whatever_is_configured(headers: dict[str, str], origin: str) -> None:
    rule = OriginRule([A])
    assert rule(origin, {"wsgi.url_scheme": "http", **headers})
    assert rule(A, headers)
    assert rule(None, headers)
    for foreign in (
        "https://foreign.example",
        "null",
        f"{origin}.evil.com",
        "http://intra.example.com:8080",
        "ftp://x",
    ):
        assert not rule(foreign, {"wsgi.url_scheme": "http", **headers})


def test_any_origin_may_connect_by_default() -> None:
    assert OriginRule("*")("https://anything.example", {})
