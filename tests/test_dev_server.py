"""`python app.py` ends at Ctrl-C; gunicorn reads its settings unasked, and its workers leave no orphan."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.house import wait_until
from tests.http.test_answers import worker_of
from tests.realtime.raw_clients import RawWebsocket
from tests.rest.raw_http import exchange, request
from tests.servers import ROOT, Worker, environment_of, free_port, running


def test_ctrl_c_ends_the_development_server(tmp_path: Path) -> None:
    with running("python", data_dir=tmp_path, tables=False) as server:
        client = RawWebsocket(server.url).connect()
        server.interrupt()
        server.wait(60)
        client.receive_until_closed()
        assert "Traceback" not in server.log()


def test_a_port_in_use_is_said_in_a_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = environment_of("python", port, tmp_path, None)
        done = subprocess.run(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100
        )
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread"])
def test_gunicorn_finds_its_settings_in_the_folder(worker: str) -> None:
    command = [
        str(Path(sys.executable).parent / "gunicorn"),
        "--worker-class",
        worker,
        "--print-config",
        "app:app",
    ]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100).stdout
    settings = dict(line.split("=", 1) for line in shown.replace(" ", "").splitlines() if "=" in line)
    assert settings["worker_connections"] == "20000"
    assert settings["limit_request_line"] == "4094"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread"])
def test_a_worker_ends_when_its_master_is_killed(tmp_path: Path, worker: Worker) -> None:
    port = free_port()
    with running(worker, data_dir=tmp_path, port=port, tables=False) as server:
        client, pid = RawWebsocket(server.url).connect(), worker_of(server)
        os.kill(server.pid, signal.SIGKILL)
        client.receive_until_closed()
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), seconds=30)
        with running(worker, data_dir=tmp_path, port=port, tables=False):
            assert request(port, "GET", "/")[0] == 200


def test_an_idle_connection_of_the_development_server_ends(tmp_path: Path) -> None:
    with running("python", data_dir=tmp_path, tables=False) as server:
        before = time.monotonic()
        head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        assert exchange(server.port, head).startswith(b"HTTP/1.1 200 OK")
        assert exchange(server.port, b"") == b""
        assert time.monotonic() - before < 40
