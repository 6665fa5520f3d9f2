"""DynamoDB fails: requests get the documented answers, the operator a message, and nothing is restarted."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from localdynamo import EngineFailed
from teamcal import deadline
from teamcal.errors import StorageThrottled
from teamcal.storage import cold_load
from tests.engine import error
from tests.house import House, Server, together

URL = "http://127.0.0.1:1"
JSON = {"content-type": "application/x-amz-json-1.0"}
THROTTLED = error("ProvisionedThroughputExceededException", "The level of configured provisioned throughput")


class Faults:
    """What is wrong with DynamoDB now: `fault(action, body)` returns an answer, raises, or does nothing."""

    def __init__(self) -> None:
        self.fault: Callable[[str, bytes], Any] | None = None
        self.calls: list[str] = []

    def __call__(self, action: str, body: bytes) -> Any:
        return self.fault(action, body) if self.fault else None

    def always(self, what: Any, *actions: str) -> None:
        """Every call of `actions` (of all, if none is named) is answered so, or raises it."""

        def fault(action: str, body: bytes) -> Any:
            if actions and action not in actions:
                return None
            if isinstance(what, Exception):
                raise what
            return what

        self.fault = fault

    def times(self, number: int, what: Any, *actions: str) -> None:
        """As `always`, but only the next `number` calls."""
        left = [number]

        def fault(action: str, body: bytes) -> Any:
            if left[0] <= 0 or (actions and action not in actions):
                return None
            left[0] -= 1
            if isinstance(what, Exception):
                raise what
            return what

        self.fault = fault


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def server(house: House, faults: Faults) -> Server:
    return house.server(before=faults, calls=faults.calls)


def every_answer(server: Server, department: str, event: str) -> list[Any]:
    body = {"event_date": "2024-01-20", "title": "회의"}
    http = server.http
    return [
        http.get("/api/departments"),
        http.get(f"/api/events/{department}"),
        http.post(f"/api/events/{department}", json=body),
        http.put(f"/api/events/{event}", json={"title": "수정"}),
        http.delete(f"/api/events/{event}"),
        http.post("/api/departments", json={"name": "새 부서"}),
        http.delete(f"/api/departments/{department}"),
    ]


LASTING = [
    (
        error("UnrecognizedClientException", "The security token included in the request is invalid."),
        "자격증명 오류",
    ),
    (error("AccessDeniedException"), "자격증명 오류"),
    (error("ExpiredTokenException"), "자격증명 오류"),
    (NoCredentialsError(), "자격증명 오류"),
    (PartialCredentialsError(provider="env", cred_var="secret"), "자격증명 오류"),
    (error("ResourceNotFoundException", "Requested resource not found"), "가 없습니다."),
    (EngineFailed("내장 엔진이 응답하지 않습니다"), "내장 엔진"),
]


@pytest.mark.parametrize(("what", "message"), LASTING)
def test_lasting_faults_are_503_and_logged_without_a_stack_trace(
    house: House, server: Server, faults: Faults, caplog: pytest.LogCaptureFixture, what: Any, message: str
) -> None:
    department = server.department()
    event = server.event(department)["id"]
    before = house.dump()
    faults.always(what)
    for answer in every_answer(server, department, event):
        assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
        assert answer.json["message"] == "데이터베이스에 연결할 수 없습니다. 잠시 후 다시 시도해 주세요."
        assert answer.headers["Retry-After"]
    assert server.http.get("/").status_code == 200
    assert message in caplog.text
    assert "Traceback" not in caplog.text
    faults.fault = None
    assert house.dump() == before
    assert [answer.status_code for answer in every_answer(server, department, event)] == [
        200, 200, 201, 200, 200, 201, 200,
    ]  # fmt: skip


def test_the_log_says_what_to_check_when_credentials_are_refused(
    server: Server, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    faults.always(error("UnrecognizedClientException"))
    server.http.get("/api/departments")
    assert "✗ DynamoDB 연결 실패: 자격증명 오류" in caplog.text
    for word in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "환경 변수", "IAM"):
        assert word in caplog.text


@pytest.mark.parametrize("table", ["departments_table", "events_table", "changes_table"])
def test_the_log_names_a_missing_table_and_the_commands(
    house: House, server: Server, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    department = server.department()
    server.event(department)
    server.events(department)
    name = getattr(house.storage, table)
    house.plain.delete_table(TableName=name)
    answers = [
        house.server().http.post("/api/departments", json={"name": "새 부서"}),
        server.http.post(f"/api/events/{department}", json={"event_date": "2024-01-20", "title": "a"}),
    ]
    assert 503 in {answer.status_code for answer in answers}
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert f"테이블 '{name}'가 없습니다." in caplog.text
    assert "pip install -r requirements.txt" in caplog.text
    assert (
        'python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"' in caplog.text
    )
    assert "Traceback" not in caplog.text
    house.database().create_tables()
    if table != "changes_table":  # nothing can restore the log
        assert house.server().http.post("/api/departments", json={"name": "또 하나"}).status_code == 201


def test_clients_do_not_notice_throttling_that_passes(server: Server, faults: Faults) -> None:
    department = server.department()
    for what in (
        THROTTLED,
        error("ThrottlingException"),
        error("RequestLimitExceeded"),
        error("TransactionConflictException"),
        error("TransactionInProgressException"),
        error("InternalServerError", status=500),
        error("ServiceUnavailable", status=503),
        error(
            "TransactionCanceledException",
            CancellationReasons=[{"Code": "None"}, {"Code": "TransactionConflict"}, {"Code": "None"}],
        ),
        error(
            "TransactionCanceledException",
            CancellationReasons=[{"Code": "ThrottlingError"}, {"Code": "None"}, {"Code": "None"}],
        ),
    ):
        faults.times(3, what)
        server.event(department)
        faults.times(2, what)
        server.events(department)


def test_lasting_throttling_is_503_with_a_time_to_retry(
    house: House, server: Server, faults: Faults, caplog: pytest.LogCaptureFixture, short_deadline: None
) -> None:
    department = server.department()
    event = server.event(department)["id"]
    faults.always(THROTTLED)
    answers = together(
        lambda: server.http.put(f"/api/events/{event}", json={"title": "수정"}),
        lambda: server.http.get("/api/departments"),
        lambda: house.server(before=faults).http.get(f"/api/events/{department}"),
    )
    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (503, "storage_throttled")
        assert int(answer.headers["Retry-After"]) >= 1
    assert "ProvisionedThroughputExceededException" in caplog.text
    assert house.storage.changes_table in caplog.text
    assert "Traceback" not in caplog.text
    faults.fault = None
    assert server.http.put(f"/api/events/{event}", json={"title": "수정"}).status_code == 200


@pytest.mark.parametrize(
    "what",
    [
        EndpointConnectionError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
        OSError("broken pipe"),
        error("InternalServerError", status=500),
    ],
)
def test_clients_do_not_notice_a_single_failure(server: Server, faults: Faults, what: Any) -> None:
    department = server.department()
    faults.times(1, what)
    server.events(department)
    faults.times(1, what)
    server.event(department)


@pytest.mark.parametrize("action", ["GetItem", "TransactWriteItems"])
def test_an_unreachable_database_is_503(
    house: House,
    server: Server,
    faults: Faults,
    caplog: pytest.LogCaptureFixture,
    short_deadline: None,
    action: str,
) -> None:
    department = server.department()
    server.events(department)
    faults.always(EndpointConnectionError(endpoint_url=URL), action)
    path = f"/api/events/{department}"
    if action == "GetItem":
        answer = server.http.get(path)
    else:
        answer = server.http.post(path, json={"event_date": "2024-01-20", "title": "a"})
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert "✗ DynamoDB 연결 실패" in caplog.text
    assert "Traceback" not in caplog.text


def test_the_log_is_not_flooded(server: Server, faults: Faults, caplog: pytest.LogCaptureFixture) -> None:
    faults.always(NoCredentialsError())
    for _ in range(50):
        server.http.get("/api/departments")
    assert caplog.text.count("자격증명 오류") == 1


@pytest.mark.parametrize("lost", [1, 2])
def test_a_write_whose_answer_is_lost_is_applied_once(house: House, faults: Faults, lost: int) -> None:
    left = [0]

    def lose(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and left[0] > 0:
            left[0] -= 1
            raise ReadTimeoutError(endpoint_url=URL)

    server = house.server(after=lose)
    department = server.department()
    member = server.member(department)
    left[0] = lost
    event = server.event(department)
    left[0] = lost
    assert server.http.put(f"/api/events/{event['id']}", json={"title": "수정"}).status_code == 200
    left[0] = lost
    assert server.http.delete(f"/api/events/{event['id']}").status_code == 200
    assert [(name, payload["revision"]) for name, payload in member.heard()] == [
        ("event_created", 1), ("event_updated", 2), ("event_deleted", 3),
    ]  # fmt: skip
    house.must_be_sound(department)


def test_a_create_that_may_have_been_applied_can_be_sent_again(
    house: House, faults: Faults, short_deadline: None
) -> None:
    """503 may mean that the event was created; the client's id makes a retry safe."""
    broken: list[bool] = []

    def before(action: str, body: bytes) -> None:
        if broken:
            raise EndpointConnectionError(endpoint_url=URL)

    def after(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and armed:
            broken.append(True)
            raise ReadTimeoutError(endpoint_url=URL)

    armed: list[bool] = []
    server = house.server(before=before, after=after)
    department = server.department()
    member = server.member(department)
    armed.append(True)
    body = {"id": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "event_date": "2024-01-20", "title": "회의"}
    answer = server.http.post(f"/api/events/{department}", json=body)
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    armed.clear()
    broken.clear()
    again = server.http.post(f"/api/events/{department}", json=body)
    assert (again.status_code, again.json["event"]["revision"]) == (200, 1)
    assert [name for name, _ in member.heard()] == ["event_created"]
    assert len(server.events(department)) == 1
    house.must_be_sound(department)


def test_the_deletion_of_a_department_whose_answer_is_lost(house: House) -> None:
    armed = [False]

    def lose(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and armed[0]:
            raise ReadTimeoutError(endpoint_url=URL)

    server = house.server(after=lose)
    department = server.department()
    server.event(department)
    member = server.member()
    member.heard()
    armed[0] = True
    answer = server.http.delete(f"/api/departments/{department}")
    armed[0] = False
    assert answer.status_code in (200, 503)
    assert server.http.get(f"/api/events/{department}").status_code == 404
    assert server.http.get("/api/departments").json["departments"] == []
    assert [name for name, _ in member.heard()] == ["department_deleted"]


def test_unprocessed_keys_are_read_again(house: House) -> None:
    limited: list[str] = []

    def partly(action: str, body: bytes) -> Any:
        if action != "BatchGetItem":
            return None
        request = json.loads(body)["RequestItems"]
        ((table, wanted),) = request.items()
        limited.append(action)
        first, rest = wanted["Keys"][:1], wanted["Keys"][1:]
        found = house.plain.batch_get_item(RequestItems={table: {**wanted, "Keys": first}})["Responses"]
        answer: dict[str, Any] = {"Responses": found}
        if rest:
            answer["UnprocessedKeys"] = {table: {**wanted, "Keys": rest}}
        return 200, JSON, json.dumps(answer).encode()

    server = house.server(before=partly)
    departments = [server.department(f"부서 {number}") for number in range(4)]
    for department in departments:
        server.event(department)
    heads = server.database.read_heads(departments)
    assert {head.revision for head in heads.values()} == {1}
    assert len(limited) == 4


def test_items_that_are_never_processed_are_throttling(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    def never(action: str, body: bytes) -> Any:
        request = json.loads(body).get("RequestItems")
        if action == "BatchGetItem":
            return 200, JSON, json.dumps({"Responses": {}, "UnprocessedKeys": request}).encode()
        return None

    database = house.server(before=never).database
    with deadline.within(3.5), pytest.raises(StorageThrottled):
        database.read_heads(["d"])
    assert "ProvisionedThroughputExceededException" in caplog.text


def test_a_request_that_dynamodb_rejects_is_an_internal_error(
    server: Server, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    department = server.department()
    server.events(department)
    faults.always(error("ValidationException", "a secret detail"), "TransactWriteItems")
    with caplog.at_level(logging.ERROR):
        answer = server.http.post(
            f"/api/events/{department}", json={"event_date": "2024-01-20", "title": "a"}
        )
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.json["request_id"] in caplog.text
    faults.fault = None
    server.event(department)


def test_an_interrupted_write_leaves_the_department_usable(server: Server, faults: Faults) -> None:
    department = server.department()
    server.events(department)

    def interrupt(action: str, body: bytes) -> None:
        raise KeyboardInterrupt

    faults.fault = interrupt
    with pytest.raises(KeyboardInterrupt):
        server.http.post(f"/api/events/{department}", json={"event_date": "2024-01-20", "title": "a"})
    faults.fault = None
    assert server.event(department)["revision"] == 1


def test_joins_and_syncs_answer_the_same_codes(server: Server, faults: Faults, short_deadline: None) -> None:
    department = server.department()
    member = server.member(department)
    faults.always(NoCredentialsError())
    for name in ("join_department", "sync_request"):
        answer = member.ask(name, {"department_id": department})
        assert answer["code"] == "storage_unavailable"
        assert member.heard() == [("error", answer)]
    faults.fault = None
    assert member.ask("sync_request", {"department_id": department})["events"] == []


def test_a_lagging_index_hides_nothing(house: House) -> None:
    """The index returns earlier items; the log completes the copy."""
    server = house.server()
    department = server.department()
    first = server.event(department, title="첫째")
    second = server.event(department, title="둘째")
    stale = house.plain.query(
        TableName=house.storage.events_table, IndexName="department-date-index",
        KeyConditionExpression="department_id = :d", ExpressionAttributeValues={":d": {"S": department}},
    )  # fmt: skip
    old = json.dumps({"Items": stale["Items"], "Count": 2, "ScannedCount": 2}).encode()
    server.http.put(f"/api/events/{first['id']}", json={"title": "수정"})
    server.http.delete(f"/api/events/{second['id']}")
    third = server.event(department, title="셋째")

    def lag(action: str, body: bytes) -> Any:
        return (200, JSON, old) if action == "Query" and b"department-date-index" in body else None

    events = house.server(before=lag).events(department)
    assert {event["title"] for event in events} == {"수정", third["title"]}


def test_an_index_that_lags_further_than_the_log_reaches_is_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch, short_deadline: None
) -> None:
    monkeypatch.setattr(cold_load, "OVERLAY_ROWS", 2)
    server = house.server()
    department = server.department()
    for _ in range(12):
        server.event(department)
    nothing = json.dumps({"Items": [], "Count": 0, "ScannedCount": 0}).encode()
    lags = [2]

    def lag(action: str, body: bytes) -> Any:
        if action == "Query" and b"department-date-index" in body and lags[0]:
            lags[0] -= 1
            return 200, JSON, nothing
        return None

    assert len(house.server(before=lag).events(department)) == 12
    # The oldest rows have expired and the index never catches up: nothing half is served.
    house.plain.delete_item(
        TableName=house.storage.changes_table,
        Key={"department_id": {"S": department}, "revision": {"N": "1"}},
    )
    lags[0] = 1_000
    answer = house.server(before=lag).http.get(f"/api/events/{department}")
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    lags[0] = 0
    assert len(house.server(before=lag).events(department)) == 12


def cancelled(*reasons: dict[str, str]) -> Any:
    return error("TransactionCanceledException", "Transaction cancelled", CancellationReasons=list(reasons))


NONE = {"Code": "None"}
BUSY = [
    (error("TransactionConflictException"), "storage_throttled", "트랜잭션 충돌"),
    (error("TransactionInProgressException"), "storage_throttled", "트랜잭션 충돌"),
    (error("ReplicatedWriteConflictException"), "storage_throttled", "트랜잭션 충돌"),
    (cancelled({"Code": "TransactionConflict"}, NONE, NONE), "storage_throttled", "트랜잭션 충돌"),
    (error("RequestLimitExceeded", "for your account"), "storage_throttled", "계정 한도 초과"),
    (error("LimitExceededException"), "storage_throttled", "계정 한도 초과"),
    (error("TooManyRequestsException"), "storage_throttled", "계정 한도 초과"),
    (error("ResourceInUseException"), "storage_unavailable", "만들거나 바꾸는 중"),
    (error("IdempotentParameterMismatchException"), "storage_unavailable", "거부했습니다"),
    (
        cancelled(NONE, {"Code": "ValidationError", "Message": "Item size has exceeded the limit"}, NONE),
        "storage_unavailable",
        "Item size has exceeded the limit",
    ),
    (error("UnknownOperationException"), "storage_unavailable", "TransactWriteItems를 지원하지 않습니다"),
    (
        error("ValidationException", "The table does not have the specified index: department-date-index"),
        "storage_unavailable",
        "필요한 인덱스가 없습니다",
    ),
    (
        error(
            "ValidationException",
            "Cannot read from backfilling global secondary index: department-date-index",
        ),
        "storage_unavailable",
        "backfilling",
    ),
    (
        error("RequestTimeoutException", status=408),
        "storage_unavailable",
        "오류 응답 (408 RequestTimeoutException)",
    ),
    (error("RequestAbortedException"), "storage_unavailable", "오류 응답"),
    (error("SomethingElse", status=401), "storage_unavailable", "자격증명 오류"),
    (error("SomethingElse", status=403), "storage_unavailable", "자격증명 오류"),
    (error("SomethingElse", status=429), "storage_throttled", "계정 한도 초과"),
    (error("SomethingElse", status=502), "storage_unavailable", "오류 응답 (502 SomethingElse)"),
]


@pytest.mark.parametrize(("what", "code", "words"), BUSY, ids=str)
def test_each_kind_of_refusal_is_told_as_what_it_is(
    server: Server,
    faults: Faults,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    what: Any,
    code: str,
    words: str,
) -> None:
    department = server.department()
    server.events(department)
    faults.always(what, "TransactWriteItems")
    with monkeypatch.context() as shorter:
        shorter.setattr(deadline, "REQUEST_SECONDS", 4.5)
        answer = server.http.post(
            f"/api/events/{department}", json={"event_date": "2024-01-20", "title": "a"}
        )
    assert (answer.status_code, answer.json["code"]) == (503, code)
    assert words in caplog.text
    assert "처리량 초과" not in caplog.text
    assert "Traceback" not in caplog.text
    assert "exceeded" not in answer.text
    faults.fault = None
    assert server.event(department)["revision"] == 1


def test_only_the_table_of_the_throttled_action_is_named(
    house: House, server: Server, faults: Faults, caplog: pytest.LogCaptureFixture, short_deadline: None
) -> None:
    department = server.department()
    server.event(department)
    throttled = {
        "Code": "ProvisionedThroughputExceeded",
        "Message": "for one or more global secondary indexes",
    }
    faults.always(cancelled(NONE, throttled, NONE), "TransactWriteItems")
    answer = server.http.post(f"/api/events/{department}", json={"event_date": "2024-01-20", "title": "a"})
    assert (answer.status_code, answer.json["code"]) == (503, "storage_throttled")
    assert f"테이블 '{house.storage.events_table}' 처리량 초과" in caplog.text


def test_a_conflict_that_passes_is_not_told(
    server: Server, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    department = server.department()
    faults.times(3, error("TransactionConflictException"), "TransactWriteItems")
    server.event(department)
    faults.times(1, error("InternalServerError", status=500))
    server.event(department)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
