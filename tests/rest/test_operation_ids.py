"""Writes that carry an id of their own, `Idempotency-Key`, are made once, however often they are sent."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from teamcal.storage.codec import to_item
from tests.house import House, Server, together

FIELDS = {"event_date": "2024-01-20", "title": "팀 회의"}
ID = "3f1c2a8e-1111-4222-8333-944445555001"
SERIES = {"event_date": "2024-01-01", "title": "주간 회의", "recurrence": "FREQ=WEEKLY;COUNT=10"}


def key() -> str:
    return str(uuid.uuid4())


def send(server: Server, method: str, path: str, body: Any = None, id_: str = "", **headers: str) -> Any:
    named = {"Idempotency-Key": id_} if id_ else {}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.http.open(path, method=method, json=body, headers=named | given)


def changes(server: Server, department: str) -> int:
    return int(server.http.get(f"/api/events/{department}?series=true").json["revision"])


def same(first: Any, again: Any) -> bool:
    assert (again.status_code, again.json) == (first.status_code, first.json)
    return bool(again.headers.get("ETag") == first.headers.get("ETag"))


@pytest.fixture(params=[True, False], ids=["fast path", "flask"])
def server(request: pytest.FixtureRequest, house: House) -> Server:
    return house.server(fast_path=request.param)


# A repetition


def test_a_repeated_create_is_the_first_answer_and_no_second_event(server: Server) -> None:
    department, id_ = server.department(), key()
    first = send(server, "POST", f"/api/events/{department}", FIELDS, id_)
    assert first.status_code == 201
    for written in (id_, id_.upper()):
        assert same(first, send(server, "POST", f"/api/events/{department}", FIELDS, written))
    assert server.events(department) == [first.json["event"]]


def test_a_repeated_create_with_an_id_is_201_as_the_first(server: Server) -> None:
    department, id_ = server.department(), key()
    body = FIELDS | {"id": key()}
    first = send(server, "POST", f"/api/events/{department}", body, id_)
    assert same(first, send(server, "POST", f"/api/events/{department}", body, id_))
    assert send(server, "POST", f"/api/events/{department}", body).status_code == 200
    server.http.delete(f"/api/events/{body['id']}")
    assert same(first, send(server, "POST", f"/api/events/{department}", body, id_))
    assert server.events(department) == []


@pytest.mark.parametrize("if_match", ["", '"1"'])
def test_a_repeated_update_does_not_undo_what_others_changed(server: Server, if_match: str) -> None:
    department, id_ = server.department(), key()
    path = f"/api/events/{server.event(department)['id']}"
    headers = {"If_Match": if_match} if if_match else {}
    first = send(server, "PUT", path, {"title": "둘째"}, id_, **headers)
    assert first.json["event"]["version"] == 2
    assert same(first, send(server, "PUT", path, {"title": "둘째"}, id_, **headers))
    server.http.put(path, json={"title": "셋째"})
    member = server.member(department)
    assert same(first, send(server, "PUT", path, {"title": "둘째"}, id_, **headers))
    assert member.heard() == []
    assert [event["title"] for event in server.events(department)] == ["셋째"]
    assert changes(server, department) == 3
    server.http.delete(path)
    assert same(first, send(server, "PUT", path, {"title": "둘째"}, id_, **headers))


def test_a_repeated_deletion_is_200(server: Server) -> None:
    department, id_ = server.department(), key()
    path = f"/api/events/{server.event(department)['id']}"
    first = send(server, "DELETE", path, id_=id_)
    assert first.status_code == 200
    assert same(first, send(server, "DELETE", path, id_=id_))
    assert send(server, "DELETE", path).status_code == 404
    assert send(server, "DELETE", path, id_=key()).status_code == 404
    server.http.post(f"{path}/restore", json={"revision": 1})
    assert same(first, send(server, "DELETE", path, id_=id_))
    assert len(server.events(department)) == 1


def test_a_repeated_move_does_not_move_back(server: Server) -> None:
    here, there, id_ = server.department("하나"), server.department("둘"), key()
    path = f"/api/events/{server.event(here)['id']}/move"
    first = send(server, "POST", path, {"department_id": there}, id_)
    assert first.status_code == 200
    assert same(first, send(server, "POST", path, {"department_id": there}, id_))
    assert send(server, "POST", path, {"department_id": here}).status_code == 200
    assert same(first, send(server, "POST", path, {"department_id": there}, id_))
    assert (len(server.events(here)), len(server.events(there))) == (1, 0)


def test_a_move_out_of_a_department_that_was_deleted_since(server: Server) -> None:
    here, there, id_ = server.department("하나"), server.department("둘"), key()
    path, body = f"/api/events/{server.event(here)['id']}/move", {"department_id": there}
    first = send(server, "POST", path, body, id_)
    server.http.delete(f"/api/departments/{here}")
    assert same(first, send(server, "POST", path, body, id_))
    server.http.delete(f"/api/departments/{there}")
    assert send(server, "POST", path, body, id_).status_code == 404


def test_a_repeated_restore_is_made_once(server: Server) -> None:
    department, id_ = server.department(), key()
    path = f"/api/events/{server.event(department)['id']}"
    server.http.delete(path)
    first = send(server, "POST", f"{path}/restore", {"revision": 1}, id_)
    assert first.status_code == 200
    assert same(first, send(server, "POST", f"{path}/restore", {"revision": 1}, id_))
    server.http.delete(path)
    assert same(first, send(server, "POST", f"{path}/restore", {"revision": 1}, id_))
    assert server.events(department) == []


@pytest.mark.parametrize("scope", ["this", "following", "all"])
def test_a_repeated_edit_of_an_occurrence(server: Server, scope: str) -> None:
    department, id_ = server.department(), key()
    series = server.event(department, **SERIES)
    path = f"/api/events/{series['id']}_20240122?scope={scope}"
    first = send(server, "PUT", path, {"title": "바뀐 회의"}, id_)
    assert first.status_code == 200, first.text
    count = changes(server, department)
    assert same(first, send(server, "PUT", path, {"title": "바뀐 회의"}, id_))
    server.http.put(f"/api/events/{series['id']}?series=true", json={"title": "다른 회의"})
    assert same(first, send(server, "PUT", path, {"title": "바뀐 회의"}, id_))
    assert changes(server, department) == count + 1


@pytest.mark.parametrize("scope", ["this", "following", "all"])
def test_a_repeated_deletion_of_an_occurrence(server: Server, scope: str) -> None:
    department, id_ = server.department(), key()
    series = server.event(department, **SERIES)
    path = f"/api/events/{series['id']}_20240122?scope={scope}"
    first = send(server, "DELETE", path, id_=id_)
    assert first.status_code == 200, first.text
    assert same(first, send(server, "DELETE", path, id_=id_))
    assert send(server, "DELETE", path).status_code == 404
    assert changes(server, department) == 2


def test_a_repeated_move_and_restore_of_an_occurrence(server: Server) -> None:
    here, there = server.department("하나"), server.department("둘")
    series = server.event(here, **SERIES)
    path, moving, restoring = f"/api/events/{series['id']}_20240122", key(), key()
    moved = send(server, "POST", f"{path}/move", {"department_id": there}, moving)
    assert moved.status_code == 200, moved.text
    assert same(moved, send(server, "POST", f"{path}/move", {"department_id": there}, moving))
    restored = send(server, "POST", f"{path}/restore", {"revision": 1}, restoring)
    assert restored.status_code == 200, restored.text
    assert same(restored, send(server, "POST", f"{path}/restore", {"revision": 1}, restoring))
    assert len(server.events(there)) == 1


def test_departments_are_created_edited_and_deleted_once(server: Server) -> None:
    ids = [key() for _ in range(3)]
    created = send(server, "POST", "/api/departments", {"name": "개발팀"}, ids[0])
    assert created.status_code == 201
    assert same(created, send(server, "POST", "/api/departments", {"name": "개발팀"}, ids[0]))
    path = f"/api/departments/{created.json['department']['id']}"
    edited = send(server, "PUT", path, {"name": "기획팀"}, ids[1])
    server.http.put(path, json={"name": "영업팀"})
    assert same(edited, send(server, "PUT", path, {"name": "기획팀"}, ids[1]))
    assert server.http.get(path).json["department"]["name"] == "영업팀"
    gone = send(server, "DELETE", path, id_=ids[2])
    assert gone.status_code == 200
    assert same(gone, send(server, "DELETE", path, id_=ids[2]))
    assert send(server, "DELETE", path, id_=key()).status_code == 404
    assert send(server, "PUT", path, {"name": "기획팀"}, ids[1]).status_code == 404
    assert server.http.get("/api/departments").json["departments"] == []


# Another request under the same id


def test_another_request_under_a_used_id_is_refused(server: Server) -> None:
    department, id_ = server.department(), key()
    path = f"/api/events/{department}"
    event = send(server, "POST", path, FIELDS, id_).json["event"]
    own = f"/api/events/{event['id']}"
    for method, where, body in [
        ("POST", path, FIELDS | {"title": "다른 회의"}),
        ("POST", f"/api/events/{server.department('둘')}", FIELDS),
        ("PUT", own, {"title": "다른 회의"}), ("PUT", own, FIELDS), ("DELETE", own, None),
        ("POST", f"{own}/restore", {"revision": 1}), ("POST", "/api/departments", {"name": "셋"}),
        ("PUT", f"/api/departments/{department}", {"name": "넷"}),
        ("DELETE", f"/api/departments/{department}", None),
    ]:  # fmt: skip
        answer = send(server, method, where, body, id_)
        assert (answer.status_code, answer.json["code"]) == (409, "key_reused"), (method, where)
    assert server.events(department) == [event]


def test_the_version_is_no_part_of_what_is_asked(server: Server) -> None:
    """A client that has learnt of its own change meanwhile sends the version that it knows now."""
    department, id_ = server.department(), key()
    path = f"/api/events/{server.event(department)['id']}"
    first = send(server, "PUT", path, {"title": "둘째"}, id_, If_Match='"1"')
    assert same(first, send(server, "PUT", path, {"title": "둘째"}, id_, If_Match='"2"'))
    assert send(server, "PUT", f"{path}?scope=all", {"title": "둘째"}, id_).json["code"] == "key_reused"


def test_what_failed_or_changed_nothing_is_decided_anew(server: Server) -> None:
    department, ids = server.department(), [key() for _ in range(3)]
    path = f"/api/events/{server.event(department)['id']}"
    assert send(server, "PUT", path, {"title": "둘째"}, ids[0], If_Match='"7"').status_code == 412
    assert send(server, "PUT", path, {"title": "둘째"}, ids[0], If_Match='"1"').json["event"]["version"] == 2
    assert send(server, "PUT", path, {"title": "둘째"}, ids[1]).json["event"]["version"] == 2
    server.http.put(path, json={"title": "셋째"})
    assert send(server, "PUT", path, {"title": "둘째"}, ids[1]).json["event"]["version"] == 4
    assert send(server, "PUT", path, {"title": ""}, ids[2]).status_code == 400
    assert send(server, "PUT", path, {"title": "넷째"}, ids[2]).status_code == 200


# Ids that are none


@pytest.mark.parametrize("id_", ["1", "x" * 10_240, "~pulse", f"{ID}, {ID}", f'"{ID}"', " ", "가"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_is_no_uuid_is_refused(server: Server, id_: str, method: str) -> None:
    department = server.department()
    event = server.event(department)
    path = department if method == "POST" else event["id"]
    headers = {"Idempotency-Key": id_.encode().decode("latin-1")}
    answer = server.http.open(f"/api/events/{path}", method=method, json=FIELDS, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (400, "validation_error")
    assert [error["field"] for error in answer.json["errors"]] == ["Idempotency-Key"]
    assert len(answer.data) < 500
    assert server.events(department) == [event]


def test_reads_and_other_routes_take_no_notice(server: Server) -> None:
    assert send(server, "GET", "/api/departments", id_="none").status_code == 200
    assert send(server, "GET", f"/api/events/{server.department()}", id_="none").status_code == 200


def test_many_ids_of_writes_that_fail_leave_nothing_behind(server: Server, house: House) -> None:
    path = f"/api/events/{server.event(server.department())['id']}"
    used = server.replicas.used
    for _ in range(100):
        assert send(server, "PUT", path, {"title": "둘째"}, key(), If_Match='"9"').status_code == 412
        assert send(server, "PUT", path, {"title": "팀 회의"}, key()).status_code == 200
        assert send(server, "DELETE", f"/api/events/{key()}", id_=key()).status_code == 404
    assert operation_items(house) == []
    assert server.replicas.used <= used + 10_000


def test_nobody_reads_ids_as_departments(server: Server, house: House) -> None:
    department, id_ = server.department(), key()
    send(server, "POST", f"/api/events/{department}", FIELDS, id_)
    (item,) = operation_items(house)
    for path in ("events", "changes"):
        assert server.http.get(f"/api/{path}/{item['department_id']}").status_code == 404
    assert send(server, "POST", f"/api/events/{item['department_id']}", FIELDS).status_code == 404


def test_pages_of_other_origins_may_send_ids(server: Server) -> None:
    department = server.department()
    asked = {
        "Origin": "https://calendar.example.com",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type, idempotency-key",
    }
    answer = server.http.options(f"/api/events/{department}", headers=asked)
    assert answer.status_code == 200
    assert "idempotency-key" in answer.headers["Access-Control-Allow-Headers"].lower()


# Races, losses, other processes


def test_another_process_gives_the_first_answer(house: House) -> None:
    one, two = house.server(), house.server()
    department, id_ = one.department(), key()
    event, updating = one.event(department), key()
    first = send(one, "POST", f"/api/events/{department}", FIELDS, id_)
    updated = send(one, "PUT", f"/api/events/{event['id']}", {"title": "둘째"}, updating)
    for server in (two, house.server()):  # the last one is cold, as after a restart
        assert same(first, send(server, "POST", f"/api/events/{department}", FIELDS, id_))
        assert same(updated, send(server, "PUT", f"/api/events/{event['id']}", {"title": "둘째"}, updating))
    assert len(two.events(department)) == 2
    house.must_be_sound(department)


def race(house: House, ask: Callable[[Server, str], Any], servers: int) -> list[Any]:
    known = [house.server() for _ in range(servers)]
    return together(*[lambda server=server: ask(server, "") for server in known * (4 // servers)])


@pytest.mark.parametrize("servers", [1, 2, 4])
def test_repetitions_that_race_are_one(house: House, servers: int) -> None:
    here = house.server()
    department, creating, updating = here.department(), key(), key()
    event = here.event(department)
    answers = race(
        house, lambda server, _: send(server, "POST", f"/api/events/{department}", FIELDS, creating), servers
    )
    assert all(same(answers[0], answer) for answer in answers)
    answers = race(
        house,
        lambda server, _: send(server, "PUT", f"/api/events/{event['id']}", {"title": "x"}, updating),
        servers,
    )
    assert all(same(answers[0], answer) for answer in answers)
    assert changes(here, department) == 3
    house.must_be_sound(department)


def test_of_two_requests_that_race_under_one_id_one_is_refused(house: House) -> None:
    server = house.server()
    department, id_ = server.department(), key()
    path = f"/api/events/{department}"
    jobs = [
        lambda title=title: send(server, "POST", path, FIELDS | {"title": title}, id_) for title in "가나다라"
    ]
    statuses = sorted(answer.status_code for answer in together(*jobs))
    assert statuses == [201, 409, 409, 409]
    assert len(server.events(department)) == 1


@pytest.mark.parametrize("lost", [1, 100])
def test_an_answer_that_was_lost_is_given_again(house: House, lost: int) -> None:
    """The client gets 503, or the server finds out by itself."""
    left = [0]

    def lose(action: str, body: bytes) -> None:
        if action == "TransactWriteItems" and left[0]:
            left[0] -= 1
            raise ReadTimeoutError(endpoint_url="")

    server = house.server(after=lose)
    department, id_ = server.department(), key()
    left[0] = lost
    send(server, "POST", f"/api/events/{department}", FIELDS, id_)
    left[0] = 0
    first = send(server, "POST", f"/api/events/{department}", FIELDS, id_)
    assert first.status_code == 201
    assert same(first, send(house.server(), "POST", f"/api/events/{department}", FIELDS, id_))
    assert server.events(department) == [first.json["event"]]


def test_while_the_log_cannot_be_read_nothing_is_answered(house: House) -> None:
    broken = [False]

    def fail(action: str, body: bytes) -> None:
        if broken[0] and action != "TransactWriteItems":
            raise ReadTimeoutError(endpoint_url="")

    server = house.server(before=fail)
    department, id_ = server.department(), key()
    first = send(server, "POST", f"/api/events/{department}", FIELDS, id_)
    broken[0] = True
    assert send(server, "POST", f"/api/events/{department}", FIELDS, id_).status_code == 503
    broken[0] = False
    assert same(first, send(server, "POST", f"/api/events/{department}", FIELDS, id_))


# Batches


def batch(server: Server, department: str, *operations: Any, id_: str = "", **more: Any) -> Any:
    return send(server, "POST", f"/api/events/{department}/batch", {"operations": operations, **more}, id_)


def test_the_operations_of_a_batch_are_repeated_each_for_itself(server: Server) -> None:
    department = server.department()
    kept, going = server.event(department), server.event(department)
    operations: list[dict[str, Any]] = [
        {"op": "create", "event": FIELDS, "operation_id": key()},
        {"op": "update", "id": kept["id"], "event": {"title": "둘째"}, "version": 1, "operation_id": key()},
        {"op": "delete", "id": going["id"], "operation_id": key()},
    ]
    half = batch(server, department, *operations[:2]).json["results"]
    whole = batch(server, department, *operations)
    assert whole.json["results"][:2] == half
    assert [result["status"] for result in whole.json["results"]] == [201, 200, 200]
    server.http.put(f"/api/events/{kept['id']}", json={"title": "셋째"})
    new = {"op": "create", "event": FIELDS | {"title": "새"}, "operation_id": key()}
    again = batch(server, department, *operations, new)
    assert again.json["results"][:3] == whole.json["results"]
    assert again.json["results"][3]["status"] == 201
    assert {event["title"] for event in server.events(department)} == {"팀 회의", "셋째", "새"}
    reused = batch(server, department, {**operations[0], "event": FIELDS | {"title": "다른"}})
    assert [(one["status"], one["code"]) for one in reused.json["results"]] == [(409, "key_reused")]


def test_a_write_may_be_repeated_within_a_batch(server: Server) -> None:
    """A client that was away for long sends what it isn't sure of in one request."""
    department, ids = server.department(), [key() for _ in range(3)]
    path = f"/api/events/{department}"
    event = send(server, "POST", path, FIELDS, ids[0]).json["event"]
    own = f"/api/events/{event['id']}"
    updated = send(server, "PUT", own, {"title": "둘째"}, ids[1], If_Match='"1"').json["event"]
    send(server, "DELETE", own, id_=ids[2])
    answer = batch(
        server, department,
        {"op": "create", "event": FIELDS, "operation_id": ids[0]},
        {"op": "update", "id": event["id"], "event": {"title": "둘째"}, "operation_id": ids[1]},
        {"op": "delete", "id": event["id"], "operation_id": ids[2]},
    )  # fmt: skip
    assert [result["status"] for result in answer.json["results"]] == [201, 200, 200]
    assert [result["event"] for result in answer.json["results"]][:2] == [event, updated]
    assert changes(server, department) == 3


