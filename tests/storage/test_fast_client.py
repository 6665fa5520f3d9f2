"""The short way to DynamoDB says what botocore's says, and stands aside when it can't."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import botocore.auth
import pytest
from boto3.dynamodb.types import Binary
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from models import DynamoDBDatabase, from_item
from teamcal.errors import StorageUnavailable
from teamcal.storage import fast_client as shortcut
from teamcal.storage.fast_client import ShortWay
from tests.engine import error
from tests.house import House
from tests.storage.endpoint import HANG, Answer, Endpoint, endpoint, taking_at_most

JSON = {"content-type": "application/x-amz-json-1.0"}


@pytest.fixture
def behind() -> Iterator[Endpoint]:
    with endpoint() as made:
        yield made


def database_at(house: House, url: str) -> DynamoDBDatabase:
    storage = replace(house.storage, endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b")
    return DynamoDBDatabase(storage)


@pytest.fixture
def warm(house: House, behind: Endpoint) -> DynamoDBDatabase:
    """A database that has an open connection."""
    made = database_at(house, behind.url)
    made.read_head("x")
    return made


def barred(database: DynamoDBDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on botocore's own way can't be taken."""

    def refuse(*arguments: Any, **more: Any) -> None:
        raise AssertionError("the long way")

    monkeypatch.setattr(database.client, "_make_api_call", refuse)


def test_the_installed_botocore_has_a_short_way(
    house: House, warm: DynamoDBDatabase, behind: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    department = house.server().department()
    barred(warm, monkeypatch)
    before = len(behind.calls)
    for _ in range(3):
        assert warm.load(department)[1] == {}
    assert len(behind.calls) - before == 6


@pytest.mark.parametrize("token", [None, "a/session+token=="])
def test_its_signature_is_botocores(monkeypatch: pytest.MonkeyPatch, house: House, token: str | None) -> None:
    made = ShortWay(database_at(house, "https://dynamodb.eu-west-1.amazonaws.com").client)
    access = Credentials("AKIDEXAMPLE", "secret/key", token)
    made._credentials = access
    request = made._signed("GetItem", '{"Key":"회의"}'.encode())
    at = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: at)
    other = AWSRequest("POST", request.url, {"X-Amz-Target": request.headers["X-Amz-Target"]}, request.body)
    SigV4Auth(access, "dynamodb", made._region).add_auth(other)
    assert request.headers["Authorization"] == other.headers["Authorization"]
    assert request.headers.get("X-Amz-Security-Token") == token


def test_renewed_credentials_sign_the_next_request(warm: DynamoDBDatabase) -> None:
    class Renewed:
        keys = iter([("first", "a"), ("first", "a"), ("second", "b")])

        def get_frozen_credentials(self) -> ReadOnlyCredentials:
            key, secret = next(self.keys)
            return ReadOnlyCredentials(key, secret, "token", "")

    way = warm._way()
    way._credentials = Renewed()
    seen = [way._signed("GetItem", b"{}").headers["Authorization"] for _ in range(3)]
    assert [one.split("Credential=")[1].split("/")[0] for one in seen] == ["first", "first", "second"]
    assert seen[1].rsplit("=", 1)[1] != seen[2].rsplit("=", 1)[1]


