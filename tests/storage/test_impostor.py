"""A program that takes the embedded engine's port gets no call, however it answers; calls go on later."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from localdynamo import EngineFailed, credentials_of, demand_proof, endpoint_of, launch
from localdynamo import folder as files
from localdynamo.key import KEY
from teamcal.deadline import within
from teamcal.errors import StorageError
from teamcal.settings import StorageSettings
from teamcal.storage.client import DynamoDBClient
from tests.house import wait_until
from tests.localdynamo.engines import RunEngine
from tests.localdynamo.stores import CHANGES

pytestmark = pytest.mark.usefixtures("in_process")
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s"
Answer = Callable[[bytes], bytes]
ANSWERS: dict[str, Answer] = {
    "as DynamoDB": lambda received: JSON % (17, b'{"TableNames":[]}'),
    "what it got": lambda received: JSON % (len(received), received),
    "a proof's form": lambda received: JSON % (64, b"0" * 64),
    "an error": lambda received: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": lambda received: b"SSH-2.0-OpenSSH\r\n\r\n",
    "nothing": lambda received: b"",
    "no end": lambda received: b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 2000,
}


class Impostor:
    """Listens on the engine's old port and keeps what it receives."""

    def __init__(self, port: int, answer: Answer) -> None:
        self.received: list[bytes] = []
        self._answer, self._listener = answer, socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wait_until(lambda: self._binds(port))
        self._listener.listen(64)
        threading.Thread(target=self._serve, daemon=True).start()

    def _binds(self, port: int) -> bool:
        try:
            self._listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.settimeout(5)
                    while part := connection.recv(65536):
                        self.received.append(part)
                        connection.sendall(self._answer(part))
                except OSError:
                    pass

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def fails(call: Callable[[], object]) -> bool:
    try:
        with within(4):
            call()
    except StorageError:
        return True
    return False


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_impostor_gets_no_call(tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: str) -> None:
    folder = tmp_path / "data"
    settings = StorageSettings(endpoint_url="embedded", data_dir=folder)
    database, fresh = DynamoDBClient(settings), DynamoDBClient(settings)
    database.call("create_table", **CHANGES)
    row = {"department_id": {"S": "x"}, "revision": {"N": "1"}}
    calls = [
        lambda: database.call("put_item", TableName="changes", Item=row),
        lambda: database.call("get_item", TableName="changes", Key=row, ConsistentRead=True),
        lambda: database.call("describe_table", TableName="changes"),
        lambda: fresh.call("scan", TableName="changes"),
    ]
    for call in calls:
        call()
    assert database.fast_client_in_use
    address = files.read_address(folder)
    with pytest.MonkeyPatch.context() as nobody_restarts_it:
        nobody_restarts_it.setattr(launch, "_command", lambda *_: [sys.executable, "-c", ""])
        os.kill(address["pid"], signal.SIGKILL)
        impostor = Impostor(address["port"], ANSWERS[answer])
        assert [fails(call) for call in calls] == [True] * len(calls)
        wait_until(lambda: impostor.received)
        for part in impostor.received:
            assert part.startswith(b"POST /prove HTTP/1.1\r\n")
            assert part.count(b"\r\n") == 5
            assert b"changes" not in part
            assert b"Authorization" not in part
            assert credentials_of(folder).secret_access_key.encode() not in part
        if answer not in ("nothing", "no HTTP", "no end"):  # those are told as no answer
            assert (
                f"{address['port']}번 포트의 프로그램은 이 데이터 폴더의 내장 엔진이 아니므로" in caplog.text
            )
            assert "nothing is sent to it" in caplog.text
        assert "Traceback" not in caplog.text
        impostor.close()
    wait_until(lambda: files.read_address(folder)["pid"] != address["pid"])
    endpoint_of(folder)  # returns when this process is a user again
    wait_until(lambda: not fails(calls[1]))
    assert calls[1]()["Item"] == row
    assert files.read_address(folder)["port"] == address["port"]


def test_a_new_key_is_taken_up(tmp_path: Path) -> None:
    """Somebody deletes it while the server runs: the next engine makes a new one."""
    settings = StorageSettings(endpoint_url="embedded", data_dir=tmp_path)
    database = DynamoDBClient(settings)
    database.call("create_table", **CHANGES)
    address, old = files.read_address(tmp_path), credentials_of(tmp_path)
    (tmp_path / KEY).unlink()
    os.kill(address["pid"], signal.SIGKILL)
    wait_until(lambda: files.read_address(tmp_path)["pid"] != address["pid"])
    endpoint_of(tmp_path)
    assert credentials_of(tmp_path) != old
    wait_until(lambda: not fails(lambda: database.call("scan", TableName="changes")))


def test_an_answer_that_is_passed_on_from_the_engine_proves_nothing(run_engine: RunEngine) -> None:
    """The engine runs on another port, and the program on its old one asks it to answer the challenge."""
    engine = run_engine().ready()

    def passed_on(received: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", engine.port), 5) as real:
            real.sendall(received)
            return real.recv(65536)

    secret = credentials_of(engine.folder).secret_access_key
    with socket.create_connection(("127.0.0.1", engine.port), 5) as connection:
        demand_proof(connection, engine.port, secret, 5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    relay = Impostor(port, passed_on)
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 5) as connection,
            pytest.raises(EngineFailed, match=f"program on port {port} isn't the embedded engine"),
        ):
            demand_proof(connection, port, secret, 5)
        assert relay.received
    finally:
        relay.close()
