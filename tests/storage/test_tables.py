"""create_tables() beside another one, on older tables, at limits and in states that only AWS has."""

import json
import logging
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from models import DynamoDBDatabase
from teamcal.errors import CredentialsRefused, OperationUnsupported, StorageThrottled, StorageUnavailable
from teamcal.settings import Settings, StorageSettings
from teamcal.storage import tables as tables_module
from teamcal.storage.tables import table_definitions
from tests.engine import Answer, client, error
from tests.house import Server, right_now, together
from tests.storage.endpoint import endpoint, taking_at_most

Behaviour = Callable[[str, dict[str, Any]], Any]
JSON = {"content-type": "application/x-amz-json-1.0"}


@pytest.fixture
def settings() -> StorageSettings:
    number = uuid.uuid4().hex[:8]
    return StorageSettings(
        departments_table=f"departments-{number}",
        events_table=f"events-{number}",
        changes_table=f"changes-{number}",
        access_table=f"access-{number}",
    )


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "_POLL_SECONDS", 0.001)
    monkeypatch.setattr(tables_module, "LONGEST_POLL_SECONDS", 0.01)


class Aws:
    """The engine with an AWS-like answer here and there: `behave(action, request)` returns one, or None."""

    def __init__(self, settings: StorageSettings, behave: Behaviour | None = None) -> None:
        self.settings, self.behave = settings, behave
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.plain = client()
        self.database = DynamoDBDatabase(settings, client(before=self._answer))

    def _answer(self, action: str, body: bytes) -> Any:
        request = json.loads(body)
        self.calls.append((action, request))
        return self.behave(action, request) if self.behave else None

    def create_tables(self) -> None:
        self.database.create_tables()

    def made(self, action: str) -> list[dict[str, Any]]:
        return [request for name, request in self.calls if name == action]

    def table(self, name: str) -> dict[str, Any]:
        return self.plain.describe_table(TableName=name)["Table"]

    def must_be_complete(self) -> None:
        for definition in table_definitions(self.settings):
            table = self.table(definition["TableName"])
            indexes = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}
            assert indexes == {index["IndexName"] for index in definition.get("GlobalSecondaryIndexes", [])}
        for name in self.settings.tables[1:]:
            expiry = self.plain.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "expires_at")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def answer(**body: Any) -> Answer:
    return 200, JSON, json.dumps(body).encode()


def described(aws: Aws, name: str, **changes: Any) -> Answer:
    table = json.loads(json.dumps(aws.table(name), default=str))
    return answer(Table={**table, "CreationDateTime": 1.0, **changes})


# Two at once


def test_two_at_once_both_succeed(settings: StorageSettings, caplog: pytest.LogCaptureFixture) -> None:
    """Each finds everything missing before the other makes it, on an engine as strict as AWS."""
    meet = {name: threading.Barrier(2) for name in ("CreateTable", "UpdateTimeToLive")}
    lock = threading.Lock()
    enabled: set[str] = set()

    def strict(action: str, request: dict[str, Any]) -> Any:
        if action in meet:
            with suppress(threading.BrokenBarrierError):
                meet[action].wait(5)
        if action == "UpdateTimeToLive":
            with lock:
                if request["TableName"] in enabled:
                    return error("ValidationException", "TimeToLive is already enabled")
                enabled.add(request["TableName"])
        return None

    both = [Aws(settings, strict), Aws(settings, strict)]
    together(*[aws.create_tables for aws in both])
    both[0].must_be_complete()
    assert [len(aws.made("CreateTable")) for aws in both] == [4, 4]
    assert [len(aws.made("UpdateTimeToLive")) for aws in both] == [3, 3]
    assert warnings(caplog) == []


def test_an_index_that_another_process_has_just_added(settings: StorageSettings) -> None:
    aws = Aws(settings)
    old_tables(aws)

    def faster(action: str, request: dict[str, Any]) -> Any:
        if action != "UpdateTable":
            return None
        aws.plain.update_table(**request)
        code = "ResourceInUseException" if len(aws.made(action)) == 1 else "ValidationException"
        return error(code, "Attempting to create an index which already exists")

    aws.behave = faster
    aws.create_tables()
    aws.must_be_complete()
    assert len(aws.made("UpdateTable")) == 3


# Older tables


def old_tables(aws: Aws, **billing: Any) -> None:
    """Tables without indexes, provisioned as long as nothing else is said."""
    billing = billing or {"ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 3}}
    for definition in table_definitions(aws.settings):
        keys = {part["AttributeName"] for part in definition["KeySchema"]}
        aws.plain.create_table(
            TableName=definition["TableName"],
            KeySchema=definition["KeySchema"],
            AttributeDefinitions=[
                attribute
                for attribute in definition["AttributeDefinitions"]
                if attribute["AttributeName"] in keys
            ],
            **billing,
        )


@pytest.mark.parametrize("billing_mode", ["PAY_PER_REQUEST", "PROVISIONED"])
def test_an_index_gets_the_throughput_of_its_older_table(
    settings: StorageSettings, billing_mode: str
) -> None:
    aws = Aws(replace(settings, billing_mode=billing_mode))
    old_tables(aws)
    # As AWS describes a table from before on-demand tables existed.
    aws.behave = lambda action, request: (
        described(aws, request["TableName"], BillingModeSummary={}) if action == "DescribeTable" else None
    )
    aws.create_tables()
    creates = [request["GlobalSecondaryIndexUpdates"][0]["Create"] for request in aws.made("UpdateTable")]
    units = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 3}
    assert [index["ProvisionedThroughput"] for index in creates] == [units] * 3
    aws.must_be_complete()


