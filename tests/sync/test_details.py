"""Batch, history, range and several joins at once: what is refused, and how."""

import time
from typing import Any

import pytest

from teamcal.errors import StorageUnavailable
from tests.engine import error
from tests.house import House, together

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "validation_error"),
        ({"operations": {}}, 400, "validation_error"),
        ({"operations": [], "atomic": "yes"}, 400, "validation_error"),
        ({"operations": [{"op": "delete", "id": UNKNOWN}] * 501}, 400, "validation_error"),
        ({"operations": [{"op": "delete", "id": UNKNOWN}] * 50, "atomic": True}, 413, "payload_too_large"),
    ],
)
def test_a_batch_that_cannot_be_read(house: House, body: Any, status: int, code: str) -> None:
    one = house.server()
    answer = one.http.post(f"/api/events/{one.department()}/batch", json=body)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_each_operation_of_a_batch_fails_by_itself(house: House) -> None:
    one = house.server()
    department, elsewhere = one.department("하나"), one.department("둘")
    kept, gone, other = one.event(department), one.event(department), one.event(elsewhere)
    one.http.delete(f"/api/events/{gone['id']}")
    fields = {"event_date": "2024-01-20", "title": "제목"}
    operations = [
        ("nothing", 400), ({"op": ["create"]}, 400), ({"op": "create"}, 400),
        ({"op": "create", "event": {**fields, "title": ""}}, 400),
        ({"op": "create", "event": {**fields, "id": gone["id"]}}, 410),
        ({"op": "create", "event": {**fields, "id": other["id"]}}, 409),
        ({"op": "update", "id": 5, "event": {}}, 400),
        ({"op": "update", "id": kept["id"], "event": {}, "version": "1"}, 400),
        ({"op": "update", "id": kept["id"], "event": {"title": "x"}, "version": 7}, 412),
        ({"op": "update", "id": kept["id"], "event": {"title": "새"}, "version": 1}, 200),
        ({"op": "delete", "id": other["id"]}, 404),
        ({"op": "delete", "id": kept["id"], "version": 2}, 200),
    ]  # fmt: skip
    body = {"operations": [operation for operation, _ in operations]}
    results = one.http.post(f"/api/events/{department}/batch", json=body).json["results"]
    assert [result["status"] for result in results] == [status for _, status in operations]
    assert one.events(department) == []
    assert one.http.post(f"/api/events/{UNKNOWN}/batch", json={"operations": []}).status_code == 404
    assert one.http.post("/api/events/*/batch", json={"operations": []}).status_code == 404
    spoiled = {"operations": ["nothing", {"op": "create", "event": fields}], "atomic": True}
    results = one.http.post(f"/api/events/{department}/batch", json=spoiled).json["results"]
    assert [result["status"] for result in results] == [400, 424]


@pytest.mark.parametrize("version", ["1", '"1"', 1.0, True])
@pytest.mark.parametrize(
    ("language", "text"), [("ko", "정수여야 합니다."), ("en", "Must be a whole number.")]
)
def test_the_version_in_a_batch_is_an_integer(house: House, version: Any, language: str, text: str) -> None:
    server = house.server()
    department = server.department()
    event = server.event(department)
    body = {"operations": [{"op": "delete", "id": event["id"], "version": version}]}
    headers = {"Accept-Language": language}
    answer = server.http.post(f"/api/events/{department}/batch", json=body, headers=headers)
    (result,) = answer.json["results"]
    assert result["errors"] == [{"field": "version", "message": text}]


def test_an_atomic_batch_that_fits_no_transaction(house: House) -> None:
    one = house.server()
    department = one.department()
    big = {"event_date": "2024-01-20", "title": "큰", "description": "가" * 10_000}
    events = [one.event(department, **big) for _ in range(49)]
    moves = [{"op": "update", "id": event["id"], "event": {"time": "1"}} for event in events]
    answer = one.http.post(f"/api/events/{department}/batch", json={"operations": moves, "atomic": True})
    assert (answer.status_code, answer.json["code"]) == (413, "payload_too_large")
    body = {"operations": moves, "atomic": False}
    results = one.http.post(f"/api/events/{department}/batch", json=body).json["results"]
    assert [result["status"] for result in results] == [200] * 49
    house.must_be_sound(department)


