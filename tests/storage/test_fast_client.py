"""The fast client returns and raises what botocore's client does, and says when it can't be used."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import botocore.auth
import pytest
from boto3.dynamodb.types import Binary
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError
from urllib3.util.wait import wait_for_read

from models import DynamoDBDatabase
from teamcal.errors import CredentialsRefused, StorageUnavailable
from teamcal.library_internals import BOTOCORE
from teamcal.settings import StorageSettings
from teamcal.storage import client as client_module
from teamcal.storage import fast_client as fast_module
from teamcal.storage.client import connect
from teamcal.storage.codec import from_item
from teamcal.storage.fast_client import FastClient, look_inside
from teamcal.storage.http_exchange import UnexpectedHttp
from teamcal.storage.signature import Signer
from tests.engine import Answer, error
from tests.house import House
from tests.storage.endpoint import HANG, Endpoint, endpoint, taking_at_most

GET = {"TableName": "t", "Key": {}}


@pytest.fixture
def behind() -> Iterator[Endpoint]:
    with endpoint() as behind:
        yield behind


def settings_at(house: House, url: str) -> StorageSettings:
    return replace(house.storage, endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def database(house: House, behind: Endpoint) -> DynamoDBDatabase:
    """A database that has an open connection; the endpoint's record begins after it was opened."""
    database = DynamoDBDatabase(settings_at(house, behind.url))
    database.read_head("x")
    behind.calls.clear()
    return database


@pytest.fixture
def fast(house: House, behind: Endpoint) -> FastClient:
    """A fast client that has an open connection."""
    fast = FastClient(connect(settings_at(house, behind.url)))
    key = {"department_id": {"S": "x"}, "revision": {"N": "0"}}
    fast.call("get_item", {"TableName": house.storage.changes_table, "Key": key})
    behind.calls.clear()
    return fast


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


# As botocore


def test_it_is_in_use_with_the_installed_botocore(
    house: House, database: DynamoDBDatabase, behind: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert not database.dynamodb.fast_client_in_use
    department = house.server().department()
    for _ in range(3):
        assert database.load(department)[1] == {}
    assert behind.calls == behind.fast_calls
    assert len(behind.calls) == 6
    assert database.dynamodb.fast_client_in_use
    assert "in use" in caplog.text
    assert not warnings(caplog)


@pytest.mark.parametrize("token", [None, "a/session+token=="])
def test_its_signature_is_botocores(monkeypatch: pytest.MonkeyPatch, token: str | None) -> None:
    access, body = Credentials("AKIDEXAMPLE", "secret/key", token), '{"Key":"회의"}'.encode()
    host = "dynamodb.eu-west-1.amazonaws.com"
    headers = Signer(access, "eu-west-1", "dynamodb", host).headers("GetItem", body)
    at = datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: at)
    request = AWSRequest("POST", f"https://{host}/", {"X-Amz-Target": headers["X-Amz-Target"]}, body)
    SigV4Auth(access, "dynamodb", "eu-west-1").add_auth(request)
    assert headers["Authorization"] == request.headers["Authorization"]
    assert headers.get("X-Amz-Security-Token") == token


