"""HTTP: requests in any pieces, refusals that end only their connection, no access for browsers."""

import json
import os
import socket
import time
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localdynamo import credentials_of
from localdynamo import folder as files
from localdynamo.http_server import MAX_BODY, MAX_HEAD
from localdynamo.proof import PATH, proof_of
from localdynamo.strangers import MAX_BYTES, MAX_CONNECTIONS
from tests.localdynamo.engines import EngineProcess, client, signed_request, wait_until
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


def test_an_answer_has_the_headers_that_boto_checks(engine: EngineProcess) -> None:
    head, _, body = talk(engine, signed_request(engine.folder)).partition(b"\r\n\r\n")
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(body) == {"TableNames": []}
    assert int(headers[b"x-amz-crc32"]) == zlib.crc32(body)
    assert int(headers[b"Content-Length"]) == len(body)
    assert len(headers[b"x-amzn-RequestId"]) >= 32


def test_requests_may_come_together_or_in_pieces(engine: EngineProcess) -> None:
    both = signed_request(engine.folder)
    both += signed_request(engine.folder, "DescribeTable", b'{"TableName": "none"}')
    for pieces in ([both], [both[i : i + 7] for i in range(0, len(both), 7)]):
        answer = talk(engine, *pieces)
        assert [answer.count(text) for text in (b"HTTP/1.1 200", b"HTTP/1.1 400")] == [1, 1]
        assert answer.index(b"200 OK") < answer.index(b"ResourceNotFoundException")


def test_expect_100_continue_is_supported(engine: EngineProcess) -> None:
    whole = signed_request(engine.folder, Expect="100-continue")
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
    answer = talk(engine, signed_request(engine.folder, **headers), half_close=status == 200)
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
    assert b"TableNames" in talk(engine, signed_request(engine.folder))


def test_a_request_that_was_refused_ends_its_connection(engine: EngineProcess) -> None:
    table, refused = client(engine.folder), signed_request(engine.folder, X_Amz_Date="20240101T000000Z")
    for raw in (refused, signed_request(engine.folder, Authorization="-")):
        answer = talk(engine, raw + signed_request(engine.folder), half_close=False)
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert answer.count(b"HTTP/1.1") == 1
        assert b"TableNames" not in answer
    assert table.list_tables()["TableNames"] == []


def test_a_captured_request_is_refused_later_and_when_changed(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    for seconds, status in ((-50, 200), (50, 200), (-70, 403), (70, 403), (-86400, 403)):
        with monkeypatch.context() as clock:
            clock.setattr("localdynamo.signature.time", SimpleNamespace(time=lambda s=seconds: now + s))
            captured = signed_request(engine.folder)
        assert talk(engine, captured).startswith(b"HTTP/1.1 %d " % status)
        assert b"Signature " in talk(engine, captured) or status == 200
    captured = signed_request(engine.folder, "DescribeTable", b'{"TableName": "a"}')
    for old, new in ((b"DescribeTable", b"DeleteTable"), (b'"a"', b'"b"'), (b"127.0.0.1:1", b"127.0.0.1:2")):
        assert talk(engine, captured.replace(old, new)).startswith(b"HTTP/1.1 403 ")
    assert b"ResourceNotFoundException" in talk(engine, captured)


@pytest.mark.parametrize("nonce", ["", "x", "0" * 31, "0" * 33, "G" * 32, "-"])
def test_the_engine_proves_itself_for_a_number_only(engine: EngineProcess, nonce: str) -> None:
    def ask(header: str) -> bytes:
        head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}Content-Length: 0\r\n\r\n"
        return talk(engine, head.encode())

    assert ask("" if nonce == "-" else f"X-Nonce: {nonce}\r\n").startswith(b"HTTP/1.1 400 ")
    answers = [ask(f"X-Nonce: {number:032x}\r\n").partition(b"\r\n\r\n")[2] for number in (1, 2)]
    secret = credentials_of(engine.folder).secret_access_key
    assert [answer.decode() for answer in answers] == [
        proof_of(secret, engine.port, f"{number:032x}") for number in (1, 2)
    ]
    assert answers[0] != answers[1]


class Unsigned:
    """A connection that never sends a valid request."""

    def __init__(self, engine: EngineProcess, content: bytes = b"") -> None:
        self._connection = socket.create_connection(("127.0.0.1", engine.port), 10)
        self._connection.sendall(content)

    def has_ended(self) -> bool:
        self._connection.settimeout(0.01)
        try:
            return self._connection.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def close(self) -> None:
        self._connection.close()


def test_connections_without_a_valid_request_are_bounded(engine: EngineProcess) -> None:
    strangers = [Unsigned(engine) for _ in range(MAX_CONNECTIONS + 30)]
    wait_until(lambda: all(one.has_ended() for one in strangers[:30]))
    assert not strangers[-1].has_ended()
    assert b"TableNames" in talk(engine, signed_request(engine.folder))
    for one in strangers:
        one.close()


def test_what_strangers_hold_is_bounded_in_bytes(engine: EngineProcess) -> None:
    """Bodies of the longest length whose last byte never comes. A long call with the key goes on."""
    known = client(engine.folder)
    known.create_table(**CHANGES)
    before = resident(engine.process.pid)
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.Scan\r\n"
    body = head + b"Content-Length: %d\r\n\r\n" % MAX_BODY + b" " * (MAX_BODY - 1)
    strangers = [Unsigned(engine, body) for _ in range(12)]
    wait_until(lambda: sum(one.has_ended() for one in strangers) >= 8)
    item = {"department_id": {"S": "x"}, "revision": {"N": "1"}, "text": {"S": "x" * 390_000}}
    client(engine.folder).put_item(TableName="changes", Item=item)
    assert not strangers[-1].has_ended()
    assert resident(engine.process.pid) - before < 2.5 * MAX_BYTES
    known.delete_table(TableName="changes")
    for one in strangers:
        one.close()


def resident(pid: int) -> int:
    """Returns the bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_client_that_reads_late_gets_all_answers(engine: EngineProcess) -> None:
    table = client(engine.folder)
    table.create_table(**CHANGES)
    item = {"department_id": {"S": "x"}, "revision": {"N": "1"}, "text": {"S": "x" * 300_000}}
    table.put_item(TableName="changes", Item=item)
    get = b'{"TableName":"changes","Key":{"department_id":{"S":"x"},"revision":{"N":"1"}}}'
    answer = talk(engine, signed_request(engine.folder, "GetItem", get) * 60)
    assert answer.count(b"HTTP/1.1 200 OK") == 60
    assert len(answer) > 60 * 300_000
    table.delete_table(TableName="changes")


def test_boto_recognises_errors(engine: EngineProcess) -> None:
    with pytest.raises(ClientError) as caught:
        client(engine.folder).describe_table(TableName="none")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_one_namespace_for_all_regions(engine: EngineProcess) -> None:
    client(engine.folder, "eu-west-1").create_table(**CHANGES)
    other = client(engine.folder, "us-east-1")
    assert other.list_tables()["TableNames"] == ["changes"]
    other.delete_table(TableName="changes")