def test_history_and_restore_refuse_what_they_do_not_know(house: House) -> None:
    one = house.server()
    department = one.department()
    event = one.event(department)
    url = f"/api/events/{event['id']}"
    for revision in (99, True, "1", None):
        assert one.http.post(f"{url}/restore", json={"revision": revision}).status_code == 400
    same = one.http.post(f"{url}/restore", json={"revision": event["revision"]})
    assert (same.status_code, same.json["event"]["version"]) == (200, 1)
    one.http.put(url, json={"title": "새 제목"})
    back = one.http.post(f"{url}/restore", json={"revision": 1}).json["event"]
    assert (back["title"], back["version"]) == (event["title"], 3)
    one.http.delete(url)
    one.http.post(f"{url}/restore", json={"revision": 1})
    kinds = [step["kind"] for step in one.http.get(f"{url}/history").json["history"]]
    assert kinds == ["event_created", "event_deleted", "event_updated", "event_updated", "event_created"]
    for path in ("history", "restore", "move"):
        call = one.http.get if path == "history" else one.http.post
        body = {} if path == "history" else {"json": {"revision": 1, "department_id": department}}
        assert call(f"/api/events/{UNKNOWN}/{path}", **body).status_code == 404
        assert call(f"/api/events/*/{path}", **body).status_code == 404


def test_an_older_servers_event_has_no_history_yet(house: House) -> None:
    house.put_department(id="d-1", name="옛 부서")
    house.put_event(id="e-1", department_id="d-1", event_date="2024-01-01", title="옛 이벤트")
    one = house.server()
    assert one.http.get("/api/events/e-1/history").json["history"] == []
    refused = one.http.put("/api/events/e-1", json={"title": "x"}, headers={"If-Match": '"9"'})
    assert (refused.status_code, refused.json["changed"]) == (412, None)
    one.http.put("/api/events/e-1", json={"title": "새"})
    assert len(one.http.get("/api/events/e-1/history").json["history"]) == 1


def test_moving_refuses_and_does_nothing_twice(house: House) -> None:
    one = house.server()
    department, other = one.department("하나"), one.department("둘")
    event = one.event(department)
    url = f"/api/events/{event['id']}/move"
    assert one.http.post(url, json={}).status_code == 400
    assert one.http.post(url, json={"department_id": 7}).status_code == 400
    assert one.http.post(url, json={"department_id": UNKNOWN}).status_code == 404
    same = one.http.post(url, json={"department_id": department})
    assert (same.status_code, same.json["event"]["version"]) == (200, 1)
    stale = {"headers": {"If-Match": '"4"'}}
    assert one.http.post(url, json={"department_id": other}, **stale).status_code == 412
    assert one.http.post(url, json={"department_id": other}).status_code == 200
    assert one.http.post(url, json={"department_id": department}).status_code == 200
    assert [found["version"] for found in one.events(department)] == [3]


def test_ranges_and_searches(house: House) -> None:
    one = house.server()
    department = one.department()
    for day, title in enumerate(["회의", "Workshop", "회식"], start=1):
        one.event(department, event_date=f"2024-01-0{day}", title=title, url="https://example.com")
    url = f"/api/events/{department}"
    found = {
        query: [event["title"] for event in one.http.get(f"{url}?{query}").json["events"]]
        for query in ("from=2024-01-02", "to=2024-01-02", "q=WORK", "q=회", "limit=1", "q=없음")
    }
    assert found == {
        "from=2024-01-02": ["Workshop", "회식"], "to=2024-01-02": ["회의", "Workshop"],
        "q=WORK": ["Workshop"], "q=회": ["회의", "회식"], "limit=1": ["회의"], "q=없음": [],
    }  # fmt: skip
    for query in ("from=2024-02-30", "to=x", "limit=0", "limit=x"):
        assert one.http.get(f"{url}?{query}").status_code == 400
    assert one.http.get(f"/api/changes/{department}?limit=1001").status_code == 400


