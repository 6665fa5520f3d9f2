"""No header makes a request come from somewhere else than the configured proxies say."""

from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from teamcal.http.clients import Proxies

OFFICE, PROXY, OUTSIDE = "192.168.0.5", "10.0.0.1", "203.0.113.9"


def environ(remote: str = PROXY, **headers: str) -> dict[str, Any]:
    named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return {"REMOTE_ADDR": remote, "wsgi.url_scheme": "http", "HTTP_HOST": "127.0.0.1:8000", **named}


def client(count: int, remote: str = PROXY, **headers: str) -> tuple[str, bool]:
    found = Proxies(count).client_of(environ(remote, **headers))
    return found.address, found.is_certain


@pytest.mark.parametrize("count", range(1, 4))
@pytest.mark.parametrize("hops", range(6))
def test_the_address_is_proxy_fixes(count: int, hops: int) -> None:
    chain = ", ".join(f"198.51.100.{number}" for number in range(hops))
    request = environ(x_forwarded_for=chain) if hops else environ()
    expected = dict(request)
    ProxyFix(lambda environ, start: [], x_for=count)(expected, None)  # type: ignore[arg-type]
    assert Proxies(count).client_of(request).address == expected["REMOTE_ADDR"]
    assert Proxies(count).client_of(request).is_certain is (hops == count)


@pytest.mark.parametrize(
    ("count", "headers", "found"),
    [
        (0, {}, (PROXY, True)),
        (0, {"x_forwarded_for": OFFICE}, (PROXY, False)),
        (0, {"forwarded": f"for={OFFICE}"}, (PROXY, False)),
        (0, {"x_real_ip": OFFICE}, (PROXY, False)),
        (0, {"via": "1.1 squid"}, (PROXY, False)),
        (0, {"x_forwarded_proto": "https"}, (PROXY, False)),
        (0, {"cf_connecting_ip": OFFICE}, (PROXY, False)),
        (1, {}, (PROXY, False)),  # past the proxy, or it doesn't say for whom
        (1, {"x_forwarded_for": OFFICE}, (OFFICE, True)),
        (1, {"x_forwarded_for": OUTSIDE, "x_real_ip": OFFICE}, (OUTSIDE, True)),
        (1, {"x_forwarded_for": OUTSIDE, "forwarded": f"for={OFFICE}"}, (OUTSIDE, True)),
        (1, {"x_forwarded_for": OUTSIDE, "forwarded": f"for={OFFICE}, for=x"}, (OUTSIDE, False)),
        (1, {"x_forwarded_for": OFFICE, "via": "1.1 a, 1.1 b"}, (OFFICE, False)),
        # Sent by the client itself, or by a proxy that nobody has named: the last entries count.
        (1, {"x_forwarded_for": f"{OFFICE}, {OUTSIDE}"}, (OUTSIDE, False)),
        (1, {"x_forwarded_for": f"{OFFICE},{OUTSIDE}"}, (OUTSIDE, False)),
        (1, {"x_forwarded_for": f"{OUTSIDE}, {OFFICE}"}, (OFFICE, False)),
        (2, {"x_forwarded_for": f"{OFFICE}, {OUTSIDE}"}, (OFFICE, True)),
        (2, {"x_forwarded_for": f"{OFFICE}, {OUTSIDE}, 10.0.0.2"}, (OUTSIDE, False)),
        (1, {"x_forwarded_for": "unknown"}, ("", False)),
        (1, {"x_forwarded_for": f"{OFFICE},"}, ("", False)),
        (1, {"x_forwarded_for": "_hidden"}, ("", False)),
    ],
)
def test_who_the_client_is(count: int, headers: dict[str, str], found: tuple[str, bool]) -> None:
    assert client(count, **headers) == found


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.0.5:51234", OFFICE),
        ("::ffff:192.168.0.5", OFFICE),
        ("[::ffff:192.168.0.5]:51234", OFFICE),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("192.168.000.005", ""),
        ("0xc0a80005", ""),
        ("192.168.0.5 ", OFFICE),
    ],
)
def test_an_address_has_one_form(text: str, address: str) -> None:
    assert client(1, x_forwarded_for=text) == (address, address != "")


def test_without_a_socket_address_nobody_is_certain() -> None:
    assert client(0, remote="") == ("", False)
    assert client(1, remote="", x_forwarded_for=OFFICE) == (OFFICE, True)


def test_limits_count_what_one_client_can_use() -> None:
    def household(remote: str) -> str:
        return Proxies(0).client_of(environ(remote)).household

    assert household(OFFICE) == OFFICE
    assert household("2001:db8::1") == household("2001:db8::ffff:1") != household("2001:db8:0:1::1")
    assert household("") == ""


def test_the_log_says_what_is_certain() -> None:
    assert Proxies(1).described(environ(x_forwarded_for=OFFICE)) == OFFICE
    assert Proxies(0).described(environ(x_forwarded_for=OFFICE)) == f"{PROXY} (X-Forwarded-For: {OFFICE})"
    assert Proxies(0).described(environ(remote="")) == "a socket"


def test_it_is_found_once_a_request() -> None:
    request = environ()
    assert Proxies(0).client_of(request) is Proxies(0).client_of(request)


@pytest.mark.parametrize(
    ("count", "headers", "scheme", "host"),
    [
        (0, {"x_forwarded_proto": "https", "x_forwarded_host": "a.example"}, "http", "127.0.0.1:8000"),
        (1, {}, "http", "127.0.0.1:8000"),
        (1, {"x_forwarded_proto": "https", "x_forwarded_host": "a.example:8443"}, "https", "a.example:8443"),
        (1, {"x_forwarded_proto": "http, HTTPS"}, "https", "127.0.0.1:8000"),
        (2, {"x_forwarded_proto": "https, http", "x_forwarded_host": "a, b"}, "https", "a"),
        (2, {"x_forwarded_proto": "https"}, "https", "127.0.0.1:8000"),  # the inner proxy passes it on
        (1, {"x_forwarded_proto": "wss"}, "https", "127.0.0.1:8000"),
        (1, {"x_forwarded_proto": "gopher"}, "http", "127.0.0.1:8000"),
        (1, {"x_forwarded_proto": "", "x_forwarded_host": ""}, "http", "127.0.0.1:8000"),
    ],
)
def test_scheme_and_host_are_the_browsers(
    count: int, headers: dict[str, str], scheme: str, host: str
) -> None:
    request = environ(**headers)
    assert (Proxies(count).scheme_of(request), Proxies(count).host_of(request)) == (scheme, host)
