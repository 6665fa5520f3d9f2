"""The page with AUTH_MODE=token in real browsers: signing in, what one may, how it ends; names without it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests import certificates
from tests.docs.test_nginx import proxy, site_of
from tests.servers import Server, free_port, running
from tests.signin.provider import Provider
from tests.signin.provider import running as running_provider
from tests.signin.test_servers import setup_code
from tests.web.test_foreign_pages import needs_nginx, with_tls
from tests.web.test_page import needs_browser, run


def follow(server: Server, *command: str, seconds: float = 280) -> None:
    try:
        run(*command, seconds=seconds)
    except AssertionError as error:
        error.add_note(server.log())
        raise


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_people_with_different_roles(tmp_path: Path) -> None:
    """As a new administrator does: from the first start to people with roles in browsers of their own."""
    env = {"AUTH_MODE": "token", "TRUSTED_PROXIES": "1"}
    with running("eventlet", data_dir=tmp_path, env=env) as server:
        link = f"{server.url}/#setup={setup_code(server)}"
        assert link in server.log()
        follow(server, "e2e/signing-in.mjs", server.url, link)


@needs_browser
@pytest.mark.slow
def test_a_name_that_one_gives_oneself(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/names.mjs", server.url, "open")


@needs_browser
@pytest.mark.slow
def test_a_guest_names_himself_and_edits_what_is_open(tmp_path: Path) -> None:
    """What existed when token mode was first started is open to guests of the office's network."""
    with running("eventlet", data_dir=tmp_path) as server:
        made = requests.post(f"{server.url}/api/departments", json={"name": "개발팀"}, timeout=20)
        assert made.status_code == 201
    env = {"AUTH_MODE": "token", "GUEST_NETWORKS": "127.0.0.0/8"}
    with running("eventlet", data_dir=tmp_path, env=env) as server:
        follow(server, "e2e/names.mjs", server.url, "guest")


@contextmanager
def at_a_company(folder: Path, **settings: str) -> Iterator[tuple[Server, Provider]]:
    """A server where one signs in at an identity provider."""
    with running_provider(tls=certificates.server_side()) as provider:
        provider.client_secret = "secret"
        env = {
            "AUTH_MODE": "token",
            "OIDC_ISSUER": provider.issuer,
            "OIDC_CLIENT_ID": provider.client_id,
            "OIDC_CLIENT_SECRET": "secret",
            "SSL_CERT_FILE": certificates.bundle(folder),
        }
        with running("eventlet", data_dir=folder, env=env | settings) as server:
            yield server, provider


@needs_browser
@pytest.mark.slow
def test_an_identity_provider(tmp_path: Path) -> None:
    with at_a_company(tmp_path) as (server, provider):
        follow(server, "e2e/provider.mjs", server.url, provider.user["name"])
        provider.change_return = lambda parameters: parameters | {"state": "another"}
        follow(server, "e2e/provider.mjs", server.url)


@needs_browser
@needs_nginx
@pytest.mark.slow
def test_behind_nginx_over_tls(tmp_path: Path) -> None:
    """With a cookie that is bound to the host, for REST and the websocket, and the provider's way back."""
    port = free_port()
    own = f"https://127.0.0.1:{port}"
    with at_a_company(tmp_path, PUBLIC_URL=own, TRUSTED_PROXIES="1") as (server, provider):
        site = with_tls(site_of(server, port), tmp_path, port, "127.0.0.1")
        with proxy(tmp_path, site, port):
            follow(server, "e2e/provider.mjs", own, provider.user["name"])