def test_renewed_credentials_sign_the_next_request() -> None:
    class Renewed:
        keys = iter([("first", "a"), ("first", "a"), ("second", "b")])

        def get_frozen_credentials(self) -> ReadOnlyCredentials:
            key, secret = next(self.keys)
            return ReadOnlyCredentials(key, secret, "token", "")

    signer = Signer(Renewed(), "eu-west-1", "dynamodb", "localhost")
    signatures = [signer.headers("GetItem", b"{}")["Authorization"] for _ in range(3)]
    keys = [signature.split("Credential=")[1].split("/")[0] for signature in signatures]
    assert keys == ["first", "first", "second"]
    assert signatures[1].rsplit("=", 1)[1] != signatures[2].rsplit("=", 1)[1]


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
def test_its_errors_are_botocores(fast: FastClient, behind: Endpoint, fault: Answer) -> None:
    behind.behave = lambda action, body: fault
    params = {"TransactItems": [{"Delete": {"TableName": "t", "Key": {"id": {"S": "a"}}}}]}
    errors = []
    for call in (
        lambda: fast.call("transact_write_items", params),
        lambda: fast.client.transact_write_items(**params),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        response = caught.value.response
        facts = {name: value for name, value in response.items() if name != "ResponseMetadata"}
        errors.append((type(caught.value), facts, response["ResponseMetadata"]["HTTPStatusCode"]))
    assert errors[0] == errors[1]
    assert (len(behind.calls), len(behind.fast_calls)) == (2, 1)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"Item": 5', b"<html>", b"\xff"])
def test_garbage_is_an_exception_or_found_out_by_its_type(
    fast: FastClient, database: DynamoDBDatabase, behind: Endpoint, body: bytes
) -> None:
    behind.behave = lambda action, request: (200, {"content-type": "text/html"}, body)
    try:
        answer = fast.call("get_item", GET)
    except ResponseParserError:
        return
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "text/html"
    with pytest.raises(StorageUnavailable):
        database.read_head("x")


def test_binary_values_go_both_ways(house: House, fast: FastClient, behind: Endpoint) -> None:
    item: dict[str, Any] = {
        "department_id": {"S": "binary"},
        "revision": {"N": "5"},
        "alone": {"B": b"\x00\xff"},
        "several": {"BS": [b"\x01", b"\x02"]},
        "inside": {"L": [{"M": {"deep": {"B": b"\x03"}}}]},
    }
    table = house.storage.changes_table
    key = {name: item[name] for name in ("department_id", "revision")}
    fast.call("transact_write_items", {"TransactItems": [{"Put": {"TableName": table, "Item": item}}]})
    by_fast = fast.call("get_item", {"TableName": table, "Key": key})["Item"]
    assert behind.fast_calls == ["TransactWriteItems", "GetItem"]
    by_botocore = fast.client.get_item(TableName=table, Key=key)["Item"]
    assert from_item(by_fast) == from_item(by_botocore)
    assert from_item(by_fast)["alone"] == Binary(b"\x00\xff")


def test_many_at_once_each_get_their_own_answer(house: House, database: DynamoDBDatabase) -> None:
    names = {f"many-{number}": str(number) for number in range(8)}
    for department_id, name in names.items():
        house.put_department(id=department_id, name=name)
    wrong: list[Any] = []

    def read(department_id: str) -> None:
        for _ in range(50):
            department = database.read_department(department_id)
            if department is None or department["name"] != names[department_id]:
                wrong.append((department_id, department))

    threads = [threading.Thread(target=read, args=(department_id,)) for department_id in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# One call through botocore


@pytest.mark.parametrize("idle_seconds", [0.0, 1.0], ids=["looked at", "used at once"])
def test_a_connection_that_was_closed_while_idle_is_opened_again(
    fast: FastClient, behind: Endpoint, monkeypatch: pytest.MonkeyPatch, idle_seconds: float
) -> None:
    monkeypatch.setattr(fast_module, "IDLE_SECONDS", idle_seconds)
    behind.behave = lambda action, body: error("ResourceNotFoundException")
    behind.hangs_up = True
    with pytest.raises(ClientError):
        fast.call("get_item", GET)
    assert wait_for_read(fast._connections[-1][1].sock, 5)  # that it was closed has arrived
    with pytest.raises(ClientError):
        fast.call("get_item", GET)
    assert behind.calls == ["GetItem", "GetItem"]
    assert behind.fast_calls == ["GetItem"]
    assert not fast.off


def test_a_call_that_breaks_is_made_again_without_a_word(
    database: DynamoDBDatabase, behind: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    broken: list[str] = []

    def hang_up(action: str, body: bytes) -> Answer | None:
        if not broken:
            broken.append(action)
            raise ConnectionResetError
        return None

    behind.behave = hang_up
    assert database.read_head("x").revision == 0
    assert broken
    assert caplog.text == ""


def test_a_call_that_has_waited_is_not_repeated(fast: FastClient, behind: Endpoint) -> None:
    behind.behave = lambda action, body: HANG
    with taking_at_most(3.2), pytest.raises(OSError, match="timed out"):
        fast.call("get_item", GET)
    assert behind.calls == behind.fast_calls == ["GetItem"]
    behind.release()


def test_text_that_is_no_unicode_is_left_to_botocore(fast: FastClient, behind: Endpoint) -> None:
    with pytest.raises((ClientError, UnicodeError)):
        fast.call("get_item", {"TableName": "t", "Key": {"id": {"S": "\ud800"}}})
    assert behind.fast_calls == []
    assert not fast.off


# Everything through botocore: one WARNING says so

OTHER_POOL = SimpleNamespace(pool=[], num_connections=0)


def without(name: str, replace_by: Any = None) -> Callable[[Any, pytest.MonkeyPatch], None]:
    """Takes away what is at the dotted `name` of a client, or replaces it."""
    *path, last = name.split(".")

    def take_away(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        owner = client
        for part in path:
            owner = getattr(owner, part)
        if replace_by is not None:
            monkeypatch.setattr(owner, last, replace_by)
        elif last in vars(owner):
            monkeypatch.delattr(owner, last)
        else:
            monkeypatch.delattr(type(owner), last)

    return take_away


def without_error_shapes(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ServiceModel, "shape_for_error_code")


def without_parsers(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def create_parser(protocol: str, and_more: str) -> None:
        """Of another botocore."""

    monkeypatch.setattr(fast_module, "create_parser", create_parser)


def pool_with(**attributes: Any) -> Callable[[Any, pytest.MonkeyPatch], None]:
    """Replaces attributes of the pool of connections; None takes one away."""

    def change(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        pool = client._endpoint.http_session._manager.connection_from_url(client.meta.endpoint_url)
        for name, value in attributes.items():
            if value is None:
                monkeypatch.delattr(pool, name)
            else:
                monkeypatch.setattr(pool, name, value)

    return change


SESSION = "_endpoint.http_session"
ANOTHER_BOTOCORE = {
    "BaseClient._request_signer.signature_version": without("_request_signer.signature_version"),
    "BaseClient._request_signer._credentials": without("_request_signer._credentials"),
    "BaseClient._request_signer.region_name": without("_request_signer.region_name"),
    "BaseClient._request_signer.signing_name": without("_request_signer.signing_name"),
    "BaseClient._endpoint.http_session": without(SESSION),
    "URLLib3Session._proxy_config.proxy_url_for": without(f"{SESSION}._proxy_config"),
    "URLLib3Session._manager.connection_from_url": without(f"{SESSION}._manager"),
    "URLLib3Session._manager.pools": without(f"{SESSION}._manager.pools"),
    "HTTPConnectionPool.pool": pool_with(pool=[]),
    "HTTPConnectionPool.num_connections": pool_with(num_connections=None),
    "HTTPConnection.sock": pool_with(ConnectionCls=lambda host: object()),
    "ClientMeta.service_model.shape_for_error_code": without_error_shapes,
    "ClientMeta.events.emit": without("meta.events", SimpleNamespace()),
    "botocore.parsers.create_parser": without_parsers,
}


def test_everything_that_is_listed_is_tried() -> None:
    assert list(ANOTHER_BOTOCORE) == [internal.name for internal in BOTOCORE]


@pytest.mark.parametrize("name", ANOTHER_BOTOCORE)
def test_another_botocore_is_noticed_at_once(
    house: House,
    behind: Endpoint,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    client = connect(settings_at(house, behind.url))
    with monkeypatch.context() as another:
        ANOTHER_BOTOCORE[name](client, another)
        fast = FastClient(client)
    assert fast.off
    for _ in range(3):
        assert fast.call("describe_table", {"TableName": house.storage.events_table})["Table"]
    (warning,) = warnings(caplog)
    assert "botocore's client" in warning
    assert "1.4 ms" in warning
    assert behind.fast_calls == []


def test_calls_through_a_proxy_are_left_to_botocore(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert FastClient(connect(settings_at(house, "https://dynamodb.example.com"))).off
    (warning,) = warnings(caplog)
    assert "proxy" in warning


@pytest.mark.parametrize("times", [fast_module.IN_A_ROW - 1, fast_module.IN_A_ROW])
def test_it_gives_up_only_when_unexpected_http_is_the_rule(
    database: DynamoDBDatabase, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    def unexpected(*arguments: Any) -> Any:
        raise UnexpectedHttp("SSH-2.0")

    with monkeypatch.context() as unreadable:
        unreadable.setattr(fast_module, "exchange", unexpected)
        for _ in range(times):
            assert database.read_head("x").revision == 0  # botocore could read the answer
    database.read_head("x")
    gives_up = times == fast_module.IN_A_ROW
    assert database.dynamodb.fast_client_in_use is not gives_up
    assert [("SSH-2.0" in warning) for warning in warnings(caplog)] == [True] * gives_up


def test_calls_to_the_accounts_own_address_are_not_made_in_silence(
    house: House, behind: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """botocore may send a call to another address than its client's, one for each AWS account."""
    client = connect(settings_at(house, "http://127.0.0.1:9"))
    fast = FastClient(client)

    def to_the_accounts(request: Any, **more: Any) -> None:
        request.url = behind.url + "/"

    client.meta.events.register("request-created.dynamodb", to_the_accounts)
    for _ in range(3):
        fast.call("describe_table", {"TableName": house.storage.events_table})
    assert fast.off
    (warning,) = warnings(caplog)
    assert "another address" in warning
    assert "account" in warning


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://[::1]:8000", "[::1]:8000"),
        ("http://[::1]", "[::1]"),
        ("http://[::1]:80", "[::1]"),
        ("https://[2001:db8::5]:443", "[2001:db8::5]"),
        ("https://localhost:4430", "localhost:4430"),
        ("http://dynamodb.local:80/", "dynamodb.local"),
    ],
)
def test_the_host_header_is_what_the_url_says(house: House, url: str, host: str) -> None:
    signer = look_inside(connect(settings_at(house, url))).signer
    assert signer.headers("GetItem", b"{}")["Host"] == host


def test_an_endpoint_that_closes_every_connection_is_left_to_botocore(
    database: DynamoDBDatabase, behind: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    database.read_head("x")
    assert database.dynamodb.fast_client_in_use
    behind.behave = lambda action, body: (
        200,
        {"content-type": "application/x-amz-json-1.0", "Connection": "close"},
        b"{}",
    )
    for _ in range(fast_module.IN_A_ROW + 3):
        database.read_head("x")
    assert not database.dynamodb.fast_client_in_use
    (warning,) = warnings(caplog)
    assert "closes every connection" in warning


def test_a_new_connection_does_not_warn_again(
    house: House, behind: Endpoint, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "RECONNECT_SECONDS", -1.0)
    without_parsers(None, monkeypatch)
    behind.behave = lambda action, body: error("ExpiredTokenException")
    database = DynamoDBDatabase(settings_at(house, behind.url))
    for _ in range(3):
        with pytest.raises(CredentialsRefused):
            database.read_head("x")
    assert len([warning for warning in warnings(caplog) if "fast DynamoDB client" in warning]) == 1


def test_a_stand_in_for_a_client_is_called_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    stand_in = SimpleNamespace(get_item=lambda **params: {"params": params})
    assert FastClient(stand_in).call("get_item", GET) == {"params": GET}
    assert warnings(caplog) == []
