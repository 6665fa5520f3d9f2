"""Imports by REST: what comes of a file, again and again, and who may."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from werkzeug.test import EnvironBuilder, run_wsgi_app

from teamcal.calendar import imports
from teamcal.calendar.import_jobs import INTERRUPTED_SECONDS, KEPT_SECONDS, PAGE
from teamcal.calendar.imports import AT_ONCE
from teamcal.domain.caller import SYSTEM
from teamcal.http.bodies import FILES_AT_ONCE, MAX_FILE_BYTES, CompleteBodies
from teamcal.http.refusals import Refusals
from teamcal.http.transfers import Transfers
from teamcal.ical.notes import REFUSALS, WARNINGS
from teamcal.texts.messages import MESSAGES, message
from tests.access.offices import Office
from tests.house import House, Server, right_now, wait_until


def event(uid: str, title: str = "회의", *lines: str, start: str = "DTSTART:20240120T100000") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", start, f"SUMMARY:{title}", *lines, "END:VEVENT", ""])


def calendar(*events: str) -> bytes:
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(events) + "END:VCALENDAR\r\n").encode()


def begin(
    server: Server, department: str, data: bytes, content_type: str = "text/calendar"
) -> dict[str, Any]:
    answer = server.http.post(f"/api/departments/{department}/import", data=data, content_type=content_type)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json["job"]
    assert answer.headers["Location"] == f"/api/imports/{job['id']}"
    return job


def job_of(server: Server, job_id: str, first: int = 0) -> dict[str, Any]:
    answer = server.http.get(f"/api/imports/{job_id}?from={first}")
    assert answer.status_code == 200, answer.text
    job: dict[str, Any] = answer.json["job"]
    return job


def ended(server: Server, job_id: str) -> dict[str, Any]:
    """The job at its end, with its whole report."""
    job = wait_until(lambda: (job := job_of(server, job_id))["state"] != "running" and job)
    while "next" in (more := job_of(server, job_id, len(job["report"]))):
        job["report"] += more["report"]
    return dict(job)


def imported(server: Server, department: str, data: bytes) -> dict[str, Any]:
    job = ended(server, begin(server, department, data)["id"])
    assert job["state"] == "done", job
    return job


COUNTED = ("total", "created", "updated", "unchanged", "kept", "refused")


def counts(job: dict[str, Any]) -> dict[str, int]:
    assert job["done"] == job["total"] == len(job["report"])
    return {name: job[name] for name in COUNTED if job[name]}


def listed(server: Server, department: str) -> list[dict[str, Any]]:
    return list(server.http.get(f"/api/events/{department}?series=true").json["events"])


@pytest.fixture
def department(server: Server) -> str:
    return server.department()


def test_a_file_becomes_events(house: House, server: Server, department: str) -> None:
    member = server.member(department)
    job = imported(server, department, calendar(event("a@x"), event("b@x", "둘", "RRULE:FREQ=WEEKLY")))
    assert counts(job) == {"total": 2, "created": 2}
    assert [row["entry"] for row in job["report"]] == [1, 2]
    assert job["report"][0] == {
        "entry": 1, "uid": "a@x", "title": "회의", "result": "created", "warnings": [],
    }  # fmt: skip
    one, two = sorted(listed(server, department), key=lambda one: str(one["uid"]))
    assert (one["title"], one["start_time"], one["time_zone"], one["uid"]) == (
        "회의",
        "10:00",
        "Asia/Seoul",
        "a@x",
    )
    assert two["recurrence"] == "FREQ=WEEKLY"
    assert "import_digest" not in one
    heard = member.heard()
    assert {name for name, _ in heard} == {"event_created"}
    assert {payload["title"] for _, payload in heard} == {"회의", "둘"}
    house.must_be_sound(department)
    assert ended(house.server(), job["id"]) == job


def test_the_same_file_changes_nothing(server: Server, department: str) -> None:
    data = calendar(*(event(f"{number}@x", f"회의 {number}") for number in range(100)))
    assert counts(imported(server, department, data)) == {"total": 100, "created": 100}
    before = listed(server, department)
    assert counts(imported(server, department, data)) == {"total": 100, "unchanged": 100}
    assert listed(server, department) == before


def test_what_was_edited_here_stays(server: Server, department: str) -> None:
    uids = ["same@x", "edited@x", "changed@x", "both@x", "deleted@x", "undone@x"]
    imported(server, department, calendar(*map(event, uids)))
    ids = {one["uid"]: one["id"] for one in listed(server, department)}
    for uid in ("edited@x", "both@x", "undone@x"):
        assert server.http.put(f"/api/events/{ids[uid]}", json={"title": "여기서"}).status_code == 200
    server.http.put(f"/api/events/{ids['undone@x']}", json={"title": "회의"})
    server.http.delete(f"/api/events/{ids['deleted@x']}")
    new = {"changed@x": "새로", "both@x": "새로", "undone@x": "새로"}
    data = calendar(*(event(uid, new.get(uid, "회의")) for uid in uids))
    job = imported(server, department, data)
    assert {row["uid"]: (row["result"], row.get("reason")) for row in job["report"]} == {
        "same@x": ("unchanged", None), "edited@x": ("kept", "edited_here"), "changed@x": ("updated", None),
        "both@x": ("kept", "edited_here"), "deleted@x": ("kept", "event_deleted"),
        "undone@x": ("updated", None),
    }  # fmt: skip
    assert {one["uid"]: one["title"] for one in listed(server, department)} == {
        "same@x": "회의", "edited@x": "여기서", "changed@x": "새로", "both@x": "여기서", "undone@x": "새로",
    }  # fmt: skip
    again = imported(server, department, data)
    assert counts(again) == {"total": 6, "unchanged": 3, "kept": 3}
    history = server.http.get(f"/api/events/{ids['changed@x']}/history").json["history"]
    assert len(history) == 2


def test_times_are_those_of_the_file(server: Server, department: str) -> None:
    """An end that stays isn't moved because the start was."""
    imported(server, department, calendar(event("a@x", "회의", "DTEND:20240120T120000")))
    (one,) = listed(server, department)
    later = event("a@x", "회의", "DTEND:20240120T120000", start="DTSTART:20240120T110000")
    assert counts(imported(server, department, calendar(later))) == {"total": 1, "updated": 1}
    (one,) = listed(server, department)
    assert (one["start_time"], one["end_time"], one["version"]) == ("11:00", "12:00", 2)


