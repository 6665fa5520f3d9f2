"""DynamoDB over TLS, as at AWS, under the workers that patch the standard library."""

import json
import subprocess
import sys
import threading
from typing import Any

import pytest

from tests.engine import error
from tests.rest.raw_http import Wire, request
from tests.servers import ROOT
from tests.storage.endpoint import HANG, engine, taking_at_most
from tests.tls_server import Real

JSON = {"Content-Type": "application/json"}


@pytest.fixture(params=["eventlet", "gevent"])
def real(request: pytest.FixtureRequest) -> Real:
    return request.getfixturevalue(f"{request.param}_server")


def call(real: Real, method: str, path: str, **body: Any) -> tuple[int, Any]:
    content = json.dumps(body).encode() if body else None
    status, _, answer = request(real.server.port, method, path, content, JSON)
    return status, json.loads(answer)


def test_a_server_reads_and_writes_over_tls(real: Real) -> None:
    status, answer = call(real, "POST", "/api/departments", name="보안팀")
    assert status == 201
    department = answer["department"]["id"]
    member = Wire(real.server.port)
    member.send(f'42["join_department",{{"department_id":"{department}"}}]')
    assert member.until_now()[0][0] == "joined_department"
    status, answer = call(real, "POST", f"/api/events/{department}", event_date="2024-01-20", title="회의")
    assert status == 201
    assert call(real, "GET", f"/api/events/{department}")[1]["events"] == [answer["event"]]
    ((name, payload),) = member.until_now()
    assert (name, payload["id"], payload["title"]) == ("event_created", answer["event"]["id"], "회의")
    assert real.house.stored_event(answer["event"]["id"])["title"] == "회의"
    assert "TransactWriteItems" in real.endpoint.calls


def test_a_certificate_of_an_unknown_authority_is_refused(real: Real) -> None:
    """Nothing is sent to an endpoint whose certificate can't be verified."""
    script = "from models import DynamoDBDatabase; DynamoDBDatabase().read_head('x')"
    env = {
        "DYNAMODB_ENDPOINT_URL": real.endpoint.url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        "PYTHON_DOTENV_DISABLED": "1",
    }  # fmt: skip
    before = len(real.endpoint.calls)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode != 0
    assert "SSLError" in done.stderr
    assert len([one for one in real.endpoint.calls[before:] if one == "GetItem"]) <= 1  # the server's timer


@pytest.mark.parametrize(
    ("behave", "code"),
    [
        (lambda action, body: HANG, "storage_unavailable"),
        (lambda action, body: error("UnrecognizedClientException"), "storage_unavailable"),
    ],
)
def test_a_server_recovers_with_its_database(real: Real, behave: Any, code: str) -> None:
    _, answer = call(real, "POST", "/api/departments", name=f"복구팀 {code} {id(behave)}")
    department = answer["department"]["id"]
    real.endpoint.behave = behave
    answers: list[Any] = []

    def ask() -> None:
        answers.append(call(real, "GET", f"/api/events/{department}"))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    try:
        with taking_at_most(8):
            for thread in threads:
                thread.start()
            assert call(real, "GET", "/")[0] == 200
            for thread in threads:
                thread.join()
    finally:
        real.endpoint.behave = engine
        real.endpoint.release()
    assert {status for status, _ in answers} == {503}
    # Requests that waited for another's read only know that nothing answered in time.
    assert code in {answer["code"] for _, answer in answers} <= {code, "storage_unavailable"}
    assert call(real, "GET", f"/api/events/{department}")[0] == 200
    status, _ = call(real, "POST", f"/api/events/{department}", event_date="2024-01-20", title="회의")
    assert status == 201
    log = real.server.log()
    assert "Traceback" not in log
    for secret in ("AKIAVERYPUBLIC", "very-secret", "a-key-that-only-the-tests-know"):
        assert secret not in log
