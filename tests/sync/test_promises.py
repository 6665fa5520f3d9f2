"""SYNC's promises, each through a public door; several servers over the same tables."""

import json
import time
import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.engine import error
from tests.house import House, PatientClient, Server, right_now, together
from tests.sync.aws_faults import LaggingIndex, LostAnswers, Trouble

UUID = "3f1c2a8e-1111-4222-8333-944445555{:03d}"


def batch(server: Server, department: str, operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return PatientClient(server).batch(department, operations)


def atomic_batch(server: Server, department: str, operations: list[dict[str, Any]]) -> list[int]:
    """Returns the statuses of the results."""
    body = {"operations": operations, "atomic": True}
    answer = server.http.post(f"/api/events/{department}/batch", json=body)
    assert answer.status_code == 200, answer.text
    return [result["status"] for result in answer.json["results"]]


def creates(number: int) -> list[dict[str, Any]]:
    return [
        {
            "op": "create",
            "event": {
                "id": str(uuid.uuid4()),
                "event_date": f"2024-01-{n % 28 + 1:02d}",
                "title": f"회의 {n}",
            },
        }
        for n in range(number)
    ]


def look(server: Server) -> None:
    """One round of the timer, its deletions included."""
    server.watcher().look()


def changes(server: Server, department: str, **query: Any) -> Any:
    return server.http.get(f"/api/changes/{department}", query_string=query)


def test_who_comes_back_gets_what_changed_and_not_the_calendar(house: House) -> None:
    one = house.server()
    department = one.department()
    results = batch(one, department, creates(400))
    cursor = one.http.get(f"/api/events/{department}").json["cursor"]
    ids = [result["event"]["id"] for result in results[:20]]
    for start in range(0, 500, 250):
        edits = [{"op": "update", "id": ids[n % 19], "event": {"title": f"{start + n}"}} for n in range(249)]
        batch(one, department, edits)
    batch(one, department, [{"op": "delete", "id": ids[19]}, *creates(1)])
    other = house.server()
    compact = changes(other, department, cursor=cursor, compact="1").json
    assert len(compact["events"]) == 20
    assert compact["deleted"] == [ids[19]]
    answer = other.member().ask("join_department", {"department_id": department, "cursor": cursor})
    assert (answer["full"], len(answer["events"]), answer["deleted"]) == (False, 20, [ids[19]])
    assert answer["cursor"] == compact["cursor"] == other.http.get(f"/api/events/{department}").json["cursor"]


def test_changes_come_in_pages_one_for_each_revision(house: House) -> None:
    one = house.server()
    department = one.department()
    batch(one, department, creates(25))
    seen, cursor, more = [], None, True
    while more:
        page = changes(one, department, limit=10, **({"cursor": cursor} if cursor else {})).json
        seen += [change["revision"] for change in page["changes"]]
        cursor, more = page["cursor"], page["more"]
    assert seen == list(range(1, 26))
    assert changes(one, department, cursor=cursor).json["changes"] == []


def test_a_cursor_of_another_department_or_history_is_told_to_start_over(house: House) -> None:
    one = house.server()
    department, elsewhere = one.department("하나"), one.department("둘")
    one.event(department), one.event(elsewhere)
    foreign = one.http.get(f"/api/events/{elsewhere}").json["cursor"]
    answer = changes(one, department, cursor=foreign)
    assert (answer.status_code, answer.json["code"]) == (410, "resync_required")
    joined = one.member().ask("join_department", {"department_id": department, "cursor": foreign})
    assert (joined["full"], joined["reason"], len(joined["events"])) == (True, "resync_required", 1)
    assert changes(one, department, cursor="무엇").status_code == 400


def test_age_decides_whether_a_cursor_is_still_good(house: House) -> None:
    one = house.server()
    department = one.department()
    one.event(department)
    early = one.http.get(f"/api/events/{department}").json["cursor"]
    one.event(department)
    newest = one.http.get(f"/api/events/{department}").json["cursor"]
    later = house.server(now=lambda: right_now() + timedelta(days=31))
    assert changes(later, department, cursor=early).status_code == 410
    assert changes(later, department, cursor=newest).json["changes"] == []


def test_a_lagging_index_hides_nothing_from_a_cold_server(house: House) -> None:
    index = LaggingIndex(3.0)
    one = house.server(before=index.before)
    department = one.department()
    for _ in range(2):
        batch(one, department, creates(500))
    listed = one.events(department)
    edit = {"title": "새"}
    batch(one, department, [{"op": "update", "id": event["id"], "event": edit} for event in listed[:50]])
    batch(one, department, [{"op": "delete", "id": event["id"]} for event in listed[50:60]])
    expected = one.events(department)
    cold = house.server(before=index.before)
    assert cold.events(department) == expected
    assert len(expected) == 990
    assert len(cold.http.get(f"/api/events/{department}?from=2024-01-01&to=2024-01-05").json["events"]) > 100


def test_an_unchanged_calendar_costs_one_small_read(house: House) -> None:
    calls: list[str] = []
    one = house.server(calls=calls)
    department = one.department()
    batch(one, department, creates(300))
    tag = one.http.get(f"/api/events/{department}").headers["ETag"]
    calls.clear()
    assert len(one.events(department)) == 300
    assert calls == ["GetItem"]
    calls.clear()
    answer = one.http.get(f"/api/events/{department}", headers={"If-None-Match": tag})
    assert (answer.status_code, calls) == (304, ["GetItem"])


def test_readers_who_wait_together_share_one_read(house: House) -> None:
    calls: list[str] = []

    def slow(action: str, body: bytes) -> None:
        time.sleep(0.2)

    one = house.server(before=slow, calls=calls)
    department = one.department()
    one.event(department)
    calls.clear()
    answers = together(*[lambda: len(one.events(department))] * 200)
    assert answers == [1] * 200
    assert len(calls) <= 40, Counter(calls)


def test_edits_of_different_fields_both_survive_and_if_match_protects(house: House) -> None:
    one, other = house.server(), house.server()
    department = one.department()
    event = one.event(department)
    other.events(department)
    url = f"/api/events/{event['id']}"
    assert one.http.put(url, json={"title": "갑"}).status_code == 200
    assert other.http.put(url, json={"time": "14:00"}).status_code == 200
    (now,) = one.events(department)
    assert (now["title"], now["time"], now["version"]) == ("갑", "14:00", 3)
    refused = one.http.put(url, json={"title": "을"}, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json["code"]) == (412, "version_conflict")
    assert refused.json["current"] == now
    assert sorted(refused.json["changed"]) == ["time", "title"]
    assert one.http.delete(url, headers={"If-Match": '"2"'}).json["changed"] == ["time"]


def test_one_create_sent_five_times_is_one_event_and_one_change(house: House) -> None:
    one, other = house.server(), house.server()
    department = one.department()
    body = {"id": UUID.format(1), "event_date": "2024-02-01", "title": "한 번"}
    post = [
        lambda s=s: s.http.post(f"/api/events/{department}", json=body) for s in (one, other, one, other, one)
    ]
    answers = together(*post)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len({json.dumps(answer.json["event"], sort_keys=True) for answer in answers}) == 1
    assert len(changes(one, department).json["changes"]) == 1


def test_a_create_whose_server_died_after_the_commit_is_answered_with_its_event(house: House) -> None:
    dead: list[bool] = []

    def die(action: str, body: bytes) -> None:
        if dead or action == "TransactWriteItems":
            dead.append(True)
            raise ConnectionResetError

    department = house.server().department()
    body = {"id": UUID.format(2), "event_date": "2024-02-01", "title": "한 번"}
    dying = house.server(after=die)
    assert dying.http.post(f"/api/events/{department}", json=body).status_code == 503
    again = house.server()
    assert again.http.post(f"/api/events/{department}", json=body).status_code == 200
    assert len(again.events(department)) == 1


def test_lost_answers_are_applied_once(house: House) -> None:
    lost = LostAnswers(every=2)
    one = house.server(after=lost.after)
    department = house.server().department()
    for number in range(200):
        one.event(department, title=str(number))
    assert lost.lost >= 100
    events = house.server().events(department)
    assert sorted(int(event["title"]) for event in events) == list(range(200))
    house.must_be_sound(department)


def test_throttling_and_conflicts_lose_and_repeat_nothing(house: House) -> None:
    trouble = Trouble(0.2)
    servers = [house.server(before=trouble.before) for _ in range(2)]
    department = house.server().department()
    answers: list[tuple[str, int]] = []

    def write(server: Server, number: int) -> None:
        for step in range(8):
            title = f"{number}-{step}"
            answer = server.http.post(
                f"/api/events/{department}", json={"event_date": "2024-03-01", "title": title}
            )
            answers.append((title, answer.status_code))
            if answer.status_code == 503:
                assert answer.headers["Retry-After"]

    together(*[lambda n=n: write(servers[n % 2], n) for n in range(16)])
    assert {status for _, status in answers} <= {201, 503}
    titles = Counter(event["title"] for event in house.server().events(department))
    assert not {title: n for title, n in titles.items() if n > 1}
    assert {title for title, status in answers if status == 201} <= set(titles)
    assert trouble.injected > 5
    house.must_be_sound(department)


def test_writers_of_one_department_share_transactions(house: House) -> None:
    calls: list[str] = []

    def slow(action: str, body: bytes) -> None:
        if action == "TransactWriteItems":
            time.sleep(0.1)

    one = house.server(before=slow, calls=calls)
    department = one.department()
    one.event(department)
    calls.clear()
    client = PatientClient(one)
    together(*[lambda: [client.create(department) for _ in range(8)]] * 32)
    assert calls.count("TransactWriteItems") <= 32 * 8 / 8
    assert len(one.events(department)) == 257
    house.must_be_sound(department)


def test_a_deleted_department_is_gone_at_once_and_cleaned_up_by_whoever_notices(house: House) -> None:
    stopped = {"after": 3}

    def die(action: str, body: bytes) -> Any:
        if action == "TransactWriteItems" and b'"Delete"' in body:
            stopped["after"] -= 1
            if stopped["after"] <= 0:
                return error("UnrecognizedClientException")
        return None

    one, other = house.server(before=die), house.server()
    department = one.department()
    results = [result for _ in range(2) for result in batch(one, department, creates(500))]
    other.events(department)
    assert one.http.delete(f"/api/departments/{department}").status_code == 200
    with pytest.raises(Exception, match="Unrecognized"):
        one.purge()
    for server in (one, other, house.server()):
        for path in (f"/api/events/{department}", f"/api/changes/{department}"):
            assert server.http.get(path).status_code == 404
        event = f"/api/events/{results[0]['event']['id']}"
        assert server.http.put(event, json={"title": "x"}).status_code == 404
        assert server.http.get(f"{event}/history").status_code == 404
        assert server.http.post(f"{event}/restore", json={"revision": 1}).status_code == 404
    look(other)
    assert house.items(house.storage.events_table) == []


def test_without_notices_the_timer_brings_everything_in_order(house: House) -> None:
    one, other = house.server(), house.server()
    department = one.department()
    look(other)
    member = other.member(department)
    batch(one, department, creates(30))
    created = one.department("새 부서")
    look(other)
    heard = member.heard()
    assert [told["revision"] for name, told in heard if name == "event_created"] == list(range(1, 31))
    assert [told["id"] for name, told in heard if name == "department_created"] == [created]


def test_clocks_that_disagree_change_nothing(house: House) -> None:
    one = house.server(now=lambda: right_now() - timedelta(hours=1))
    other = house.server(now=lambda: right_now() + timedelta(minutes=5))
    department = one.department()
    member = one.member(department)
    for number in range(6):
        (one, other)[number % 2].event(department, title=str(number))
        look(one)
    assert [told["title"] for name, told in member.heard() if name == "event_created"] == list("012345")
    assert one.events(department) == other.events(department)


def test_a_restored_table_makes_everybody_start_over(house: House) -> None:
    one, other = house.server(), house.server()
    department = one.department()
    one.event(department, title="전")
    saved = {name: house.items(name) for name in (house.storage.events_table, house.storage.changes_table)}
    for number in range(3):
        one.event(department, title=f"후 {number}")
    cursor = other.http.get(f"/api/events/{department}").json["cursor"]
    member = other.member(department)
    restore(house, saved)
    look(other)
    assert not member.client.is_connected()
    for server in (one, other):
        assert [event["title"] for event in server.events(department)] == ["전"]
        joined = server.member().ask("join_department", {"department_id": department, "cursor": cursor})
        assert joined["reason"] == "resync_required"
    one.event(department, title="새")
    assert len(other.events(department)) == 2
    house.must_be_sound(department)


def restore(house: House, saved: dict[str, list[dict[str, Any]]]) -> None:
    from teamcal.storage.codec import to_item

    keys = {house.storage.events_table: ("id", "department_id")}
    for table, items in saved.items():
        names = keys.get(table, ("department_id", "revision"))
        for item in house.items(table):
            house.plain.delete_item(TableName=table, Key=to_item({name: item[name] for name in names}))
        for item in items:
            house.plain.put_item(TableName=table, Item=to_item(item))


def test_a_department_name_is_given_once_over_several_servers(house: House) -> None:
    servers = [house.server() for _ in range(3)]
    post = [lambda s=s: s.http.post("/api/departments", json={"name": "하나뿐"}).status_code for s in servers]
    answers = Counter(together(*(post * 7)[:20]))
    assert answers == {201: 1, 409: 19}


def test_a_move_is_one_step_and_its_history_leads_back(house: House) -> None:
    one, other = house.server(), house.server()
    old, new = one.department("옛"), one.department("새")
    event = one.event(old)
    members = {name: other.member(department) for name, department in (("old", old), ("new", new))}
    url = f"/api/events/{event['id']}"
    moved = one.http.post(f"{url}/move", json={"department_id": new}).json["event"]
    assert (moved["department_id"], moved["version"]) == (new, 2)
    look(other)
    assert [name for name, _ in members["old"].heard()] == ["event_deleted"]
    assert [name for name, _ in members["new"].heard()] == ["event_created"]
    assert one.http.put(url, json={"title": "옮긴 뒤"}).json["event"]["version"] == 3
    assert one.http.delete(url).status_code == 200
    steps = one.http.get(f"{url}/history").json["history"]
    assert [(step["kind"], step["department_id"]) for step in steps] == [
        ("event_deleted", new), ("event_updated", new), ("event_created", new), ("event_created", old),
    ]  # fmt: skip
    back = one.http.post(f"{url}/restore", json={"revision": steps[1]["revision"]}).json["event"]
    assert (back["title"], back["department_id"], back["version"]) == ("옮긴 뒤", new, 5)
    for department in (old, new):
        house.must_be_sound(department)


def test_an_atomic_batch_is_all_or_nothing(house: House) -> None:
    one = house.server()
    department = one.department()
    statuses = atomic_batch(one, department, [*creates(2), {"op": "delete", "id": UUID.format(9)}])
    assert statuses == [424, 424, 404]
    assert one.events(department) == []
    assert atomic_batch(one, department, creates(49)) == [201] * 49
    too_many = {"operations": creates(50), "atomic": True}
    assert one.http.post(f"/api/events/{department}/batch", json=too_many).status_code == 413
    house.must_be_sound(department)