def test_our_own_feed_is_the_same_events(server: Server, department: str) -> None:
    made = server.event(department, title="회의", start_time="10:00")
    edited = server.event(department, title="둘")
    server.http.put(f"/api/events/{edited['id']}", json={"location": "본관"})
    weekly = {"title": "주간", "event_date": "2024-01-22", "start_time": "10:00", "recurrence": "FREQ=WEEKLY"}
    server.event(department, **weekly, exceptions={"2024-01-29": {"title": "다른 제목"}})
    feed = server.http.get(f"/api/departments/{department}/calendar.ics").data
    table = server.http.get(f"/api/departments/{department}/calendar.csv").data
    for data in (feed, table):
        assert counts(imported(server, department, data)) == {"total": 3, "unchanged": 3}
    other = server.department("다른 부서")
    assert counts(imported(server, other, feed)) == {"total": 3, "created": 3}
    marks = ("id", "department_id", "created_at", "last_modified", "revision", "version", "uid")

    def fields(one: dict[str, Any]) -> Any:
        patches = {
            day: {name: value for name, value in patch.items() if name not in marks}
            for day, patch in one.get("exceptions", {}).items()
        }
        return {name: value for name, value in one.items() if name not in marks} | {"exceptions": patches}

    expected = sorted(map(fields, listed(server, department)), key=str)
    assert sorted(map(fields, listed(server, other)), key=str) == expected
    for data in (feed, table):
        assert counts(imported(server, other, data)) == {"total": 3, "unchanged": 3}
    # Read from a file of ours, and never edited here: the file may change it.
    changed = feed.replace("SUMMARY:회의".encode(), "SUMMARY:새 회의".encode()).replace(
        b"SUMMARY:\xeb\x91\x98", b"SUMMARY:3"
    )
    job = imported(server, department, changed)
    results = {row["uid"]: row["result"] for row in job["report"]}
    assert results[f"{made['id']}@teamcal"] == "updated"
    assert results[f"{edited['id']}@teamcal"] == "kept"
    server.http.delete(f"/api/events/{made['id']}")
    job = imported(server, department, feed)
    assert counts(job) == {"total": 3, "unchanged": 2, "kept": 1}


