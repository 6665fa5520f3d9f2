"""HTTP: requests in any pieces, refusals that end only their connection, no access for browsers."""

import json
import socket
import zlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localdynamo import folder as files
from localdynamo.http_server import MAX_BODY, MAX_HEAD
from tests.localdynamo.engines import EngineProcess, client
from tests.localdynamo.stores import CHANGES


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    process = EngineProcess(tmp_path_factory.mktemp("http") / "data").ready()
    yield process
    process.end()


def talk(engine: EngineProcess, *pieces: bytes, half_close: bool = True) -> bytes:
    """Sends the pieces one after another; returns everything that comes back."""
    address = ("127.0.0.1", files.read_address(engine.folder)["port"])
    with socket.create_connection(address, 10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except (ConnectionError, BrokenPipeError):
            pass
    return answer


def request(action: str = "ListTables", body: bytes = b"{}", **headers: str) -> bytes:
    fields = {"Host": "127.0.0.1:1", "X-Amz-Target": f"DynamoDB_20120810.{action}"}
    fields |= {"Content-Length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in fields.items() if value != "-"]
    return "\r\n".join(["POST / HTTP/1.1", *lines, "", ""]).encode() + body


def test_an_answer_has_the_headers_that_boto_checks(engine: EngineProcess) -> None:
    head, _, body = talk(engine, request()).partition(b"\r\n\r\n")
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(body) == {"TableNames": []}
    assert int(headers[b"x-amz-crc32"]) == zlib.crc32(body)
    assert int(headers[b"Content-Length"]) == len(body)
    assert len(headers[b"x-amzn-RequestId"]) >= 32


def test_requests_may_come_together_or_in_pieces(engine: EngineProcess) -> None:
    both = request() + request("DescribeTable", b'{"TableName": "none"}')
    for pieces in ([both], [both[i : i + 7] for i in range(0, len(both), 7)]):
        answer = talk(engine, *pieces)
        assert [answer.count(text) for text in (b"HTTP/1.1 200", b"HTTP/1.1 400")] == [1, 1]
        assert answer.index(b"200 OK") < answer.index(b"ResourceNotFoundException")


def test_expect_100_continue_is_supported(engine: EngineProcess) -> None:
    whole = request(Expect="100-continue")
    answer = talk(engine, whole[:-2], whole[-2:])
    assert answer.startswith(b"HTTP/1.1 100 Continue") or answer.startswith(b"HTTP/1.1 200")
    assert b"TableNames" in answer


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Host": "-"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "[::1]"}, 200),
        ({"Content_Length": "x"}, 400),
        ({"Content_Length": "-1"}, 400),
        ({"Content_Length": str(MAX_BODY + 1)}, 413),
        ({"Transfer_Encoding": "chunked"}, 400),
        ({"X_Amz_Target": "-"}, 400),
        ({"X_Amz_Target": "Kinesis.PutRecord"}, 400),
        ({"Connection": "close"}, 200),
        ({"Bad Name": "x", " Spaced": "x"}, 400),
    ],
)
def test_only_requests_of_local_programs_are_accepted(
    engine: EngineProcess, headers: dict[str, str], status: int
) -> None:
    answer = talk(engine, request(**headers), half_close=status == 200)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert (b"Connection: close" in answer) == (status != 200 or "Connection" in headers)


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/2.0\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost\r\n\r\n",
        b"x" * (MAX_HEAD + 1),
        b"POST / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_malformed_requests_end_only_their_connection(engine: EngineProcess, raw: bytes) -> None:
    assert talk(engine, raw, half_close=False).startswith(b"HTTP/1.1 400 ")
    assert b"TableNames" in talk(engine, request())


def test_a_lease_needs_the_id_of_the_engine(engine: EngineProcess) -> None:
    answer = talk(engine, b"POST /lease HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Engine-Id: guess\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ")


def test_a_client_that_reads_late_gets_all_answers(engine: EngineProcess) -> None:
    table = client(engine.url)
    table.create_table(**CHANGES)
    item = {"department_id": {"S": "x"}, "revision": {"N": "1"}, "text": {"S": "x" * 300_000}}
    table.put_item(TableName="changes", Item=item)
    get = b'{"TableName":"changes","Key":{"department_id":{"S":"x"},"revision":{"N":"1"}}}'
    answer = talk(engine, request("GetItem", get) * 60)
    assert answer.count(b"HTTP/1.1 200 OK") == 60
    assert len(answer) > 60 * 300_000
    table.delete_table(TableName="changes")


def test_boto_recognises_errors(engine: EngineProcess) -> None:
    with pytest.raises(ClientError) as caught:
        client(engine.url).describe_table(TableName="none")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_one_namespace_for_all_regions_and_keys(engine: EngineProcess) -> None:
    client(engine.url, "eu-west-1", "one").create_table(**CHANGES)
    other = client(engine.url, "us-east-1", "123456789012")
    assert other.list_tables()["TableNames"] == ["changes"]
    other.delete_table(TableName="changes")
