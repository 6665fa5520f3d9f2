"""Feeds by REST: what they carry, how little is sent and made twice, and who may read them."""

import csv
import io
import re
import threading
import time
from typing import Any
from urllib.parse import unquote

import icalendar
import pytest

from teamcal.access import Access
from teamcal.calendar import feeds
from teamcal.domain.caller import SYSTEM
from teamcal.domain.people import TokenKind
from teamcal.sync.exports import KEPT_BYTES, Exports
from tests.access.offices import Office
from tests.house import House, Server
from tests.rest.test_series import monday, weekly

UNKNOWN = "99999999-9999-4999-8999-999999999999"


def ics(department: str) -> str:
    return f"/api/departments/{department}/calendar.ics"


def read(server: Server, path: str, **headers: str) -> Any:
    answer = server.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def vevents(answer: Any) -> list[Any]:
    return list(icalendar.Calendar.from_ical(answer.data).walk("VEVENT"))


@pytest.fixture
def department(server: Server) -> str:
    return server.department("개발팀 1/2")


def test_a_feed_has_the_departments_events(server: Server, department: str) -> None:
    event = server.event(department, title="회의, 매주;", start_time="10:00", location="본관")
    series = weekly(server, department)
    answer = read(server, ics(department))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert unquote(answer.headers["Content-Disposition"]) == "inline; filename*=UTF-8''개발팀 1 2.ics"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    calendar = icalendar.Calendar.from_ical(answer.data)
    assert calendar["X-WR-CALNAME"] == "개발팀 1/2"
    assert "METHOD" not in calendar
    found = {str(one["UID"]): one for one in calendar.walk("VEVENT")}
    assert set(found) == {f"{event['id']}@teamcal", f"{series['id']}@teamcal"}
    one = found[f"{event['id']}@teamcal"]
    assert (str(one["SUMMARY"]), str(one["LOCATION"])) == ("회의, 매주;", "본관")
    assert one["DTSTART"].params["TZID"] == "Asia/Seoul"
    assert found[f"{series['id']}@teamcal"]["RRULE"]["FREQ"] == ["WEEKLY"]


def test_the_second_time_nothing_is_sent(server: Server, department: str) -> None:
    server.event(department)
    for path in (ics(department), f"/api/calendar.ics?departments={department}", csv_of(department)):
        tag = read(server, path).headers["ETag"]
        for headers in ({"If-None-Match": tag}, {"If-None-Match": f'W/{tag}, "x"'}):
            answer = server.http.get(path, headers=headers)
            assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
            assert server.http.head(path, headers=headers).status_code == 304
        head = server.http.head(path)
        assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)
        # When somebody asks with a date alone, 304 would be wrong if two changes came within a second.
        since = {"If-Modified-Since": "Tue, 01 Jan 2999 00:00:00 GMT"}
        assert server.http.get(path, headers=since).status_code == 200
        assert server.http.get(path, headers={"If-Match": '"x"'}).status_code == 412


def csv_of(department: str) -> str:
    return f"/api/departments/{department}/calendar.csv"


def test_a_change_makes_another_feed(house: House, server: Server, department: str) -> None:
    event = server.event(department)
    other = house.server()
    seen = {read(server, ics(department)).headers["ETag"]}
    changes: list[Any] = [
        lambda: server.http.put(f"/api/events/{event['id']}", json={"title": "다른 제목"}),
        lambda: other.http.put(f"/api/departments/{department}", json={"name": "새 이름"}),
        lambda: other.http.delete(f"/api/events/{event['id']}"),
    ]
    for change in changes:
        assert change().status_code == 200
        answers = [read(one, ics(department)) for one in (server, other)]
        assert answers[0].data == answers[1].data
        tags = {answer.headers["ETag"] for answer in answers}
        assert len(tags) == 1
        assert not tags & seen
        seen |= tags
    assert vevents(answers[0]) == []
    assert "새 이름" in answers[0].text