def test_a_report_comes_in_pages(server: Server, department: str) -> None:
    data = calendar(*(event(f"{number}@x", f"회의 {number}") for number in range(2 * PAGE + 7)))
    job = imported(server, department, data)
    assert [row["uid"] for row in job["report"]] == [f"{number}@x" for number in range(2 * PAGE + 7)]
    assert len(job_of(server, job["id"], PAGE)["report"]) == PAGE
    assert job_of(server, job["id"], 3)["next"] == PAGE
    last = job_of(server, job["id"], 2 * PAGE + 7)
    assert (last["report"], "next" in last) == ([], False)
    for query in ("from=-1", "from=x", "from=9999999999"):
        assert server.http.get(f"/api/imports/{job['id']}?{query}").status_code == 400


# Tables


def test_a_table_is_imported(server: Server, department: str) -> None:
    rows = [
        "날짜,시작,종료,제목,장소,분류",
        '2026-11-26,10:00,11:00,"\'=1+1",본관,"회의, 개발"',
        "2026-11-27,,,둘,,",
    ]
    table = "\r\n".join(rows)
    for data in (table.encode("utf-8-sig"), table.encode("cp949"), table.encode("utf-16")):
        other = server.department(f"부서 {len(data)}")
        job = imported(server, other, data)
        assert counts(job) == {"total": 2, "created": 2}
        assert [row["entry"] for row in job["report"]] == [2, 3]
        one, two = listed(server, other)
        assert (one["title"], one["start_time"], one["location"]) == ("=1+1", "10:00", "본관")
        assert one["categories"] == ["회의", "개발"]
        assert two["title"] == "둘"
        assert counts(imported(server, other, data)) == {"total": 2, "unchanged": 2}


def test_columns_that_a_table_lacks_stay(server: Server, department: str) -> None:
    made = server.event(department, title="회의", description="설명", start_time="10:00", location="본관")
    table = f"title,date,uid\r\n새 제목,2024-01-20,{made['id']}@teamcal\r\n"
    assert counts(imported(server, department, table.encode())) == {"total": 1, "updated": 1}
    (one,) = listed(server, department)
    assert (one["title"], one["description"], one["start_time"], one["location"]) == (
        "새 제목", "설명", "10:00", "본관",
    )  # fmt: skip


def test_rows_are_refused_one_by_one(server: Server, department: str) -> None:
    rows = [
        "날짜,제목,시작,종료,uid,비고", "내일,하나,,,,", "2024-01-20,,,,,", "2024-01-20,셋,25:00,,,",
        "2024-01-20,넷,10:00,09:00,a,", "2024-01-20,다섯,,,a,", f"2024-01-20,여섯,,,{'x' * 300},",
    ]  # fmt: skip
    job = imported(server, department, "\r\n".join(rows).encode())
    assert [(row["entry"], row["result"], row.get("reason"), row.get("field")) for row in job["report"]] == [
        (1, "refused", "csv_unknown_column", "비고"),
        (2, "refused", "not_a_date", "event_date"),
        (3, "refused", "required", "title"),
        (4, "refused", "not_a_clock_time", "start_time"),
        (5, "created", None, None),
        (6, "refused", "uid_repeated", None),
        (7, "refused", "too_long", "uid"),
    ]


# What isn't as it should be