def test_what_is_not_known_of_some_operations_hides_no_other(house: House) -> None:
    broken = [False]

    def fail(action: str, body: bytes) -> None:
        if broken[0] and action == "GetItem" and b"~op:" in body:
            raise ReadTimeoutError(endpoint_url="")

    server = house.server(before=fail)
    department = server.department()
    known = {"op": "create", "event": FIELDS, "operation_id": key()}
    first = batch(server, department, known).json["results"]
    broken[0] = True
    results = batch(server, department, known, {"op": "create", "event": FIELDS}).json["results"]
    assert [one["status"] for one in results] == [503, 201]
    broken[0] = False
    assert batch(server, department, known).json["results"] == first
    assert len(server.events(department)) == 2


def test_an_id_that_a_batch_has_twice_is_used_once(house: House) -> None:
    calls: list[str] = []
    server = house.server(calls=calls)
    department = server.department()
    operation = {"op": "create", "event": FIELDS, "operation_id": key()}
    other = {**operation, "event": FIELDS | {"title": "다른"}}
    calls.clear()
    first, second, third = batch(server, department, operation, operation, other).json["results"]
    assert (first["status"], second, third["code"]) == (201, first, "key_reused")
    assert calls.count("TransactWriteItems") == 1
    assert len(server.events(department)) == 1


