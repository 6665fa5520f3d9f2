"""Whatever goes wrong with credentials: 503 for clients, a few lines for the operator, no stack trace."""

import gc
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models import DynamoDBDatabase
from teamcal import deadline
from teamcal import settings as settings_module
from teamcal.errors import CredentialsRefused, StorageUnavailable
from teamcal.settings import Settings, SettingsError, storage_settings
from teamcal.storage.client import connect
from teamcal.storage.operator_messages import OperatorMessages
from tests.engine import error
from tests.house import House, Server, right_now, together
from tests.storage.aws_services import (
    Home,
    Service,
    json_error,
    service,
    sts_credentials,
    sts_error,
)
from tests.storage.endpoint import Endpoint, endpoint, taking_at_most

LATER = "2099-01-01T00:00:00Z"
EARLIER = "2020-01-01T00:00:00Z"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return Home(tmp_path, monkeypatch)


def server_at(house: House, behind: Endpoint) -> Server:
    """A server whose credentials come from botocore's chain."""
    storage = replace(house.storage, endpoint_url=behind.url)
    return Server(Settings(storage, "only-the-tests-know-it"), DynamoDBDatabase(storage), right_now)


def refused_lines(house: House, caplog: pytest.LogCaptureFixture) -> str:
    """Asks a server a few times; returns what its operator reads of it."""
    began = time.monotonic()
    with endpoint() as behind:
        server = server_at(house, behind)
        for _ in range(4):
            answer = server.http.get("/api/departments")
            assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
        assert behind.calls == []
    assert "Traceback" not in caplog.text
    assert [record for record in caplog.records if record.exc_info] == []
    records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(records) <= 1 + (time.monotonic() - began) / 5
    (lines,) = {record.getMessage() for record in records}
    return lines


# The chain of botocore


def without_login(home: Home) -> None:
    home.sso()


def expired_login(home: Home) -> None:
    home.sso(accessToken="login", expiresAt=EARLIER)


def unknown_profile(home: Home) -> None:
    home.set(AWS_PROFILE="nobody")


def broken_config(home: Home) -> None:
    home.config("[default\nrole_arn")


def half_a_profile(home: Home) -> None:
    home.config("[default]\naws_access_key_id = AKIAUSER\n")


def role_without_source(home: Home) -> None:
    home.config("[default]\nrole_arn = arn:aws:iam::1:role/a\n")


def roles_in_a_circle(home: Home) -> None:
    home.config(
        "[default]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\n"
        "[profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = default\n"
    )


def program_that_fails(home: Home) -> None:
    home.config("[default]\ncredential_process = /bin/sh -c 'echo out of order >&2; exit 3'\n")


def program_that_is_missing(home: Home) -> None:
    home.config("[default]\ncredential_process = /no/such/program\n")


def program_without_json(home: Home) -> None:
    home.config("[default]\ncredential_process = /bin/echo hello\n")


def missing_identity_token(home: Home) -> None:
    home.set(AWS_WEB_IDENTITY_TOKEN_FILE="/no/such/file", AWS_ROLE_ARN="arn:aws:iam::1:role/a")


