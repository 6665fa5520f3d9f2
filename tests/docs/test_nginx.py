"""The site for nginx: accepted as it stands, and a websocket gets through."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import socketio

from tests.docs.pages import ROOT
from tests.servers import free_port, running

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


def test_a_websocket_gets_through(tmp_path: Path) -> None:
    port = free_port()
    with running("eventlet", data_dir=tmp_path) as server:
        site = SITE.read_text("utf-8").replace("listen 80;", f"listen 127.0.0.1:{port};")
        site = site.replace("listen [::]:80;", "").replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
        with proxy(tmp_path, site, port) as url:
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