REASONS = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}]
FAULTS: list[Answer] = [
    error("ResourceNotFoundException", "Requested resource not found"),
    error("TransactionCanceledException", "Transaction cancelled", CancellationReasons=REASONS),
    error("ProvisionedThroughputExceededException"),
    error("SomethingNewException", "웬일이죠"),
    error("InternalServerError", status=500),
    (500, {"content-type": "text/html"}, b"<html>Oops</html>"),
    (403, {"content-type": "text/html"}, b"<html>Forbidden</html>"),
    (503, {}, b""),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_its_errors_are_botocores(warm: DynamoDBDatabase, behind: Endpoint, fault: Answer) -> None:
    behind.behave = lambda action, body: fault
    params = {"TransactItems": [{"Delete": {"TableName": "t", "Key": {"id": {"S": "a"}}}}]}
    told = []
    ways: list[Callable[[], Any]] = [
        lambda: warm.client.transact_write_items(**params),
        lambda: warm._way()._ask("TransactWriteItems", params),
    ]
    for way in ways:
        with pytest.raises(ClientError) as caught:
            way()
        answer = caught.value.response
        kept = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        metadata = answer["ResponseMetadata"]
        told.append((type(caught.value), kept, metadata["HTTPStatusCode"]))
    assert told[0] == told[1]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"Item": 5', b"<html>", b"\xff"])
def test_what_is_no_answer(warm: DynamoDBDatabase, behind: Endpoint, body: bytes) -> None:
    behind.behave = lambda action, given: (200, {"content-type": "text/html"}, body)
    try:
        answer = warm._way()._ask("GetItem", {"TableName": "t", "Key": {}})
    except ResponseParserError:
        return
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "text/html"
    with pytest.raises(StorageUnavailable):
        warm.read_head("x")


def test_binary_values_take_either_way(house: House, warm: DynamoDBDatabase) -> None:
    item: dict[str, Any] = {
        "department_id": {"S": "binary"}, "revision": {"N": "5"}, "one": {"B": b"\x00\xff"},
        "several": {"BS": [b"\x01", b"\x02"]}, "inside": {"L": [{"M": {"deep": {"B": b"\x03"}}}]},
    }  # fmt: skip
    table = house.storage.changes_table
    key = {name: item[name] for name in ("department_id", "revision")}
    warm._call("transact_write_items", TransactItems=[{"Put": {"TableName": table, "Item": item}}])
    barred_from_now = warm._way()._ask("PutItem", {"TableName": table, "Item": item})
    assert "ResponseMetadata" in barred_from_now
    by_hand = warm.client.get_item(TableName=table, Key=key)["Item"]
    shortly = warm._way()._ask("GetItem", {"TableName": table, "Key": key})["Item"]
    assert from_item(shortly) == from_item(by_hand)
    assert from_item(shortly)["one"] == Binary(b"\x00\xff")


def test_a_connection_that_was_closed_while_it_rested_is_not_told(
    warm: DynamoDBDatabase, behind: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    closed: list[str] = []

    def hang_up(action: str, body: bytes) -> Answer | None:
        if not closed:
            closed.append(action)
            raise ConnectionResetError
        return None

    behind.behave = hang_up
    assert warm.read_head("x").revision == 0
    assert closed
    assert caplog.text == ""


def test_a_connection_that_is_found_closed_is_left(
    warm: DynamoDBDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortcut, "IDLE_SECONDS", 0.0)
    (_, connection) = warm._way()._open[0]
    connection.sock.shutdown(socket.SHUT_RDWR)
    assert warm.read_head("x").revision == 0
    assert connection.sock is None


def test_who_has_waited_does_not_wait_again(warm: DynamoDBDatabase, behind: Endpoint) -> None:
    behind.behave = lambda action, body: HANG
    with taking_at_most(3.2), pytest.raises(OSError, match="timed out"):
        warm._way()._ask("GetItem", {"TableName": "t", "Key": {}})
    behind.release()
    assert not warm._way()._open


def test_another_botocore_is_left_alone(house: House, behind: Endpoint) -> None:
    database = database_at(house, behind.url)
    del database.client._endpoint.http_session._manager
    assert not ShortWay(database.client)._works
    database.client._endpoint.http_session = database_at(house, behind.url).client._endpoint.http_session
    assert database.read_head("x").revision == 0
    assert database.read_head("x").revision == 0


class Chunked:
    """An endpoint with answers in pieces, as HTTP allows them."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                body = json.dumps({"Item": {"head": {"N": "3"}, "change_id": {"S": "c"}}}).encode()
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
                )


def test_an_endpoint_that_speaks_another_http_is_served_the_long_way(house: House) -> None:
    chunked = Chunked()
    with closing(chunked.listener):
        database = database_at(house, chunked.url)
        assert [database.read_head("x").revision for _ in range(3)] == [3, 3, 3]
        assert not database._way()._works


def test_many_at_once_each_get_their_own_answer(house: House, behind: Endpoint) -> None:
    database = database_at(house, behind.url)
    table = house.storage.departments_table
    for number in range(8):
        database.client.put_item(
            TableName=table, Item={"id": {"S": f"many-{number}"}, "name": {"S": str(number)}}
        )
    wrong: list[Any] = []

    def read(number: int) -> None:
        for _ in range(50):
            found = database.read_department(f"many-{number}")
            if found is None or found["name"] != str(number):
                wrong.append((number, found))

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(8):
        database.client.delete_item(TableName=table, Key={"id": {"S": f"many-{number}"}})
    assert wrong == []
