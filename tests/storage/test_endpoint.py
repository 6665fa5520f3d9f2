"""Faults on a real connection, with the client that DynamoDBDatabase makes for itself."""

import socket
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from models import DynamoDBDatabase
from teamcal import deadline
from teamcal.errors import CredentialsRefused, StorageUnavailable
from teamcal.settings import Settings, StorageSettings
from teamcal.storage import client as client_module
from teamcal.storage.client import connect
from tests.engine import Answer, error, run
from tests.house import House, Server, right_now, together
from tests.storage.endpoint import HANG, endpoint, engine, taking_at_most

JSON = {"content-type": "application/x-amz-json-1.0"}


def server_at(house: House, url: str, key: str | None = "test") -> Server:
    storage = replace(house.storage, endpoint_url=url, aws_access_key_id=key, aws_secret_access_key=key)
    return Server(Settings(storage, "only-the-tests-know-it"), DynamoDBDatabase(storage), right_now)


def test_a_sound_endpoint_serves_reads_and_writes(house: House) -> None:
    with endpoint() as behind:
        server = server_at(house, behind.url)
        department = server.department()
        event = server.event(department)
        assert server.events(department) == [event]
    house.must_be_sound(department)


def test_an_endpoint_that_nobody_listens_at_is_503(
    house: House, caplog: pytest.LogCaptureFixture, short_deadline: None
) -> None:
    with endpoint() as behind:
        url = behind.url
    server = server_at(house, url)
    with taking_at_most(8):
        answer = server.http.get("/api/departments")
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert "✗ DynamoDB 연결 실패" in caplog.text
    assert url in caplog.text
    assert "Traceback" not in caplog.text
    assert server.http.get("/").status_code == 200


@pytest.mark.deadline
def test_requests_to_an_endpoint_that_never_answers_end_in_time(house: House) -> None:
    """Twenty requests at once, reads and writes, by warm and cold servers: each ends at its deadline."""
    with endpoint() as behind:
        server = server_at(house, behind.url)
        department = server.department()
        event = server.event(department)
        member = server.member(department)
        behind.behave = lambda action, body: HANG
        body = {"event_date": "2024-01-20", "title": "회의"}

        def timed(method: str, path: str, **more: Any) -> tuple[float, int]:
            began = time.monotonic()
            status = server.http.open(path, method=method, **more).status_code
            return time.monotonic() - began, status

        requests = [
            *[lambda: timed("GET", "/api/departments")] * 4,
            *[lambda: timed("GET", f"/api/events/{department}")] * 4,
            *[lambda: timed("POST", f"/api/events/{department}", json=body)] * 5,
            *[lambda: timed("PUT", f"/api/events/{event['id']}", json={"title": "수정"})] * 2,
            *[lambda: timed("POST", "/api/departments", json={"name": "새 부서"})] * 2,
            lambda: timed("DELETE", f"/api/departments/{department}"),
            lambda: timed("GET", "/api/events/unknown"),
            lambda: timed("GET", "/"),
        ]
        answers = together(*requests)
        behind.behave = engine
        behind.release()
        assert [status for _, status in answers] == [503] * 19 + [200]
        assert max(seconds for seconds, _ in answers) < 12
        assert server.events(department) == [event]
        server.event(department)
        assert [name for name, _ in member.heard()] == ["event_created"]
    house.must_be_sound(department)


GARBAGE: list[Answer] = [
    (200, {"content-type": "text/html"}, b"<html>It works!</html>"),
    (200, JSON, b""),
    (200, JSON, b'{"Items": 5'),
    (403, {"content-type": "text/html"}, b"<html>Forbidden by the proxy</html>"),
    (404, {"content-type": "text/html"}, b"<html>Not here</html>"),
    (407, {}, b""),
    (500, {"content-type": "text/html"}, b"<html>Oops</html>"),
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=str)
def test_an_answer_that_is_not_dynamodbs_is_503(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, garbage: Answer
) -> None:
    with endpoint() as behind:
        server = server_at(house, behind.url)
        department = server.department()
        behind.behave = lambda action, body: (
            garbage if action in ("Query", "Scan", "TransactWriteItems") else None
        )
        with monkeypatch.context() as shorter:
            shorter.setattr(deadline, "REQUEST_SECONDS", 5.0)
            answer = server.http.post(
                f"/api/events/{department}", json={"event_date": "2024-01-20", "title": "a"}
            )
        assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
        assert "Traceback" not in caplog.text
        behind.behave = engine
        assert server.event(department)["revision"] == 1


def test_a_connection_that_breaks_after_the_commit_writes_once(house: House) -> None:
    with endpoint() as behind:
        server = server_at(house, behind.url)
        department = server.department()
        server.events(department)
        broken: list[str] = []

        def break_once(action: str, body: bytes) -> Answer | None:
            if action == "TransactWriteItems" and not broken:
                broken.append(action)
                run(action, body)
                raise ConnectionResetError
            return None

        behind.behave = break_once
        server.event(department)
        assert len(server.events(department)) == 1
        assert broken
    house.must_be_sound(department)


def test_a_listener_that_never_accepts_is_503(house: House, short_deadline: None) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        server = server_at(house, f"http://127.0.0.1:{listener.getsockname()[1]}")
        with taking_at_most(8):
            assert server.http.get("/api/departments").status_code == 503


def test_credentials_that_come_later_are_found(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A role or a profile may be added while the server runs."""
    file = tmp_path / "credentials"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with endpoint() as behind:
        server = server_at(house, behind.url, key=None)
        answer = server.http.get("/api/departments")
        assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
        assert "자격증명 오류" in caplog.text
        file.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
        monkeypatch.setattr(client_module, "RECONNECT_SECONDS", -1.0)
        server.http.get("/api/departments")
        assert server.http.get("/api/departments").status_code == 200


def test_half_a_key_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = replace(house.storage, endpoint_url="http://127.0.0.1:1", aws_access_key_id="a")
    with pytest.raises(CredentialsRefused):
        DynamoDBDatabase(storage).read_head("x")


def test_no_secret_is_logged_or_answered(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "teamcal")
    with endpoint(lambda action, body: error("UnrecognizedClientException")) as behind:
        storage = StorageSettings(
            endpoint_url=behind.url, aws_access_key_id="AKIAVERYPUBLIC", aws_secret_access_key="very-secret"
        )
        settings = Settings(storage, "the-secret-key", redis_url="redis://:password@localhost")
        server = Server(settings, DynamoDBDatabase(storage), right_now)
        answer = server.http.get("/api/departments")
    texts = f"{settings!r} {settings} {storage!r} {answer.text} {caplog.text}"
    for secret in ("AKIAVERYPUBLIC", "very-secret", "the-secret-key", "password"):
        assert secret not in texts


def test_a_request_does_not_wait_longer_for_another_thread_to_connect(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    connecting, may_go_on = threading.Event(), threading.Event()

    def connect_slowly(settings: StorageSettings) -> Any:
        connecting.set()
        may_go_on.wait(60)
        return connect(settings)

    monkeypatch.setattr(client_module, "connect", connect_slowly)
    with endpoint() as behind:
        database = DynamoDBDatabase(
            replace(house.storage, endpoint_url=behind.url, aws_access_key_id="a", aws_secret_access_key="b")
        )
        thread = threading.Thread(target=database.read_head, args=("x",))
        thread.start()
        assert connecting.wait(60)
        with taking_at_most(10), deadline.within(3.5), pytest.raises(StorageUnavailable):
            database.read_head("x")
        may_go_on.set()
        thread.join()
        assert database.read_head("x").revision == 0