HOSTILE = {
    "RRULE:FREQ=SECONDLY": "rule_too_fine",
    "RRULE:FREQ=DAILY;INTERVAL=0": "rule_interval",
    f"RRULE:FREQ=DAILY;COUNT=1{'0' * 40}": "rule_count",
    "RRULE:FREQ=DAILY;BYHOUR=1,2;BYMINUTE=1,2;BYSECOND=1,2": "rule_too_fine",
    "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30": "rule_never",
    f"RRULE:FREQ=DAILY;BYMONTHDAY={','.join(['1'] * 2_000)}": "rule_too_long",
    "RRULE:X": "rule_syntax",
    f"DESCRIPTION:{'x' * 100_000}": "line_too_long",
}


def test_hostile_entries_are_refused_alone(server: Server, department: str) -> None:
    entries = [event(f"{number}@x", "회의", line) for number, line in enumerate(HOSTILE)]
    entries.append("BEGIN:VTODO\r\nUID:todo@x\r\nSUMMARY:할 일\r\nEND:VTODO\r\n")
    entries.append("BEGIN:VEVENT\r\nUID:deep@x\r\n" + "BEGIN:X\r\n" * 9 + "END:X\r\n" * 9 + "END:VEVENT\r\n")
    entries += [event("no@x", start="X:"), event("first@x", start="DTSTART:00010101T000000")]
    entries += [event("good@x"), event("zone@x", start="DTSTART;TZID=Nowhere/Nothing:20240120T100000")]
    job = imported(server, department, calendar(*entries))
    rows = {row["uid"]: row for row in job["report"]}
    reasons = {uid: row.get("reason") for uid, row in rows.items()}
    assert [reasons[f"{number}@x"] for number in range(len(HOSTILE))] == list(HOSTILE.values())
    assert (reasons["todo@x"], reasons["deep@x"], reasons["no@x"]) == ("not_an_event", "too_deep", "no_start")
    assert rows["good@x"]["result"] == "created"
    (warning,) = rows["zone@x"]["warnings"]
    assert warning == {
        "reason": "unknown_zone", "detail": "Nowhere/Nothing",
        "message": "알 수 없는 시간대입니다(Nowhere/Nothing). 기본 시간대로 읽었습니다.",
    }  # fmt: skip
    english = server.http.get(f"/api/imports/{job['id']}", headers={"Accept-Language": "en"}).json["job"]
    assert {row["uid"]: row for row in english["report"]}["0@x"]["message"] == (
        "Events cannot recur more often than daily."
    )
    assert sum(job[name] for name in COUNTED[1:]) == job["total"]


def test_too_many_occurrences_are_refused(server: Server, department: str) -> None:
    entries = [event(f"{number}@x", "매일", "RRULE:FREQ=DAILY") for number in range(90)]
    job = imported(server, department, calendar(*entries))
    assert counts(job) == {"total": 90, "created": 80, "refused": 10}
    assert job["report"][-1]["reason"] == "too_many_occurrences"
    weekly = "RRULE:FREQ=WEEKLY;COUNT=2"  # long ago: nothing of it is shown
    assert counts(imported(server, department, calendar(event("old@x", "옛", weekly)))) == {
        "total": 1, "created": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00\xff", "csv_not_text"),
        ("그냥 글".encode(), "csv_without_columns"),
        (b"[]", "csv_without_columns"),
        (calendar(*(event(f"{number}@x") for number in range(10_001))), "too_many_entries"),
    ],
)
def test_what_is_no_file(server: Server, department: str, data: bytes, reason: str) -> None:
    job = ended(server, begin(server, department, data)["id"])
    assert (job["state"], job["reason"], job["message"]) == ("failed", reason, message(reason, "ko"))
    assert (job["total"], job["report"]) == (0, [])
    assert counts(imported(server, department, calendar(event("a@x")))) == {"total": 1, "created": 1}


def test_an_empty_file_is_refused_at_once(server: Server, department: str) -> None:
    for data in (b"", b" \r\n"):
        answer = server.http.post(f"/api/departments/{department}/import", data=data)
        assert (answer.status_code, answer.json["code"]) == (400, "validation_error")
    assert counts(imported(server, department, calendar())) == {}


def test_every_reason_has_a_text() -> None:
    for code in (*REFUSALS, *WARNINGS, "file_too_large", "not_a_calendar", "too_many_entries"):
        for language in ("ko", "en"):
            text = MESSAGES[code][language].format(detail="x", limit=1, field="x", low=1, high=2, allowed="x")
            assert text, code