def test_as_many_operations_with_ids_as_fit_are_one_transaction(house: House) -> None:
    calls: list[str] = []
    server = house.server(calls=calls)
    department = server.department()
    for with_ids, operations in ((32, 32), (33, 33), (0, 45), (16, 40)):
        sent = [{"op": "create", "event": FIELDS} for _ in range(operations)]
        for operation in sent[:with_ids]:
            operation["operation_id"] = key()
        calls.clear()
        assert {one["status"] for one in batch(server, department, *sent).json["results"]} == {201}
        assert calls.count("TransactWriteItems") == (2 if with_ids == 33 else 1)


def test_a_long_batch_with_ids_is_repeated(house: House) -> None:
    server = house.server()
    department = server.department()
    operations = [{"op": "create", "event": FIELDS, "operation_id": key()} for _ in range(100)]
    first = complete(server, department, operations)
    assert {result["status"] for result in first} == {201}
    assert complete(house.server(), department, operations) == first
    assert len(server.events(department)) == 100


def complete(server: Server, department: str, operations: list[dict[str, Any]]) -> list[Any]:
    """The results; on a busy machine some may be 503 at first, and are repeated with their ids."""
    for _ in range(10):
        answer = batch(server, department, *operations)
        if answer.status_code == 200 and all(one["status"] != 503 for one in answer.json["results"]):
            return list(answer.json["results"])
    raise AssertionError(answer.text)


