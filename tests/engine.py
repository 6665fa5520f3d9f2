"""A DynamoDB for tests, reached through botocore's `before-send` hook, so that faults can be injected.

By default it is the embedded engine's DynamoDB inside the test's own process: no socket, half a millisecond a
call. TEAMCAL_TEST_ENDPOINT=http://127.0.0.1:8000 names another one, such as dynoxide (`make test-dynoxide`).
"""

import http.client
import json
import os
import threading
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""
Fault = Callable[[str, bytes], Any]

ENDPOINT = os.environ.get("TEAMCAL_TEST_ENDPOINT", "")
SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=test/20240101/ap-northeast-2/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date;x-amz-target, Signature=0"
)
"""Local engines want a signature and don't check it."""

os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
_lock = threading.RLock()
_connections = threading.local()
# Shared: a session of its own for each client would read the service's model anew, 50 ms each.
_session = boto3.session.Session()


def run(action: str, body: bytes) -> Answer:
    """Returns the engine's answer to one request, such as run("GetItem", b'{"TableName": …}')."""
    return _run_at_endpoint(action, body) if ENDPOINT else _run_in_process(action, body)


def _run_in_process(action: str, body: bytes) -> Answer:
    from localdynamo import actions

    with _lock:
        status, headers, answer = actions.run(action, json.loads(body))
    content = answer if isinstance(answer, bytes) else answer.encode()
    # The fast client takes no answer without its checksum.
    return status, headers | {"x-amz-crc32": str(zlib.crc32(content))}, content


def _run_at_endpoint(action: str, body: bytes) -> Answer:
    """On one connection a thread; it is opened again when the endpoint has closed it."""
    headers = {
        "X-Amz-Target": "DynamoDB_20120810." + action,
        "X-Amz-Date": "20240101T000000Z",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": SIGNATURE,
    }
    connection = getattr(_connections, "open", None)
    if connection is None:
        connection = http.client.HTTPConnection(urlsplit(ENDPOINT).netloc, timeout=60)
        _connections.open = connection
    connection.request("POST", "/", body, headers)
    response = connection.getresponse()
    return response.status, dict(response.headers), response.read()


class RawBody:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        if self.body:
            yield self.body

    def read(self, *args: Any, **kwargs: Any) -> bytes:
        body, self.body = self.body, b""
        return body


def client(before: Fault | None = None, after: Fault | None = None, calls: list[str] | None = None) -> Any:
    """Returns a low-level client of the engine that all clients of the process share.

    `before(action, body)` may raise (nothing is applied) or return an Answer in place of the engine's;
    `after(action, body)` may raise: the call is applied, but its answer is lost. `calls` gets the actions.
    """
    client = _session.client(
        "dynamodb",
        region_name="ap-northeast-2",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),  # the database itself retries
    )

    def send(request: Any, **kwargs: Any) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        action = (target.decode() if isinstance(target, bytes) else target).rsplit(".", 1)[1]
        body = request.body.encode() if isinstance(request.body, str) else request.body
        if calls is not None:
            calls.append(action)
        instead = before(action, body) if before else None
        status, headers, answer = instead or run(action, body)
        if after:
            after(action, body)
        lower = {name.lower(): value for name, value in headers.items()}
        return AWSResponse(request.url, status, lower, RawBody(answer))

    client.meta.events.register("before-send.dynamodb", send)
    return client


def error(code: str, message: str = "", status: int = 400, **more: Any) -> Answer:
    """Returns an error that `before` may return."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message, **more}
    return status, {"content-type": "application/x-amz-json-1.0"}, json.dumps(body).encode()
