"""`make test-production`: the server as requirements.txt alone installs it, with the newest botocore.

    python -m tests.production .venv-production/bin/python

The development environment's ministack pins botocore, so no other test sees the botocore of a deployment.
The DynamoDB is an embedded engine of the development environment. What is proved: the fast DynamoDB client
is in use, in a script and in a server that the documented command starts.
"""

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from localdynamo import credentials_of
from tests.servers import ROOT, environment_of, free_port, running
from tests.storage.dynoxide import wait_until_it_listens

SCRIPT_SECONDS = 200
IN_USE, OFF = "The fast DynamoDB client is in use", "The fast DynamoDB client is off"


def main(python: str) -> None:
    with tempfile.TemporaryDirectory() as folder, engine(Path(folder, "engine")) as env:
        check_a_script(python, Path(folder), env)
        check_a_server(python, Path(folder), env)


@contextmanager
def engine(folder: Path) -> Iterator[dict[str, str]]:
    """Runs an embedded engine of the development environment. Yields the variables of its clients."""
    port = free_port()
    command = [sys.executable, "-m", "localdynamo", "--data-dir", str(folder), "--port", str(port)]
    with subprocess.Popen([*command, "--grace", "600"], cwd=ROOT) as process:
        try:
            wait_until_it_listens(process, port)
            key_id, secret = credentials_of(folder)
            yield {
                "DYNAMODB_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": key_id,
                "AWS_SECRET_ACCESS_KEY": secret,
            }
        finally:
            process.terminate()


def check_a_script(python: str, folder: Path, env: dict[str, str]) -> None:
    environment = environment_of("eventlet", free_port(), folder, env)
    command = [python, "-m", "tests.production", "--inside"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SCRIPT_SECONDS
    )
    print(done.stdout, end="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert IN_USE in done.stderr, done.stderr
    assert "WARNING" not in done.stderr, done.stderr


def inside() -> None:
    """What the script does, run by the production environment: tables, writes and reads by the calendar."""
    import boto3
    import botocore

    from models import DynamoDBDatabase
    from teamcal.factory import create_app
    from teamcal.settings import load_settings

    assert find_spec("ministack") is None, "this isn't what requirements.txt alone installs"
    logging.basicConfig(level=logging.INFO)
    settings = load_settings()
    database = DynamoDBDatabase(settings.storage)
    database.create_tables()
    app, _ = create_app(settings, database, watch=False)
    http = app.test_client()
    answer = http.post("/api/departments", json={"name": "개발팀"})
    assert answer.status_code == 201, answer.text
    path = f"/api/events/{answer.json['department']['id']}"
    for number in range(3):
        answer = http.post(path, json={"event_date": "2024-01-20", "title": f"회의 {number}"})
        assert answer.status_code == 201, answer.text
    assert len(http.get(path).json["events"]) == 3
    assert len(DynamoDBDatabase(settings.storage).load(path.rsplit("/", 1)[1])[1]) == 3
    assert database.dynamodb.fast_client_in_use
    print(f"boto3 {boto3.__version__}, botocore {botocore.__version__}: the fast client is in use")


def check_a_server(python: str, folder: Path, env: dict[str, str]) -> None:
    """One REST write and one read by the documented command."""
    port = free_port()
    gunicorn = [str(Path(python).absolute().parent / "gunicorn"), "--worker-class", "eventlet", "-w", "1"]
    command = [*gunicorn, "app:app", "--bind", f"127.0.0.1:{port}"]
    with running(
        "eventlet", data_dir=folder / "server", env=env, port=port, tables=False, command=command
    ) as server:
        name = {"name": "총무팀"}
        created = call(f"{server.url}/api/departments", name)["department"]
        assert created in call(f"{server.url}/api/departments")["departments"]
    log = server.log()
    assert IN_USE in log, log
    assert OFF not in log, log
    assert "Traceback" not in log, log
    print("gunicorn with eventlet: one write, one read, and the fast client is in use")


def call(url: str, body: Any = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, content, {"Content-Type": "application/json"}), timeout=60) as answer:
        return json.load(answer)


if __name__ == "__main__":
    inside() if sys.argv[1] == "--inside" else main(sys.argv[1])