@pytest.mark.parametrize("id_", ["x", 7, {}, "x" * 10_240])
def test_an_operation_id_that_is_none_fails_its_operation(server: Server, id_: Any) -> None:
    department = server.department()
    bad = {"op": "create", "event": FIELDS, "operation_id": id_}
    results = batch(server, department, bad, {"op": "create", "event": FIELDS}).json["results"]
    assert [result["status"] for result in results] == [400, 201]
    assert [error["field"] for error in results[0]["errors"]] == ["operation_id"]


def test_an_atomic_batch_is_repeated_as_a_whole(house: House) -> None:
    server = house.server()
    department, id_ = server.department(), key()
    kept, same_ = server.event(department), server.event(department)
    operations = (
        {"op": "create", "event": FIELDS},
        {"op": "update", "id": kept["id"], "event": {"title": "둘째"}, "version": 1},
        {"op": "update", "id": same_["id"], "event": {"title": same_["title"]}},
    )
    first = batch(server, department, *operations, atomic=True, id_=id_)
    assert [result["status"] for result in first.json["results"]] == [201, 200, 200]
    assert same(first, batch(server, department, *operations, atomic=True, id_=id_))
    server.http.put(f"/api/events/{kept['id']}", json={"title": "셋째"})
    assert same(first, batch(house.server(), department, *operations, atomic=True, id_=id_))
    other = batch(server, department, *operations[:2], atomic=True, id_=id_)
    assert (other.status_code, other.json["code"]) == (409, "key_reused")
    assert len(server.events(department)) == 3


