"""What pages of other origins read and write in a real Chromium, of a server that knows its own pages."""

import http.server
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from tests.docs.test_nginx import NGINX, proxy, site_of
from tests.servers import free_port, running
from tests.signin.test_servers import setup_code
from tests.web.test_page import needs_browser, run

pytestmark = [needs_browser, pytest.mark.slow]
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

OWN, NEIGHBOUR, FOREIGN, FRIEND, REBOUND = (
    "calendar.test",
    "other.calendar.test",
    "evil.example",
    "friend.example",
    "rebind.evil.example",
)
READS = {f"read by {way}" for way in ("fetch", "polling", "websocket")}
WRITES = {f"write by {way}" for way in ("POST", "PUT", "DELETE")}


class EmptyPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = b"<!doctype html><title>another site</title><body></body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of a server whose pages are empty, under whatever name."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def results(own: str, direct: str, elsewhere: int, **more: Any) -> dict[str, Any]:
    """What each page could do: a foreign one, of the same site, of the same host, a friend, a rebound one.

    `more`: cookies and headers of somebody who is signed in.
    """
    port = own.rsplit(":", 1)[1].strip("/")
    foreign = [f"http://{name}:{elsewhere}/" for name in (FOREIGN, NEIGHBOUR, OWN)]
    config = {
        "own": own,
        "direct": direct,
        "foreign": foreign,
        "friends": [f"http://{FRIEND}:{elsewhere}/"],
        "rebound": f"{own.partition(':')[0]}://{REBOUND}:{port}/",
        "names": dict.fromkeys((OWN, NEIGHBOUR, FOREIGN, FRIEND, REBOUND), "127.0.0.1"),
        **more,
    }
    found: dict[str, Any] = json.loads(run("e2e/foreign-pages.mjs", json.dumps(config), seconds=250))
    return {url: {**result, "succeeded": set(result["succeeded"])} for url, result in found.items()}


def must_be_closed(found: dict[str, Any]) -> None:
    *foreign, friend, rebound = found.values()
    for result in foreign:
        assert result["succeeded"] == set(), found
        assert result["statuses"] == [403], found  # they came, and were refused for their origin
    assert friend["succeeded"] == READS | WRITES, found
    assert rebound["succeeded"] == set(), found
    assert rebound["statuses"] == [421], found


def closed(own: str, elsewhere: int) -> dict[str, str]:
    return {"CORS_ORIGINS": f"http://{FRIEND}:{elsewhere}", "PUBLIC_URL": own}


def test_only_pages_that_are_named_read_and_write(tmp_path: Path, elsewhere: int) -> None:
    port = free_port()
    own = f"http://{OWN}:{port}"
    with running("eventlet", data_dir=tmp_path, port=port, env=closed(own, elsewhere)) as server:
        must_be_closed(results(own, server.url, elsewhere))


@pytest.mark.slow
def test_neither_a_cookie_nor_a_guests_address_lends_them_anything(tmp_path: Path, elsewhere: int) -> None:
    """Whoever visits them is an administrator with a session here, and sits in a network of guests."""
    port = free_port()
    own = f"http://{OWN}:{port}"
    env = closed(own, elsewhere) | {"AUTH_MODE": "token", "GUEST_NETWORKS": "127.0.0.0/8"}
    with running("eventlet", data_dir=tmp_path, port=port, env=env) as server:
        session = f"{server.url}/api/session"
        head = {"login": "admin", "password": "a long password"}
        made = requests.post(session, json={**head, "setup": setup_code(server), "token": True}, timeout=20)
        signed_in = requests.post(session, json=head, timeout=20)
        cookie = {
            "name": "teamcal",
            "value": signed_in.cookies["teamcal"],
            "httpOnly": True,
            "sameSite": "Lax",
        }
        person = {
            "cookies": [{**cookie, "url": own}],
            "headers": {"Authorization": f"Bearer {made.json()['token']}"},
        }
        *foreign, friend, rebound = results(own, server.url, elsewhere, **person).values()
    for result in foreign:
        assert result["succeeded"] == set(), result
        assert result["statuses"] == [403], result
    # A page that is named is a guest as everybody there; but it never has the cookie.
    assert friend["succeeded"] == READS, friend
    assert rebound["succeeded"] == set(), rebound


@pytest.mark.slow
def test_by_default_they_do(tmp_path: Path, elsewhere: int) -> None:
    """Without settings, as the documented clients need it. It shows that the tries of this test are real."""
    port = free_port()
    with running("eventlet", data_dir=tmp_path, port=port) as server:
        *pages, rebound = results(f"http://{OWN}:{port}", server.url, elsewhere).values()
        for page in pages:
            assert page["succeeded"] >= READS | WRITES
        assert rebound["succeeded"] >= READS | WRITES


TLS = "ssl_certificate {folder}/certificate.pem;\n    ssl_certificate_key {folder}/key.pem;"


def with_tls(site: str, folder: Path, port: int, *names: str) -> str:
    """The site of nginx on `port`, with a certificate for `names` that is made in `folder`."""
    certificate = trustme.CA().issue_cert(*names)
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    secure = f"listen 127.0.0.1:{port} ssl;\n    {TLS.format(folder=folder)}"
    return site.replace(f"listen 127.0.0.1:{port};", secure)


@needs_nginx
@pytest.mark.parametrize("tls", [pytest.param(False, marks=pytest.mark.slow), True], ids=["http", "https"])
def test_the_own_page_works_behind_nginx(tmp_path: Path, elsewhere: int, tls: bool) -> None:
    port = free_port()
    own = f"{'https' if tls else 'http'}://{OWN}:{port}"
    env = closed(own, elsewhere) | {"TRUSTED_PROXIES": "1"}
    with running("eventlet", data_dir=tmp_path, env=env) as server:
        site = partial(site_of, port=port)(server)
        if tls:
            site = with_tls(site, tmp_path, port, OWN, REBOUND)
        with proxy(tmp_path, site, port):
            must_be_closed(results(own, server.url, elsewhere))
