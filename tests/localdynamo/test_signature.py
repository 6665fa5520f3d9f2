"""Signatures: those of botocore and of the server's own client are taken, anything else is refused."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from types import SimpleNamespace

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localdynamo.signature import WINDOW_SECONDS, SignatureRefused, Verifier, sign
from teamcal.storage.signature import Signer

KEY, HOST, TARGET, BODY = "0f" * 32, "127.0.0.1:20001", "DynamoDB_20120810.PutItem", '{"값": 1}'.encode()
Headers = dict[str, str]
NOW = time.time()


def by_botocore(key: str = KEY, key_id: str = "embedded", service: str = "dynamodb") -> Headers:
    headers = {"Host": HOST, "X-Amz-Target": TARGET, "Content-Type": "application/x-amz-json-1.0"}
    request = AWSRequest("POST", f"http://{HOST}/", headers, BODY)
    SigV4Auth(Credentials(key_id, key), service, "ap-northeast-2").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def by_the_server(key: str = KEY) -> Headers:
    source = SimpleNamespace(
        get_frozen_credentials=lambda: SimpleNamespace(access_key="embedded", secret_key=key, token=None)
    )
    signer = Signer(source, "ap-northeast-2", "dynamodb", HOST)
    return {name.lower(): value for name, value in signer.headers("PutItem", BODY).items()}


def by_a_lease(key: str = KEY) -> Headers:
    return sign(key, HOST, TARGET, BODY)


SIGNERS = [by_botocore, by_the_server, by_a_lease]


def refusal(headers: Headers, body: bytes = BODY, key: str = KEY, ahead: float = 0.0) -> str:
    """Returns the code, "" if the request is taken. `ahead`: of the engine's clock, in seconds."""
    try:
        Verifier(key, lambda: time.time() + ahead).check(headers, body)
    except SignatureRefused as error:
        return error.code
    return ""


@pytest.mark.parametrize("signed", SIGNERS)
def test_all_signers_are_taken_and_their_changed_requests_refused(signed: Callable[..., Headers]) -> None:
    headers = signed()
    assert refusal(headers) == ""
    invalid = "InvalidSignatureException"
    assert refusal(headers, BODY + b" ") == invalid
    assert refusal(headers, b"") == invalid
    assert refusal(headers | {"x-amz-target": "DynamoDB_20120810.DeleteTable"}) == invalid
    assert refusal(headers | {"host": "127.0.0.1:20002"}) == invalid
    assert refusal(headers, key="0e" * 32) == invalid
    other_time = f"{headers['x-amz-date'][:-2]}{9 - int(headers['x-amz-date'][-2])}Z"
    assert refusal(headers | {"x-amz-date": other_time}) == invalid
    last = headers["authorization"][-1]
    forged = headers["authorization"][:-1] + ("0" if last != "0" else "1")
    assert refusal(headers | {"authorization": forged}) == invalid
    assert refusal(signed("embedded")) == invalid


@pytest.mark.parametrize("signed", SIGNERS)
def test_a_signature_holds_for_a_minute(signed: Callable[..., Headers]) -> None:
    headers = signed()
    assert refusal(headers, ahead=WINDOW_SECONDS - 5) == ""
    assert refusal(headers, ahead=5 - WINDOW_SECONDS) == ""
    for ahead in (WINDOW_SECONDS + 5, -WINDOW_SECONDS - 5, 86400, -86400):
        assert refusal(headers, ahead=ahead) == "InvalidSignatureException"


def test_what_is_no_signature_of_this_engine() -> None:
    headers = by_botocore()
    incomplete = "IncompleteSignatureException"
    assert refusal({name: headers[name] for name in headers if name != "authorization"}) == (
        "MissingAuthenticationTokenException"
    )
    assert refusal(by_botocore(key_id="AKIDEXAMPLE")) == "UnrecognizedClientException"
    assert refusal(by_botocore(service="s3")) == incomplete
    for text in ("", "Bearer x", "AWS4-HMAC-SHA256", headers["authorization"] + "0", "키"):
        assert refusal(headers | {"authorization": text}) == incomplete
    for at in ("", "x", "20240101T000000Z", headers["x-amz-date"][:8] + "T256199Z"):
        assert refusal(headers | {"x-amz-date": at}) == incomplete
    # Without the target in it, the signature of a read would do for any other operation.
    for name in ("host", "x-amz-date", "x-amz-target"):
        less = headers["authorization"].replace(f"{name};", "").replace(f";{name}", "")
        assert refusal(headers | {"authorization": less}) == incomplete


def test_a_new_day_has_a_new_signing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [datetime(2030, 1, 1, 23, 59, 50, tzinfo=UTC).timestamp()]
    monkeypatch.setattr(time, "time", lambda: now[0])
    verifier = Verifier(KEY, lambda: now[0])
    before = by_a_lease()
    verifier.check(before, BODY)
    now[0] += 20
    verifier.check(by_a_lease(), BODY)
    verifier.check(before, BODY)


def test_forgeries_leave_nothing_in_memory() -> None:
    verifier = Verifier(KEY)
    headers = by_botocore()
    for number in range(100):
        forged = headers["authorization"].replace("ap-northeast-2", f"region-{number}")
        with pytest.raises(SignatureRefused):
            verifier.check(headers | {"authorization": forged}, BODY)
    assert not verifier._made
    verifier.check(headers, BODY)
    assert len(verifier._made) == 1


def test_a_check_costs_little() -> None:
    """7 µs of CPU, idle; the bound is for a busy machine."""
    verifier, headers, rounds = Verifier(KEY), by_the_server(), []
    for _ in range(9):
        began = time.process_time()
        for _ in range(1000):
            verifier.check(headers, BODY)
        rounds.append((time.process_time() - began) * 1000)
    assert median(rounds) < 75
    print(f"{median(rounds):.1f} µs a check")