def test_an_atomic_batch_that_failed_is_decided_anew(server: Server) -> None:
    department, id_ = server.department(), key()
    event = server.event(department)
    operations = (
        {"op": "create", "event": FIELDS},
        {"op": "update", "id": event["id"], "event": {"title": "둘째"}, "version": 2},
    )
    failed = batch(server, department, *operations, atomic=True, id_=id_)
    assert [result["status"] for result in failed.json["results"]] == [424, 412]
    server.http.put(f"/api/events/{event['id']}", json={"title": "셋째"})
    made = batch(server, department, *operations, atomic=True, id_=id_)
    assert [result["status"] for result in made.json["results"]] == [201, 200]


@pytest.mark.parametrize("servers", [1, 2])
def test_atomic_batches_that_race_are_one(house: House, servers: int) -> None:
    here = house.server()
    department, id_ = here.department(), key()
    operations = [{"op": "create", "event": FIELDS}] * 3
    answers = race(
        house, lambda server, _: batch(server, department, *operations, atomic=True, id_=id_), servers
    )
    assert all(same(answers[0], answer) for answer in answers)
    assert len(here.events(department)) == 3


def test_an_atomic_batch_with_an_id_has_48_operations_at_most(server: Server) -> None:
    department = server.department()
    operations = [{"op": "create", "event": FIELDS}] * 48
    assert {
        one["status"]
        for one in batch(server, department, *operations, atomic=True, id_=key()).json["results"]
    } == {201}
    operations = [{"op": "create", "event": FIELDS}] * 49
    assert batch(server, department, *operations, atomic=True, id_=key()).status_code == 413
    assert {one["status"] for one in batch(server, department, *operations, atomic=True).json["results"]} == {
        201
    }


