"""The site for nginx: accepted as it stands, a websocket gets through, no 502; and a prefix of a proxy."""

import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
import socketio

from tests.docs.pages import ROOT
from tests.house import together
from tests.servers import Server, free_port, running
from tests.web import test_page as page_tests

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin")
SITE = ROOT / "deploy" / "ec2" / "team-calendar.nginx"
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


def configuration(folder: Path, site: str) -> Path:
    """A whole configuration around `site` that writes nowhere but in `folder`."""
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{site}\n}}\n",
        "utf-8",
    )
    return file


def until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@contextmanager
def proxy(folder: Path, site: str, port: int) -> Iterator[str]:
    command = [str(NGINX), "-c", str(configuration(folder, site)), "-e", "stderr"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until_it_listens(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def test_it_is_accepted_as_it_stands(tmp_path: Path) -> None:
    file = configuration(tmp_path, SITE.read_text("utf-8"))
    done = subprocess.run(
        [str(NGINX), "-t", "-c", str(file), "-e", "stderr"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def site_of(server: Server, port: int) -> str:
    """The site as it stands, but for the ports."""
    site = SITE.read_text("utf-8").replace("listen 80;", f"listen 127.0.0.1:{port};")
    return site.replace("listen [::]:80;", "").replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")


def test_a_websocket_gets_through(tmp_path: Path) -> None:
    port = free_port()
    site = partial(site_of, port=port)
    with running("eventlet", data_dir=tmp_path) as server, proxy(tmp_path, site(server), port) as url:
        made = requests.post(f"{server.url}/api/departments", json={"name": "개발팀"}, timeout=60)
        department = made.json()["department"]["id"]
        with socketio.SimpleClient() as member:
            member.connect(url, transports=["websocket"], wait_timeout=60)
            assert member.transport == "websocket"
            assert member.receive(60)[0] == "connected"
            member.call("join_department", {"department_id": department}, timeout=60)
            assert member.receive(60)[0] == "joined_department"
            event = {"event_date": "2024-01-20", "title": "팀 회의"}
            assert requests.post(f"{url}/api/events/{department}", json=event, timeout=60).ok
            name, payload = member.receive(60)
            assert (name, payload["title"]) == ("event_created", "팀 회의")
        # Refusals are the server's own, in JSON, not the proxy's pages.
        doubled = requests.get(f"{url}/api//departments", timeout=60)
        assert doubled.json()["code"] == "not_found"
        large = requests.post(f"{url}/api/departments", data=b"x" * 1_200_000, timeout=60)
        assert large.json()["code"] == "payload_too_large"


@pytest.mark.parametrize("rounds", [3, pytest.param(12, marks=pytest.mark.slow)])
def test_a_request_on_a_connection_that_was_idle_for_five_seconds(tmp_path: Path, rounds: int) -> None:
    """gunicorn closes idle connections after 5 s. A POST that nginx sends at that moment isn't repeated."""
    port, statuses = free_port(), []

    def client(number: int, url: str, start: float) -> None:
        with requests.Session() as session:
            for turn in range(rounds):
                time.sleep(max(0.0, start + turn * (4.985 + 0.001 * number) - time.monotonic()))
                statuses.append(session.post(f"{url}/api/departments", json={}, timeout=60).status_code)

    with (
        running("eventlet", data_dir=tmp_path) as server,
        proxy(tmp_path, site_of(server, port), port) as url,
    ):
        start = time.monotonic() + 0.5
        together(*(partial(client, number, url, start) for number in range(30)))
    assert statuses == [400] * 30 * rounds


PREFIXED = """
map $http_upgrade $kept { default upgrade; "" ""; }
server {
    listen 127.0.0.1:PORT;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $kept;
    SCRIPT_NAME
    location /calendar/ { proxy_pass http://127.0.0.1:SERVERPATH; }
}
"""
STRIPPED, KEPT = ("/", ""), ("", "proxy_set_header SCRIPT_NAME /calendar;")
"""What comes after the server's address, and the header that tells gunicorn the prefix."""


@pytest.mark.parametrize(("path", "header"), [STRIPPED, KEPT], ids=["stripped", "kept"])
def test_the_page_works_under_a_prefix(tmp_path: Path, path: str, header: str) -> None:
    port = free_port()
    with running("eventlet", data_dir=tmp_path) as server:
        site = PREFIXED.replace("SERVERPATH", f"{server.port}{path}").replace("SCRIPT_NAME", header, 1)
        with proxy(tmp_path, site.replace("PORT", str(port)), port) as url:
            page = requests.get(f"{url}/calendar", headers={"Accept": "text/html"}, timeout=60)
            assert page.url == f"{url}/calendar/"
            files = re.findall(r'(?:href|src)="\./(web/[^"#]+)"', page.text)
            assert len(files) > 3
            for file in files:
                found = requests.get(urljoin(page.url, file), timeout=60)
                assert found.status_code == 200, file
                assert "text/html" not in found.headers["Content-Type"]
            with socketio.SimpleClient() as member:
                member.connect(url, socketio_path="/calendar/socket.io", wait_timeout=60)
                assert member.receive(60)[0] == "connected"
            if page_tests.CHROMIUM and (page_tests.WEB / "node_modules" / "playwright-core").is_dir():
                page_tests.run("e2e/two-pages.mjs", f"{url}/calendar/", seconds=250)