def container_without_service(home: Home) -> None:
    home.set(AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:9/credentials")


def bad_setting(home: Home) -> None:
    home.set(AWS_DEFAULTS_MODE="sometimes")


CHAIN: list[tuple[Callable[[Home], None], str]] = [
    (without_login, "aws sso login"),
    (expired_login, "aws sso login"),
    (unknown_profile, "nobody"),
    (broken_config, "config"),
    (half_a_profile, "aws_secret_access_key"),
    (role_without_source, "source_profile"),
    (roles_in_a_circle, "Infinite loop"),
    (program_that_fails, "out of order"),
    (program_that_is_missing, "/no/such/program"),
    (program_without_json, "JSON"),
    (missing_identity_token, "/no/such/file"),
    (container_without_service, "container"),
    (bad_setting, "sometimes"),
]


@pytest.mark.parametrize(("breaks", "words"), CHAIN, ids=lambda part: getattr(part, "__name__", ""))
def test_a_failure_of_botocores_chain_is_told_with_its_reason(
    house: House,
    home: Home,
    caplog: pytest.LogCaptureFixture,
    breaks: Callable[[Home], None],
    words: str,
) -> None:
    breaks(home)
    lines = refused_lines(house, caplog)
    assert lines.startswith("✗ DynamoDB 연결 실패: 자격증명 오류 (")
    assert words in lines


# STS and SSO

STS_ERRORS = [
    sts_error("AccessDenied", "User: arn:aws:iam::1:user/u is not authorized to perform: sts:AssumeRole"),
    sts_error("ExpiredToken", "The security token included in the request is expired"),
    sts_error("ExpiredTokenException", status=400),
    sts_error("InvalidClientTokenId"),
    sts_error("SignatureDoesNotMatch"),
    sts_error("RequestExpired", status=400),
    sts_error("RegionDisabledException"),
    sts_error("IDPRejectedClaim"),
    sts_error("IDPCommunicationError", status=400),
    sts_error("InvalidIdentityToken", status=400),
    sts_error("MalformedPolicyDocument", status=400),
    sts_error("PackedPolicyTooLarge", status=400),
    sts_error("SomethingNobodyKnowsYet", status=418),
]


@pytest.mark.parametrize("answer", STS_ERRORS, ids=str)
def test_a_role_that_sts_refuses_is_told_with_stss_reason(
    house: House, home: Home, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    with service(answer) as sts:
        home.role(sts)
        lines = refused_lines(house, caplog)
        assert len(sts.paths) <= 4
    code, message = (answer[2].decode().split(f"<{name}>")[1].split("<")[0] for name in ("Code", "Message"))
    assert lines.startswith(f"✗ DynamoDB 연결 실패: 자격증명 오류 (AssumeRole: {code})")
    assert message in lines


@pytest.mark.parametrize(
    "answer",
    [
        json_error("UnauthorizedException", "Session token not found or invalid", 401),
        json_error("ForbiddenException", "No access", 403),
        json_error("InvalidRequestException"),
        json_error("ResourceNotFoundException", status=404),
    ],
    ids=str,
)
def test_a_login_that_sso_refuses_is_told(
    house: House, home: Home, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    with service(answer) as portal:
        home.sso(portal, accessToken="login", expiresAt=LATER)
        assert "자격증명 오류" in refused_lines(house, caplog)


def test_a_login_that_can_not_be_renewed_is_told_without_stack_traces(
    house: House, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    with service(json_error("InvalidGrantException", "refresh token expired")) as portal:
        home.sso(
            portal, accessToken="login", expiresAt=EARLIER, refreshToken="r", clientId="c",
            clientSecret="s", registrationExpiresAt=LATER,
        )  # fmt: skip
        with endpoint() as behind:
            server = server_at(house, behind)
            for _ in range(8):
                assert server.http.get("/api/departments").status_code == 503
    assert [record for record in caplog.records if record.exc_info] == []
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 2
    assert "자격증명 오류 (TokenRetrievalError)" in caplog.text
    assert "InvalidGrantException" in caplog.text


@pytest.mark.parametrize(
    "answer", [sts_error("InternalFailure", status=500), sts_error("Throttling", status=400)]
)
def test_a_role_that_sts_gives_at_the_second_time_is_not_noticed(
    house: House, home: Home, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr("teamcal.storage.credentials.FAILURE_SECONDS", 0.0)
    with service(answer) as sts, endpoint() as behind:
        home.role(sts)
        database = DynamoDBDatabase(replace(house.storage, endpoint_url=behind.url))

        def mend() -> None:
            while len(sts.paths) < 2:
                time.sleep(0.01)
            sts.answer = sts_credentials()

        threading.Thread(target=mend, daemon=True).start()
        assert database.read_head("x").revision == 0


def test_sts_that_hangs_costs_no_request_more_than_its_deadline(
    house: House, home: Home, caplog: pytest.LogCaptureFixture, short_deadline: None
) -> None:
    """botocore waits a minute and asks five times, while all others wait for its lock."""
    with service(None) as sts, endpoint() as behind:
        home.role(sts)
        server = server_at(house, behind)
        with taking_at_most(12):
            answers = together(*[lambda: server.http.get("/api/departments")] * 12)
        assert {answer.status_code for answer in answers} == {503}
        assert f"{sts.url} 응답 없음" in caplog.text.replace("/ 응답", " 응답")
        sts.answer = sts_credentials()


def test_a_role_with_an_account_goes_to_the_regions_address_by_the_fast_client(
    house: House, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    with service(sts_credentials()) as sts, endpoint() as behind:
        home.role(sts)
        database = DynamoDBDatabase(replace(house.storage, endpoint_url=behind.url))
        for _ in range(101):
            database.read_head("x")
        assert len(behind.fast_calls) == 100
        assert len(sts.paths) == 1
        urls: list[str] = []
        client = connect(house.storage)

        def answer(request: Any, **more: Any) -> None:
            urls.append(request.url)
            raise OSError

        client.meta.events.register("before-send.dynamodb", answer)
        with pytest.raises(OSError):
            client.get_item(TableName="t-1", Key={"id": {"S": "a"}})
    assert urls == ["https://dynamodb.ap-northeast-2.amazonaws.com/"]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("minutes", [13, 8], ids=["botocore would like to renew", "botocore insists"])
@pytest.mark.parametrize("hangs", [False, True])
def test_credentials_that_can_not_be_renewed_are_used_until_they_expire(
    house: House,
    home: Home,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
    hangs: bool,
) -> None:
    monkeypatch.setattr("teamcal.storage.credentials._messages", OperatorMessages())
    with service(sts_credentials(timedelta(minutes=minutes))) as sts, endpoint() as behind:
        home.role(sts)
        database = DynamoDBDatabase(replace(house.storage, endpoint_url=behind.url))
        database.read_head("x")
        sts.answer = None if hangs else sts_error("AccessDenied", "the role was taken away")
        database.dynamodb._fast._credentials._failed_at = -1000.0  # as if that had been a while ago
        with deadline.within(20):
            for _ in range(50):
                database.read_head("x")
        assert len(sts.paths) <= 4
        assert len(behind.fast_calls) == 50
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.exc_info is None
    assert "갱신하지 못했습니다" in record.getMessage()
    assert hangs or "the role was taken away" in record.getMessage()


def test_credentials_that_expire_are_renewed_or_fail(
    house: House, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("teamcal.storage.credentials.FAILURE_SECONDS", 0.0)
    with service(sts_credentials(timedelta(seconds=20))) as sts, endpoint() as behind:
        home.role(sts)
        database = DynamoDBDatabase(replace(house.storage, endpoint_url=behind.url))
        database.read_head("x")
        sts.answer = sts_error("AccessDenied")
        with pytest.raises(CredentialsRefused):
            database.read_head("x")
        sts.answer = sts_credentials()
        database.read_head("x")
        asked = len(sts.paths)
        database.read_head("x")
        assert len(sts.paths) == asked


def test_sts_that_hangs_costs_no_more_when_botocore_makes_every_call(
    house: House, home: Home, monkeypatch: pytest.MonkeyPatch, short_deadline: None
) -> None:
    monkeypatch.setattr("teamcal.storage.fast_client.look_inside", lambda client: client.nothing)
    with service(None) as sts, endpoint() as behind:
        home.role(sts)
        server = server_at(house, behind)
        with taking_at_most(12):
            answers = together(*[lambda: server.http.get("/api/departments")] * 12)
        assert {answer.status_code for answer in answers} == {503}


# Keys from the environment


def test_a_session_token_signs_with_its_key(house: House) -> None:
    settings = storage_settings(
        {"AWS_ACCESS_KEY_ID": "ASIAKEY", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "the-token"}
    )
    tokens: list[str | None] = []
    with endpoint() as behind:
        database = DynamoDBDatabase(
            replace(settings, endpoint_url=behind.url, changes_table=house.storage.changes_table)
        )
        client = database.client

        def look(request: Any, **more: Any) -> None:
            token = request.headers.get("X-Amz-Security-Token")
            tokens.append(token.decode() if isinstance(token, bytes) else token)

        client.meta.events.register("before-send.dynamodb", look)
        database.read_head("x")
        database.read_head("x")
        assert len(behind.fast_calls) == 1
    assert tokens == ["the-token", "the-token"]
    assert "the-token" not in repr(settings)


@pytest.mark.parametrize(
    ("process", "file", "token"),
    [
        ("KS", "KST", None),
        ("KST", "KS", "process"),
        ("", "KST", "file"),
        ("T", "KS", None),
        ("KST", "", "process"),
        ("T", "KST", None),
    ],
)
def test_a_token_of_another_place_than_its_key_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: str, file: str, token: str | None
) -> None:
    names = {"K": "AWS_ACCESS_KEY_ID", "S": "AWS_SECRET_ACCESS_KEY", "T": "AWS_SESSION_TOKEN"}
    for letter, name in names.items():
        monkeypatch.setenv(name, "process")  # so that it is put back at the end
        if letter not in process:
            monkeypatch.delenv(name)
    (tmp_path / ".env").write_text("".join(f"{names[letter]}=file\n" for letter in file))
    monkeypatch.setattr(settings_module, "ROOT", tmp_path)
    monkeypatch.delenv("PYTHON_DOTENV_DISABLED", raising=False)
    for _ in range(2):
        assert storage_settings().aws_session_token == token
    assert os.environ.get("AWS_SESSION_TOKEN") == token


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
@pytest.mark.parametrize(
    "value", ["key\r", "key\n", " key", "ke y", "\t", "열쇠", "key\x00", '"key"', "'key'"]
)
def test_a_key_with_a_line_break_is_refused_at_the_start(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: must be one word: 줄 바꿈") as caught:
        storage_settings({name: value})
    assert value.strip() not in str(caught.value) or not value.strip()


# No proxy for this machine


def dead_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


def test_a_loopback_endpoint_is_reached_whatever_proxy_the_environment_names(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead_proxy(monkeypatch)
    with endpoint() as behind:
        for host in ("127.0.0.1", "localhost"):
            url = behind.url.replace("127.0.0.1", host)
            storage = replace(
                house.storage, endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b"
            )
            database = DynamoDBDatabase(storage)
            database.read_head("x")
            database.read_head("x")
            assert database.dynamodb.fast_client_in_use


@pytest.mark.usefixtures("in_process")
def test_the_embedded_engine_is_reached_whatever_proxy_the_system_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore takes the proxies of Windows and macOS as well, through the same function."""
    dead_proxy(monkeypatch)
    monkeypatch.setattr("botocore.utils.getproxies", lambda: {"http": "http://127.0.0.1:9"})
    client = connect(storage_settings({"DYNAMODB_ENDPOINT_URL": "embedded", "DATA_DIR": str(tmp_path)}))
    assert "TableNames" in client.list_tables()


def test_other_endpoints_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    dead_proxy(monkeypatch)
    client = connect(storage_settings({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}))
    session = client._endpoint.http_session
    assert session._proxy_config.proxy_url_for("https://dynamodb.ap-northeast-2.amazonaws.com/")


def test_a_proxy_that_does_not_answer_is_named_without_its_password(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, short_deadline: None
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:passw0rd@127.0.0.1:9")
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    with deadline.within(5), pytest.raises(StorageUnavailable):
        DynamoDBDatabase(storage_settings(keys)).read_head("x")
    assert "127.0.0.1:9" in caplog.text
    assert "프록시 http" in caplog.text
    assert "passw0rd" not in caplog.text


@pytest.mark.parametrize("where", ["at the start", "later"])
def test_a_failure_that_is_remembered_keeps_nothing_of_the_request(
    house: House, home: Home, where: str
) -> None:
    class Kept:
        pass

    def request(database: DynamoDBDatabase) -> weakref.ref[Kept]:
        kept = Kept()
        with suppress(CredentialsRefused):
            database.read_head("x")
        return weakref.ref(kept)

    with service(sts_error("AccessDenied")) as sts, endpoint() as behind:
        home.role(sts)
        if where == "at the start":
            home.set(AWS_PROFILE="nobody")
        database = DynamoDBDatabase(replace(house.storage, endpoint_url=behind.url))
        kept = request(database)
    gc.collect()
    assert kept() is None


# What AWS says


def log_of(house: House, caplog: pytest.LogCaptureFixture, answer: Any) -> tuple[str, Any]:
    server = house.server(before=lambda action, body: answer)
    answer_ = server.http.get("/api/departments")
    assert (answer_.status_code, answer_.json["code"]) == (503, "storage_unavailable")
    assert "Traceback" not in caplog.text
    return caplog.text, answer_


ARN = "arn:aws:dynamodb:ap-northeast-2:123456789012:table/departments"
DENIED = (
    "User: arn:aws:iam::123456789012:user/calendar is not authorized to perform: dynamodb:Scan on resource: "
    f"{ARN} because no identity-based policy allows the dynamodb:Scan action"
)


def test_the_log_says_which_permission_is_missing_and_the_client_does_not(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    log, answer = log_of(house, caplog, error("AccessDeniedException", DENIED))
    assert DENIED in log
    assert "deploy/iam-policy.json" in log
    assert "arn:" not in answer.text


def test_the_log_says_that_a_kms_key_is_disabled(house: House, caplog: pytest.LogCaptureFixture) -> None:
    message = "KMS key access denied error: arn:aws:kms:ap-northeast-2:1:key/1234 is disabled."
    log, answer = log_of(house, caplog, error("ValidationException", message))
    assert message in log
    assert "KMS 키가 켜져 있고" in log
    assert "kms" not in answer.text


@pytest.mark.parametrize(
    "message",
    [
        "Signature expired: 20261126T1000Z is now earlier than 20261126T1045Z (20261126T1100Z - 15 min.)",
        "Signature expired: 20261126T1000Z is now earlier than 20261126T1055Z (20261126T1100Z - 5 min.)",
    ],
)
def test_the_log_says_by_how_much_the_clock_is_wrong(
    house: House, caplog: pytest.LogCaptureFixture, message: str
) -> None:
    log, _ = log_of(
        house,
        caplog,
        error("InvalidSignatureException", message.replace("00Z", "0000Z").replace("5Z", "500Z")),
    )
    assert "AWS보다 60분 느립니다" in log


def test_the_clock_is_compared_with_the_answers_date(house: House, caplog: pytest.LogCaptureFixture) -> None:
    status, headers, body = error("RequestExpired", "Request has expired")
    log, _ = log_of(house, caplog, (status, {**headers, "date": "Mon, 01 Jan 2024 00:00:00 GMT"}, body))
    assert "분 빠릅니다" in log


def test_what_aws_says_is_short_and_in_one_line_and_without_secrets(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    token = "IQoJb3JpZ2luX2Vj" * 20
    message = (
        "The request signature we calculated does not match.\n2026-01-01 00:00:00 ERROR forged: line\x1b[31m "
        f"for AKIAIOSFODNN7EXAMPLE {'long ' * 400}The Canonical String for this request should have been "
        f"'POST\n/\n\nx-amz-security-token:{token}\n'"
    )
    log, answer = log_of(house, caplog, error("InvalidSignatureException", message))
    said = log.split("이유: ")[1].split("\n")[0]
    assert "forged: line" in said
    assert len(said) <= 500
    for secret in (token[:20], "AKIAIOSFODNN7EXAMPLE", "\x1b"):
        assert secret not in log
        assert secret not in answer.text
    short = f"x-amz-security-token:{token} and aws_secret_access_key=wJalrXUtnFEMI/K7MDENG {token}"
    caplog.clear()
    log, _ = log_of(house, caplog, error("InvalidSignatureException", short))
    assert token[:20] not in log
    assert "wJalrXUtnFEMI" not in log


def test_the_settings_own_secrets_are_never_told(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with endpoint(lambda action, body: error("AccessDeniedException", "no: s3cret! and t0ken!")) as behind:
        storage = replace(
            house.storage, endpoint_url=behind.url, aws_access_key_id="a", aws_secret_access_key="s3cret!",
            aws_session_token="t0ken!",
        )  # fmt: skip
        with pytest.raises(CredentialsRefused):
            DynamoDBDatabase(storage).read_head("x")
    assert "이유: no: *** and ***" in caplog.text


def test_waiting_for_anothers_renewal_ends_with_the_deadline(house: House, home: Home) -> None:
    with service(None) as sts, endpoint() as behind:
        home.role(sts)
        database = DynamoDBDatabase(replace(house.storage, endpoint_url=behind.url))
        assert isinstance(sts, Service)
        with deadline.within(3.5), taking_at_most(8), pytest.raises(StorageUnavailable):
            database.read_head("x")