def test_which_batches_take_which_ids(server: Server) -> None:
    department = server.department()
    operation = {"op": "create", "event": FIELDS}
    answer = batch(server, department, operation, id_=key())
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "Idempotency-Key")
    inside = batch(server, department, operation | {"operation_id": key()}, operation, atomic=True)
    assert [one["status"] for one in inside.json["results"]] == [400, 424]
    assert inside.json["results"][0]["errors"][0]["field"] == "operation_id"
    assert server.events(department) == []


# What is stored


def operation_items(house: House) -> list[dict[str, Any]]:
    return [
        item for item in house.items(house.storage.changes_table) if item["department_id"].startswith("~op:")
    ]


def test_an_id_is_stored_with_its_change_and_ends_with_it(house: House) -> None:
    server = house.server()
    department, id_ = server.department(), key()
    event = send(server, "POST", f"/api/events/{department}", FIELDS, id_).json["event"]
    (item,) = operation_items(house)
    (row,) = [
        one
        for one in house.items(house.storage.changes_table)
        if one["department_id"] == department and one["revision"] == event["revision"]
    ]
    assert item["department_id"] == f"~op:open:{id_}"
    assert item["expires_at"] == row["expires_at"]
    assert FIELDS["title"] not in str(item)


def test_without_an_id_nothing_is_different(house: House) -> None:
    """The same calls, the same items; with one an item more, and no read."""
    calls: list[str] = []
    sizes: list[int] = []

    def count(action: str, body: bytes) -> None:
        if action == "TransactWriteItems":
            sizes.append(body.count(b'"TableName"'))

    server = house.server(before=count, calls=calls)
    department = server.department()
    path = f"/api/events/{server.event(department)['id']}"
    calls.clear()
    sizes.clear()
    assert send(server, "PUT", path, {"title": "둘째"}).status_code == 200
    assert send(server, "POST", f"/api/events/{department}", FIELDS).status_code == 201
    assert (calls, sizes) == (["TransactWriteItems"] * 2, [3, 3])
    assert operation_items(house) == []
    assert send(server, "PUT", path, {"title": "셋째"}, key()).status_code == 200
    assert send(server, "POST", f"/api/events/{department}", FIELDS, key()).status_code == 201
    assert (calls, sizes) == (["TransactWriteItems"] * 4, [3, 3, 4, 4])