def test_several_departments_are_joined_at_once(house: House) -> None:
    one = house.server()
    departments = [one.department(name) for name in ("하나", "둘")]
    member = one.member()
    wanted = [{"department_id": departments[0], "cursor": None}, {"department_id": departments[1]}]
    answers = member.ask("join_department", {"departments": [*wanted, {"department_id": UNKNOWN}, 5]})
    assert [answer.get("code") for answer in answers] == [
        None,
        None,
        "department_not_found",
        "validation_error",
    ]
    assert answers[0]["full"] is True
    assert "events" not in answers[1]
    names = [name for name, _ in member.heard()]
    assert sorted(names) == ["connected", "error", "error", "joined_department", "joined_department"]
    for department in departments:
        one.event(department)
    assert [name for name, _ in member.heard()] == ["event_created"] * 2
    assert member.ask("join_department", {"departments": "all"})["code"] == "validation_error"
    assert member.ask("join_department", {"departments": [5] * 201})["code"] == "validation_error"
    odd = member.ask("join_department", {"department_id": departments[0], "cursor": 5})
    assert odd["reason"] == "resync_required"


def test_the_timer_outlives_every_trouble(house: House) -> None:
    trouble: list[Any] = []

    def fail(action: str, body: bytes) -> Any:
        return trouble.pop() if trouble else None

    one = house.server(before=fail)
    rounds = iter(range(4))

    def sleep(seconds: float) -> None:
        number = next(rounds, None)
        if number is None:
            raise KeyboardInterrupt
        trouble[:] = [error("UnrecognizedClientException")] if number % 2 else [(200, {}, b"{}")]

    with pytest.raises(KeyboardInterrupt):
        one.watcher(1.0, sleep).run()
    trouble.clear()
    assert one.department()


def test_a_lock_that_cannot_be_had_in_time_is_an_answer(house: House) -> None:
    import threading

    from teamcal import deadline

    one = house.server()
    department = one.department()
    one.event(department)
    replica = one.replicas.of(department)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with replica.lock():
            held.set()
            done.wait(60)

    threading.Thread(target=hold).start()
    assert held.wait(60)
    try:
        with deadline.within(0.2), pytest.raises(StorageUnavailable), replica.lock():
            pass
    finally:
        done.set()


def test_a_calendar_whose_log_was_lost_goes_on(house: House) -> None:
    one = house.server()
    department = one.department()
    one.event(department)
    for row in house.items(house.storage.changes_table):
        key = {"department_id": {"S": row["department_id"]}, "revision": {"N": str(row["revision"])}}
        house.plain.delete_item(TableName=house.storage.changes_table, Key=key)
    other = house.server()
    assert len(other.events(department)) == 1
    other.event(department)
    assert len(house.server().events(department)) == 2


@pytest.mark.deadline
def test_readers_that_wait_together_fail_together(house: House) -> None:
    def fail(action: str, body: bytes) -> Any:
        time.sleep(0.05)
        return error("ProvisionedThroughputExceededException") if trouble else None

    trouble: list[bool] = []
    one = house.server(before=fail)
    department = one.department()
    trouble.append(True)
    get = [lambda: one.http.get(f"/api/events/{department}")] * 12
    answers = together(*get)
    codes = [answer.json["code"] for answer in answers]
    # On a busy machine the second look's turn may come too late.
    assert set(codes) <= {"storage_throttled", "storage_unavailable"}
    assert "storage_throttled" in codes
    trouble.clear()
    assert one.events(department) == []