# Limits


def test_a_file_may_be_larger_than_other_bodies(server: Server, department: str) -> None:
    path = f"/api/departments/{department}/import"
    large = calendar(*(event(f"{number}@x", "회의", "X-MORE:" + "x" * 60_000) for number in range(30)))
    assert counts(imported(server, department, large)) == {"total": 30, "created": 30}
    assert server.http.post(path, data=b" " * (MAX_FILE_BYTES + 1)).status_code == 413
    assert server.http.post(path, data=b" " * MAX_FILE_BYTES).status_code == 400
    for other in (f"/api/events/{department}", f"/api/departments/{department}/importx"):
        assert server.http.post(other, data=b" " * 1_100_000).status_code == 413
    assert server.http.put(path, data=b" " * 1_100_000).status_code == 413


def test_few_large_files_are_received_at_once() -> None:
    inside, leave = threading.Semaphore(0), threading.Event()

    def application(environ: Any, start: Any) -> list[bytes]:
        inside.release()
        leave.wait(60)
        start("200 OK", [])
        return [b""]

    bodies = CompleteBodies(
        application, Refusals(lambda origin: ()), Transfers(lambda task: None, time.sleep), 60
    )

    def send(size: int = 1_100_000) -> Any:
        builder = EnvironBuilder("/api/departments/x/import", method="POST", data=b"x" * size)
        return run_wsgi_app(bodies, builder.get_environ())

    threads = [threading.Thread(target=send) for _ in range(FILES_AT_ONCE)]
    for thread in threads:
        thread.start()
    assert all(inside.acquire(timeout=60) for _ in threads)
    content, status, headers = send()
    assert (status[:3], json.loads(b"".join(content))["code"], headers["Retry-After"]) == (
        "503",
        "too_busy",
        "1",
    )
    small = threading.Thread(target=send, args=(1_000,))
    small.start()
    assert inside.acquire(timeout=60)
    leave.set()
    for thread in (*threads, small):
        thread.join()
    assert send()[1][:3] == "200"