def test_a_repetition_reads_its_id_once(house: House) -> None:
    calls: list[str] = []
    server = house.server(calls=calls)
    department, id_ = server.department(), key()
    send(server, "POST", f"/api/events/{department}", FIELDS, id_)
    calls.clear()
    assert send(server, "POST", f"/api/events/{department}", FIELDS, id_).status_code == 201
    # The transaction is refused, the head read with what may be new; then the id, and the head once more.
    assert calls == ["TransactWriteItems", "BatchGetItem", "GetItem", "GetItem"]


def test_an_id_whose_change_is_not_in_the_log_is_decided_anew(house: House) -> None:
    """As after a restored table: somebody else's change has the number now."""
    server = house.server()
    department, id_ = server.department(), key()
    first = send(server, "POST", f"/api/events/{department}", FIELDS, id_).json["event"]
    (item,) = operation_items(house)
    other = server.department("둘")
    server.event(other, title="남의 것")
    for parts in ([[other, "00000000-0000-4000-8000-000000000001", 1]], [[other, "?", 99]]):
        change_id = parts[0][1]
        house.plain.put_item(
            TableName=house.storage.changes_table,
            Item=to_item(item | {"parts": parts, "change_id": change_id}),
        )
        answer = send(server, "POST", f"/api/events/{department}", FIELDS, id_)
        assert answer.status_code == 201
        assert answer.json["event"]["id"] != first["id"]
        assert answer.json["event"]["title"] == FIELDS["title"]
        assert same(answer, send(house.server(), "POST", f"/api/events/{department}", FIELDS, id_))
    assert len(server.events(department)) == 3


def test_an_id_that_a_newer_server_stored_otherwise_is_not_answered_wrongly(house: House) -> None:
    server = house.server()
    department, id_ = server.department(), key()
    item = {
        "department_id": f"~op:open:{id_}",
        "revision": 1,
        "something": "new",
        "expires_at": 4_000_000_000,
    }
    house.plain.put_item(TableName=house.storage.changes_table, Item=to_item(item))
    answer = send(server, "POST", f"/api/events/{department}", FIELDS, id_)
    assert (answer.status_code, answer.json["code"]) == (409, "key_reused")
    assert server.events(department) == []


def test_repair_and_purge_pass_by_what_isto_item(house: House) -> None:
    server = house.server()
    department = server.department()
    for _ in range(3):
        send(server, "POST", f"/api/events/{department}", FIELDS, key())
    checkup = server.database.checkup()
    assert checkup.departments() == [department]
    assert checkup.faults(department) == {}
    server.http.delete(f"/api/departments/{department}")
    server.purge()
    assert len(operation_items(house)) == 3
    assert house.items(house.storage.events_table) == []
