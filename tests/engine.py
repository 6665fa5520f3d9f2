"""The embedded engine's DynamoDB inside the test's own process: no socket, half a millisecond a call."""

import os
import threading
from collections.abc import Callable
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
_lock = threading.RLock()
# Shared: a session of its own for each client would read the service's model anew, 50 ms each.
_session = boto3.session.Session()
Fault = Callable[[str, bytes], Any]


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        if self.body:
            yield self.body

    def read(self, *args: Any, **kwargs: Any) -> bytes:
        body, self.body = self.body, b""
        return body


def _run(action: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    from ministack.services import dynamodb

    call = dynamodb.handle_request("POST", "/", {"x-amz-target": "DynamoDB_20120810." + action}, body, {})
    with _lock:
        try:
            call.send(None)
        except StopIteration as stop:
            status, headers, answer = stop.value
            return status, headers, answer if isinstance(answer, bytes) else answer.encode()
    raise AssertionError("the engine waits for something")


def client(before: Fault | None = None, after: Fault | None = None, calls: list[str] | None = None) -> Any:
    """A low-level client on an engine that all clients of the process share.

    `before(action, body)` may raise (nothing is applied) or return (status, headers, body) instead of
    the engine's answer; `after(action, body)` may raise: applied, but the answer is lost.
    """
    made = _session.client(
        "dynamodb", region_name="ap-northeast-2", endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),  # they are the database's own
    )  # fmt: skip

    def send(request: Any, **kwargs: Any) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        action = (target.decode() if isinstance(target, bytes) else target).rsplit(".", 1)[1]
        body = request.body.encode() if isinstance(request.body, str) else request.body
        if calls is not None:
            calls.append(action)
        instead = before(action, body) if before else None
        status, headers, answer = instead or _run(action, body)
        if after:
            after(action, body)
        return AWSResponse(request.url, status, {k.lower(): v for k, v in headers.items()}, _Raw(answer))

    made.meta.events.register("before-send.dynamodb", send)
    return made


def error(code: str, message: str = "", status: int = 400, **more: Any) -> tuple[int, dict[str, str], bytes]:
    """An answer that `before` may return."""
    import json

    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message, **more}
    return status, {"content-type": "application/x-amz-json-1.0"}, json.dumps(body).encode()