def test_an_event_is_written_once_a_version(
    server: Server, department: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    fragment = feeds.fragment
    monkeypatch.setattr(
        feeds, "fragment", lambda event, zone: made.append(event["id"]) or fragment(event, zone)
    )
    ids = [server.event(department, title=f"회의 {number}")["id"] for number in range(5)]
    other = server.department("다른 팀")
    outside = server.event(other)["id"]
    first = read(server, ics(department))
    assert sorted(made) == sorted(ids)
    assert read(server, ics(department)).data == first.data
    server.http.put(f"/api/events/{ids[3]}", json={"title": "새 제목"})
    server.http.delete(f"/api/events/{ids[0]}")
    made.clear()
    assert len(vevents(read(server, ics(department)))) == 4
    assert made == [ids[3]]
    made.clear()
    assert len(vevents(read(server, f"/api/calendar.ics?departments={other},{department},{other}"))) == 5
    assert made == [outside]


def test_those_who_ask_at_once_share_the_work(
    server: Server, department: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    fragment = feeds.fragment

    def slow(event: Any, zone: str) -> Any:
        made.append(event["id"])
        time.sleep(0.01)
        return fragment(event, zone)

    monkeypatch.setattr(feeds, "fragment", slow)
    other = server.department("다른 팀")
    for number in range(6):
        server.event((department, other)[number % 2])
    paths = [ics(department), ics(other)] + [
        f"/api/calendar.ics?departments={pair}" for pair in (f"{department},{other}", f"{other},{department}")
    ]
    answers: list[Any] = []
    app = server.app

    def ask(path: str) -> None:
        answers.append(app.test_client().get(path))

    threads = [threading.Thread(target=ask, args=(path,)) for path in paths * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len(made) == 6
    assert len({answer.data for answer in answers}) == 4


def test_what_is_kept_is_counted_and_dropped(server: Server, department: str) -> None:
    for number in range(20):
        server.event(department, description="가" * 1_000, title=f"회의 {number}")
    server.events(department)
    replica = server.replicas.of(department)
    before = replica.memory
    content = read(server, ics(department)).data
    table = read(server, csv_of(department)).data
    grown = replica.memory - before
    assert 2 * len(content) + len(table) < grown < 2 * len(content) + len(table) + 20 * 500
    assert server.replicas.used >= replica.memory
    replica.exports.clear()
    assert replica.memory == before


def test_exports_are_bounded() -> None:
    exports = Exports("x")
    big = b"x" * (KEPT_BYTES // 4)
    records = [{"id": str(number)} for number in range(10)]
    for _ in range(2):
        with exports.lock(), exports.pieces(lambda record: big, len) as piece_of:
            assert all(piece_of(record) == big for record in records)
        assert exports.memory < KEPT_BYTES
    for name in ("a", "b", "c"):
        exports.keep(name, "1", b"x" * (KEPT_BYTES + 1))
        exports.keep(name, "2", b"x")
    assert exports.document("c", "2") == b"x"
    assert exports.document("c", "1") is None
    assert exports.document("a", "2") is None


def test_several_departments_are_one_calendar(server: Server) -> None:
    departments = [server.department(f"팀 {number}") for number in range(21)]
    for department in departments:
        server.event(department)
    path = "/api/calendar.ics?departments="
    answer = read(server, path + ",".join(departments[:20]))
    assert len(vevents(answer)) == 20
    tag = answer.headers["ETag"]
    server.event(departments[7])
    assert read(server, path + ",".join(departments[:20])).headers["ETag"] != tag
    upper = read(server, path + departments[0].upper())
    assert len(vevents(upper)) == 1
    for query, reason in (
        ("", "필수 항목입니다."),
        (",", "필수 항목입니다."),
        (",".join(departments), "최대 20개"),
    ):
        refused = server.http.get(path + query)
        assert (refused.status_code, refused.json["code"]) == (400, "validation_error")
        assert refused.json["errors"][0]["message"].startswith(reason)
    assert server.http.get("/api/calendar.ics").status_code == 400


def test_what_is_not_there_is_404(server: Server, department: str) -> None:
    event = server.event(department)
    other = server.department("다른 팀")
    server.http.delete(f"/api/departments/{department}")
    for path in (
        ics(department), ics(UNKNOWN), csv_of(UNKNOWN), f"/api/calendar.ics?departments={other},{UNKNOWN}",
        f"/api/departments/{UNKNOWN}/stats?from=2024-01-01&to=2024-01-02",
    ):  # fmt: skip
        answer = server.http.get(path)
        assert (answer.status_code, answer.json["code"]) == (404, "department_not_found"), path
    answer = server.http.get(f"/api/events/{other}/{event['id']}/calendar.ics")
    assert (answer.status_code, answer.json["code"]) == (404, "event_not_found")


def test_an_event_alone(server: Server, department: str) -> None:
    event, series = server.event(department, title="../회의"), weekly(server, department)
    answer = read(server, f"/api/events/{department}/{event['id']}/calendar.ics")
    assert unquote(answer.headers["Content-Disposition"]) == "inline; filename*=UTF-8''회의.ics"
    assert [str(one["SUMMARY"]) for one in vevents(answer)] == ["../회의"]
    again = {"If-None-Match": answer.headers["ETag"]}
    path = f"/api/events/{department}/{event['id']}/calendar.ics"
    assert server.http.get(path, headers=again).status_code == 304
    server.http.put(f"/api/events/{event['id']}", json={"title": "둘"})
    assert server.http.get(path, headers=again).status_code == 200
    whole = read(server, f"/api/events/{department}/{series['id']}/calendar.ics")
    assert [one["RRULE"]["FREQ"] for one in vevents(whole)] == [["WEEKLY"]]
    day = monday().replace("-", "")
    (one,) = vevents(read(server, f"/api/events/{department}/{series['id']}_{day}/calendar.ics"))
    assert "RRULE" not in one
    assert str(one["UID"]) != f"{series['id']}@teamcal"


def test_a_table(server: Server, department: str) -> None:
    server.event(department, title="=1+1", location="본관")
    weekly(server, department)
    answer = read(server, csv_of(department))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [(row["제목"], row["장소"], row["반복"]) for row in rows] == [
        ("'=1+1", "본관", ""), ("주간 회의", "", "FREQ=WEEKLY"),
    ]  # fmt: skip


def test_what_cannot_be_written_does_not_fail_the_others(house: House, server: Server) -> None:
    department = UNKNOWN
    house.put_department(id=department, name="옛 부서", created_at="", updated_at="")
    for number, day in enumerate(["2024-01-20", "no date", "2024-02-30"]):
        house.put_event(id=f"event-{number}", department_id=department, title="회의", event_date=day)
    assert [str(one["UID"]) for one in vevents(read(house.server(), ics(department)))] == ["event-0@teamcal"]


def test_statistics(server: Server, department: str) -> None:
    server.event(department, event_date="2024-01-20", categories=["회의", "교육"])
    server.event(department, event_date="2024-02-29", end_date="2024-03-02")
    weekly(server, department, event_date="2024-03-04", recurrence="FREQ=WEEKLY;COUNT=3")
    path = f"/api/departments/{department}/stats"
    answer = read(server, f"{path}?from=2024-01-01&to=2024-03-11")
    stats = answer.json["stats"]
    assert stats["total"] == 4
    assert {one["month"]: one["count"] for one in stats["months"]} == {
        "2024-01": 1,
        "2024-02": 1,
        "2024-03": 2,
    }
    assert {one["category"] for one in stats["categories"]} == {"회의", "교육"}
    assert server.http.get(
        f"{path}?from=2024-01-01&to=2024-03-11", headers={"If-None-Match": answer.headers["ETag"]}
    ).status_code == 304  # fmt: skip
    # What began before isn't counted.
    assert read(server, f"{path}?from=2024-03-01&to=2024-03-03").json["stats"]["total"] == 0
    for query in ("", "?from=2024-01-01", "?from=2014-01-01&to=2024-12-31", "?from=x&to=2024-01-01"):
        assert server.http.get(path + query).status_code == 400


def test_statistics_are_bounded(server: Server, department: str) -> None:
    for number in range(28):
        weekly(
            server,
            department,
            event_date="2015-01-01",
            recurrence="FREQ=DAILY;UNTIL=20250101",
            title=str(number),
        )
    answer = server.http.get(f"/api/departments/{department}/stats?from=2015-01-01&to=2025-01-01")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "to")


# Who may read


@pytest.fixture
def office() -> Office:
    return Office()


def feed_token(office: Office, user: Any, department: str) -> str:
    return office.calendar.tokens.issue(
        SYSTEM, TokenKind.FEED, "달력", owner=user.id, departments=[department]
    ).secret


def test_a_feed_token_stands_in_the_address(office: Office) -> None:
    kim = office.user("kim")
    department, other = office.department("개발팀"), office.department("다른 팀")
    event = office.event(SYSTEM, department)
    http, token = office.server.app.test_client(), feed_token(office, kim, department)
    query = f"?token={token}"
    assert http.get(ics(department)).status_code == 401
    answer = http.get(ics(department) + query)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-cache")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert token not in f"{answer.headers}{answer.text}"
    assert http.head(ics(department) + query).status_code == 200
    assert http.get(csv_of(department) + query).status_code == 200
    tag = answer.headers["ETag"]
    assert http.get(ics(department) + query, headers={"If-None-Match": tag}).status_code == 304
    assert http.get(ics(other) + query).status_code == 404
    # Nowhere else, and for nothing else.
    for path in (
        f"/api/calendar.ics?departments={department}&token={token}",
        f"/api/events/{department}/{event['id']}/calendar.ics{query}",
        f"/api/events/{department}{query}", f"/api/departments{query}",
        f"/api/departments/{department}{query}",
        f"/api/departments/{department}/stats{query}&from=2024-01-01&to=2024-01-02",
        f"{ics(department)}/{query}", f"/api/changes/{department}{query}",
    ):  # fmt: skip
        assert http.get(path).status_code == 401, path
    body = {"event_date": "2024-01-20", "title": "x"}
    assert http.post(f"/api/events/{department}{query}", json=body).status_code == 401
    assert http.post(f"/api/departments/{department}/import{query}", data=b"x").status_code in (401, 404)


def test_no_other_token_counts_in_an_address(office: Office) -> None:
    kim = office.user("kim")
    department = office.department("개발팀")
    http = office.server.app.test_client(use_cookies=False)
    session = office.calendar.tokens.sign_in(kim).secret
    app = office.calendar.tokens.issue(
        SYSTEM, TokenKind.APP, "x", owner=kim.id, departments=[department]
    ).secret
    for secret in (session, app, "tcs_" + "0" * 40, "x"):
        answer = http.get(f"{ics(department)}?token={secret}")
        assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")
        # What the address says counts, whatever else comes along.
        answer = http.get(f"{ics(department)}?token={secret}", headers={"Authorization": f"Bearer {app}"})
        assert answer.status_code == 401
    for headers in ({"Authorization": f"Bearer {session}"}, {"Cookie": f"teamcal={session}"}):
        assert http.get(ics(department), headers=headers).status_code == 200
    several = f"/api/calendar.ics?departments={department}"
    assert http.get(several, headers={"Authorization": f"Bearer {session}"}).status_code == 200
    assert http.get(several, headers={"Authorization": f"Bearer {app}"}).status_code == 200


def test_a_feed_ends_with_its_token_or_its_owners_sight(office: Office) -> None:
    kim = office.user("kim")
    department = office.department("개발팀")
    http = office.server.app.test_client()
    tokens = [feed_token(office, kim, department) for _ in range(2)]
    feeds_of = [f"{ics(department)}?token={token}" for token in tokens]
    assert [http.get(feed).status_code for feed in feeds_of] == [200, 200]
    revoked = next(one for one in office.calendar.tokens.list_of(SYSTEM, kim.id))
    office.calendar.tokens.revoke(SYSTEM, revoked.hash)
    assert sorted(http.get(feed).status_code for feed in feeds_of) == [200, 401]
    office.calendar.policies.set(SYSTEM, department, {"access": Access.PRIVATE.value})
    assert sorted(http.get(feed).status_code for feed in feeds_of) == [401, 404]


def test_in_open_mode_a_token_in_the_address_is_no_matter(server: Server, department: str) -> None:
    assert re.match(r"BEGIN:VCALENDAR", read(server, f"{ics(department)}?token=tcs_{'0' * 40}").text)
