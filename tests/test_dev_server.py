"""`python app.py` ends at Ctrl-C, whoever is connected; gunicorn reads its settings unasked."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.realtime.raw_clients import RawWebsocket
from tests.servers import ROOT, environment_of, running


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