def test_a_server_over_a_table_without_its_index_says_what_to_do(
    settings: StorageSettings, caplog: pytest.LogCaptureFixture
) -> None:
    aws = Aws(settings)
    aws.create_tables()
    server = Server(Settings(settings, "only-the-tests-know-it"), aws.database, right_now)
    department = server.department()
    aws.plain.delete_table(TableName=settings.events_table)
    (definition,) = [
        table for table in table_definitions(settings) if table["TableName"] == settings.events_table
    ]
    del definition["GlobalSecondaryIndexes"]
    definition["AttributeDefinitions"] = [
        part for part in definition["AttributeDefinitions"] if part["AttributeName"] != "event_date"
    ]
    aws.plain.create_table(**definition)
    answer = server.http.get(f"/api/events/{department}")
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert f"테이블 '{settings.events_table}'에 필요한 인덱스가 없습니다" in caplog.text
    assert "Traceback" not in caplog.text
    aws.create_tables()
    assert server.events(department) == []


def test_an_index_of_an_on_demand_table_gets_none(settings: StorageSettings) -> None:
    aws = Aws(replace(settings, billing_mode="PROVISIONED"))
    old_tables(aws, BillingMode="PAY_PER_REQUEST")
    aws.create_tables()
    creates = [request["GlobalSecondaryIndexUpdates"][0]["Create"] for request in aws.made("UpdateTable")]
    assert ["ProvisionedThroughput" in index for index in creates] == [False] * 3
    aws.must_be_complete()


def test_an_index_that_takes_long_is_waited_for_with_progress(
    settings: StorageSettings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tables_module, "ACTIVE_SECONDS", 0.2)
    monkeypatch.setattr(tables_module, "TELL_SECONDS", 0.1)
    aws = Aws(settings)
    old_tables(aws)
    ready = threading.Event()

    def slow(action: str, request: dict[str, Any]) -> Any:
        if action != "DescribeTable" or request["TableName"] != settings.events_table or ready.is_set():
            return None
        indexes = aws.table(settings.events_table).get("GlobalSecondaryIndexes", [])
        building = [{**index, "IndexStatus": "CREATING", "Backfilling": True} for index in indexes]
        return (
            described(aws, settings.events_table, TableStatus="UPDATING", GlobalSecondaryIndexes=building)
            if building
            else None
        )

    aws.behave = slow
    timer = threading.Timer(1.0, ready.set)
    timer.start()
    aws.create_tables()
    timer.join()
    aws.must_be_complete()
    told = warnings(caplog)
    assert 3 <= len(told) <= 12
    assert f"{settings.events_table} UPDATING, department-date-index CREATING" in told[0]
    assert "수십 분" in told[0]


def test_an_index_that_never_comes_is_not_waited_for_without_end(
    settings: StorageSettings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tables_module, "INDEX_SECONDS", 0.3)
    Aws(settings).create_tables()
    aws = Aws(settings)

    def never(action: str, request: dict[str, Any]) -> Any:
        if action != "DescribeTable" or request["TableName"] != settings.events_table:
            return None
        (index,) = aws.table(settings.events_table)["GlobalSecondaryIndexes"]
        return described(
            aws, settings.events_table, GlobalSecondaryIndexes=[{**index, "IndexStatus": "CREATING"}]
        )

    aws.behave = never
    with taking_at_most(5), pytest.raises(StorageUnavailable):
        aws.create_tables()
    assert "department-date-index CREATING" in caplog.text
    assert "다시 실행하면 이어서" in caplog.text


# States that no waiting ends


@pytest.mark.parametrize(
    "state", ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED", "REPLICATION_NOT_AUTHORIZED"]
)
def test_a_state_that_no_waiting_ends_is_named_at_once(
    settings: StorageSettings, caplog: pytest.LogCaptureFixture, state: str
) -> None:
    Aws(settings).create_tables()
    aws = Aws(settings)
    aws.behave = lambda action, request: (
        described(aws, request["TableName"], TableStatus=state) if action == "DescribeTable" else None
    )
    with pytest.raises(StorageUnavailable, match=state):
        aws.create_tables()
    assert len(aws.calls) == 1
    assert state in caplog.text
    assert settings.departments_table in caplog.text