@pytest.fixture
def held_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Imports begin their work when it is set."""
    event, file_from = threading.Event(), imports.file_from

    def patient(*arguments: Any) -> Any:
        event.wait(60)
        return file_from(*arguments)

    monkeypatch.setattr(imports, "file_from", patient)
    yield event
    event.set()


def test_one_import_a_department_and_few_a_process(
    house: House, server: Server, held_back: threading.Event
) -> None:
    departments = [server.department(f"부서 {number}") for number in range(AT_ONCE + 1)]
    data = calendar(event("a@x"))
    jobs = [begin(server, department, data) for department in departments[:-1]]
    assert {job["state"] for job in jobs} == {"running"}
    other = house.server()
    path = f"/api/departments/{departments[0]}/import"
    answer = other.http.post(path, data=data)
    assert (answer.status_code, answer.json["code"], answer.json["id"]) == (
        409,
        "import_running",
        jobs[0]["id"],
    )
    answer = server.http.post(f"/api/departments/{departments[-1]}/import", data=data)
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "too_busy", "1")
    assert counts(imported_by(other, departments[-1], data, held_back)) == {"total": 1, "created": 1}
    for job in jobs:
        assert ended(server, job["id"])["state"] == "done"
    assert counts(imported(other, departments[0], data)) == {"total": 1, "unchanged": 1}


def imported_by(server: Server, department: str, data: bytes, held_back: threading.Event) -> dict[str, Any]:
    job = begin(server, department, data)
    held_back.set()
    return ended(server, job["id"])


def test_a_job_whose_process_has_ended_is_interrupted(house: House, held_back: threading.Event) -> None:
    clock = [right_now()]
    server, other = (house.server(now=lambda: clock[0]) for _ in range(2))
    department, data = server.department(), calendar(event("a@x"))
    job = begin(server, department, data)
    assert job_of(other, job["id"])["state"] == "running"
    clock[0] += timedelta(seconds=INTERRUPTED_SECONDS + 1)
    found = job_of(other, job["id"])
    assert (found["state"], found["reason"]) == ("failed", "import_interrupted")
    again = begin(other, department, data)  # the same file goes on
    held_back.set()
    assert ended(other, again["id"])["state"] == "done"
    assert ended(server, job["id"])["state"] == "done"  # it hadn't ended
    clock[0] += timedelta(seconds=KEPT_SECONDS + 1)
    answer = other.http.get(f"/api/imports/{again['id']}")
    assert (answer.status_code, answer.json["code"]) == (404, "import_not_found")


def test_a_failing_storage_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    left = {"TransactWriteItems": 3, "BatchGetItem": 2}

    def before(operation: str, *rest: Any) -> None:
        if armed and left.get(operation, 0) > 0:
            left[operation] -= 1
            raise EndpointConnectionError(endpoint_url="x")

    armed: list[bool] = []
    monkeypatch.setattr(imports, "PAUSE_SECONDS", 0.001)
    server = house.server(before=before)
    department = server.department()
    armed.append(True)
    data = calendar(*(event(f"{number}@x") for number in range(50)))
    assert counts(imported(server, department, data)) == {"total": 50, "created": 50}
    assert left["TransactWriteItems"] == 0
    house.must_be_sound(department)


# Who may


def test_who_may_import_and_who_may_ask() -> None:
    office = Office()
    names = ("viewer", "editor", "colleague", "stranger")
    users = {name: office.user(name) for name in names}
    department = office.department("개발팀", "private", **{
        users["viewer"].id: "viewer", users["editor"].id: "editor", users["colleague"].id: "editor",
    })  # fmt: skip
    http = office.server.app.test_client(use_cookies=False)
    sessions = {name: office.calendar.tokens.sign_in(user).secret for name, user in users.items()}

    def ask(name: str, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {sessions[name]}"} if name else {}
        return http.open(path, method=method, headers=headers, **more)

    path, data = f"/api/departments/{department}/import", calendar(event("a@x"))
    assert [ask(name, "POST", path, data=data).status_code for name in ("", "stranger", "viewer")] == [
        401,
        404,
        403,
    ]
    answer = ask("editor", "POST", path, data=data)
    assert answer.status_code == 202
    job = f"/api/imports/{answer.json['job']['id']}"
    wait_until(lambda: ask("editor", "GET", job).json["job"]["state"] == "done")
    assert [ask(name, "GET", job).status_code for name in ("", "stranger", "viewer", "colleague")] == [
        401,
        404,
        404,
        200,
    ]
    unknown = ask("stranger", "GET", "/api/imports/99999999-9999-4999-8999-999999999999")
    assert unknown.json == ask("stranger", "GET", job).json
    # Who began it sees it also without the right to edit.
    office.calendar.policies.set(SYSTEM, department, {"roles": {users["editor"].id: "viewer"}})
    assert ask("editor", "GET", job).status_code == 200


def test_a_right_that_ends_ends_the_import(held_back: threading.Event) -> None:
    office = Office()
    user = office.user("kim")
    department = office.department("개발팀", **{user.id: "editor"})
    caller = office.signed_in(user)
    job = office.calendar.imports.begin(caller, department, calendar(event("a@x")))
    office.calendar.policies.set(SYSTEM, department, {"roles": {user.id: "viewer"}})
    held_back.set()
    found = wait_until(
        lambda: (found := office.calendar.imports.get(SYSTEM, job.id)[0]).state != "running" and found
    )
    assert (found.state, found.reason, found.counts["created"]) == ("failed", "forbidden", 0)


def test_a_department_that_is_deleted_ends_the_import(server: Server, held_back: threading.Event) -> None:
    department = server.department()
    job = begin(server, department, calendar(event("a@x")))
    server.http.delete(f"/api/departments/{department}")
    held_back.set()
    found = ended(server, job["id"])
    assert (found["state"], found["reason"]) == ("failed", "department_not_found")
    for method, path in (("POST", f"/api/departments/{department}/import"), ("GET", "/api/imports/x")):
        assert server.http.open(path, method=method, data=b"x").status_code == 404