def test_a_global_table_is_told(settings: StorageSettings, caplog: pytest.LogCaptureFixture) -> None:
    Aws(settings).create_tables()
    aws = Aws(settings)
    aws.behave = lambda action, request: (
        described(aws, request["TableName"], Replicas=[{"RegionName": "us-east-1"}])
        if action == "DescribeTable" and request["TableName"] == settings.events_table
        else None
    )
    aws.create_tables()
    (line,) = warnings(caplog)
    assert "글로벌 테이블" in line
    assert "us-east-1" in line


# Limits


ENDLESS = {
    "throttled": (error("ThrottlingException", "Rate exceeded"), StorageThrottled, "계정 한도 초과"),
    "a server error": (error("InternalServerError", status=500), StorageUnavailable, "오류 응답"),
    "a quota": (
        error("LimitExceededException", "Subscriber limit exceeded: There is a limit of 2500 tables"),
        StorageThrottled,
        "There is a limit of 2500 tables",
    ),
    "no permission": (
        error("AccessDeniedException", "not authorized to perform: dynamodb:CreateTable"),
        CredentialsRefused,
        "dynamodb:CreateTable",
    ),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_limit_is_told_as_what_it_is_and_does_not_last_for_ever(
    settings: StorageSettings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Without a deadline: a script's has SCRIPT_SECONDS for each call, which never became less."""
    monkeypatch.setattr("teamcal.deadline.SCRIPT_SECONDS", 5.0)
    monkeypatch.setattr(tables_module, "LIMIT_SECONDS", 0.5)
    refusal, expected, words = ENDLESS[kind]
    aws = Aws(settings, lambda action, request: refusal if action == "CreateTable" else None)
    with taking_at_most(12), pytest.raises(expected):
        aws.create_tables()
    assert words in caplog.text
    assert "처리량 초과" not in caplog.text


def test_a_limit_on_simultaneous_changes_passes(settings: StorageSettings) -> None:
    aws = Aws(settings)
    limit = error("LimitExceededException", "Only 10 tables can be created, updated, or deleted at once")
    aws.behave = lambda action, request: (
        limit if action == "CreateTable" and len(aws.made(action)) % 3 else None
    )
    aws.create_tables()
    aws.must_be_complete()


def test_a_table_that_is_being_deleted_is_created_when_it_has_gone(settings: StorageSettings) -> None:
    old = replace(settings)
    Aws(old).create_tables()
    aws = Aws(settings)
    left = [3]

    def deleting(action: str, request: dict[str, Any]) -> Any:
        if action != "DescribeTable" or request["TableName"] != settings.events_table or left[0] < 0:
            return None
        left[0] -= 1
        if left[0] < 0:
            aws.plain.delete_table(TableName=settings.events_table)
            return None
        return described(aws, settings.events_table, TableStatus="DELETING")

    aws.behave = deleting
    aws.create_tables()
    aws.must_be_complete()
    assert len(aws.made("CreateTable")) == 1


# TTL


def expiry_answer(status: str, attribute: str = "expires_at") -> Answer:
    return answer(TimeToLiveDescription={"TimeToLiveStatus": status, "AttributeName": attribute})


TTL = {
    "another attribute": (expiry_answer("ENABLED", "ttl"), None, "다른 속성 'ttl'"),
    "about to be another": (expiry_answer("ENABLING", "ttl"), None, "Enabled=false,AttributeName=ttl"),
    "being disabled": (expiry_answer("DISABLING"), None, "꺼지는 중"),
    "too often": (
        expiry_answer("DISABLED"),
        error("ValidationException", "Time to live has been modified multiple times within a fixed interval"),
        "modified multiple times",
    ),
    "being enabled": (expiry_answer("ENABLING"), None, ""),
    "not known to the engine": (error("UnknownOperationException"), None, "TTL을 지원하지 않습니다"),
}


@pytest.mark.parametrize("kind", TTL)
def test_an_expiry_that_can_not_be_turned_on_is_told(
    settings: StorageSettings, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    status, refusal, words = TTL[kind]
    answers = {"DescribeTimeToLive": status, "UpdateTimeToLive": refusal}
    aws = Aws(settings, lambda action, request: answers.get(action))
    aws.create_tables()
    lines = warnings(caplog)
    assert len(lines) == (3 if words else 0)
    for line, name in zip(lines, settings.tables[1:], strict=False):
        assert words in line
        assert f"'{name}'" in line
    assert len(aws.made("UpdateTimeToLive")) == (3 if refusal else 0)


# Engines without transactions


def test_an_engine_without_transactions_is_refused_before_anything_is_created(
    settings: StorageSettings, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = error("UnknownOperationException")
    with endpoint(lambda action, body: unknown if action == "TransactWriteItems" else None) as behind:
        database = DynamoDBDatabase(
            replace(settings, endpoint_url=behind.url, aws_access_key_id="a", aws_secret_access_key="b")
        )
        with pytest.raises(OperationUnsupported):
            database.create_tables()
        assert behind.calls == ["TransactWriteItems"]
        (line,) = warnings(caplog)
        assert "이 엔진은 TransactWriteItems를 지원하지 않습니다" in line
        assert behind.url in line
        behind.behave = lambda action, body: None
        database.create_tables()
