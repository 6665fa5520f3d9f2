"""Imports in real servers: others are served meanwhile, every worker runs them, a kill loses nothing."""

import statistics
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from teamcal.calendar.import_jobs import INTERRUPTED_SECONDS
from tests.house import wait_until
from tests.rest.test_imports import calendar, event
from tests.servers import WORKERS, Server, Worker, running

ENTRIES = 10_000


def department_of(server: Server, name: str = "개발팀") -> str:
    answer = requests.post(f"{server.url}/api/departments", json={"name": name}, timeout=60)
    return str(answer.json()["department"]["id"])


def begin(server: Server, department: str, data: bytes) -> str:
    url = f"{server.url}/api/departments/{department}/import"
    answer = requests.post(url, data=data, headers={"Content-Type": "text/calendar"}, timeout=120)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"]["id"])


def job_of(server: Server, job: str) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{server.url}/api/imports/{job}", timeout=60).json()["job"]
    return found


def ended(server: Server, job: str) -> dict[str, Any]:
    while (found := job_of(server, job))["state"] == "running":
        time.sleep(1)
    return found


def listed_in(server: Server, department: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{server.url}/api/events/{department}?series=true", timeout=60)
    events: list[dict[str, Any]] = answer.json()["events"]
    return events


def rich(number: int) -> str:
    """An event as programs export them, of half a kilobyte; each tenth is a series."""
    return event(
        f"{number}@example.com", f"주간 회의 {number}",
        f"DTEND;TZID=Asia/Seoul:2024{number % 12 + 1:02}{number % 28 + 1:02}T110000",
        f"DESCRIPTION:{'매주 월요일 회의실에서 모입니다. ' * 4}", "LOCATION:본관 3층", "CATEGORIES:회의,개발",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", *(["RRULE:FREQ=YEARLY"] if number % 10 == 0 else []),
        start=f"DTSTART;TZID=Asia/Seoul:2024{number % 12 + 1:02}{number % 28 + 1:02}T100000",
    )  # fmt: skip


class Client:
    """Another client, who asks without a pause but short ones; `times` in seconds."""

    def __init__(self, server: Server, department: str) -> None:
        self._server, self._department, self._stopped = server, department, threading.Event()
        self.times: list[float] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Client":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        url, number = f"{self._server.url}/api/events/{self._department}", 0
        with requests.Session() as http:
            while not self._stopped.is_set():
                number += 1
                began = time.perf_counter()
                if number % 10:
                    answer = http.get(url, timeout=60)
                else:
                    answer = http.post(url, json={"event_date": "2024-01-20", "title": "x"}, timeout=60)
                self.times.append(time.perf_counter() - began)
                assert answer.status_code in (200, 201)
                time.sleep(0.01)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.times, n=100)[98]


@pytest.mark.slow
@pytest.mark.parametrize("worker", ["eventlet", "gthread"])
def test_others_are_served_during_an_import(worker: Worker, tmp_path: Path) -> None:
    with running(worker, data_dir=tmp_path) as server:
        mine, others = department_of(server), department_of(server, "다른 팀")
        data = calendar(*map(rich, range(ENTRIES)))
        with Client(server, others) as before:
            time.sleep(15)
        with Client(server, others) as during:
            began = time.perf_counter()
            job = ended(server, begin(server, mine, data))
            took = time.perf_counter() - began
        print(f"{worker}: p99 {before.p99 * 1000:.0f} → {during.p99 * 1000:.0f} ms,"
              f" max {max(during.times) * 1000:.0f} ms; {ENTRIES} entries in {took:.0f} s")  # fmt: skip
        assert (job["state"], job["created"], job["refused"]) == ("done", ENTRIES, 0)
        assert during.p99 <= max(2 * before.p99, 0.05)
        with Client(server, others) as again:
            job = ended(server, begin(server, mine, data))
        assert job["unchanged"] == ENTRIES
        with Client(server, others) as reading:
            url = f"{server.url}/api/departments/{mine}/calendar.ics"
            began = time.perf_counter()
            while (answer := requests.get(url, timeout=60)).status_code == 503:
                pass  # on a busy machine: the next request goes on where the deadline ended this one
            took = time.perf_counter() - began
            time.sleep(3)
        print(f"again p99 {again.p99 * 1000:.0f} ms; feed of {len(answer.content)} bytes in {took:.1f} s,"
              f" max {max(reading.times) * 1000:.0f} ms")  # fmt: skip
        assert again.p99 <= max(2 * before.p99, 0.05)
        assert answer.content.count(b"BEGIN:VEVENT") == ENTRIES


@pytest.mark.parametrize(
    "worker", ["gthread", *(pytest.param(one, marks=pytest.mark.slow) for one in WORKERS if one != "gthread")]
)
def test_every_worker_runs_imports(worker: Worker, tmp_path: Path) -> None:
    """Also of a file larger than other bodies, sent in chunks where the server can read them."""
    with running(worker, data_dir=tmp_path) as server:
        department = department_of(server)
        data = calendar(*(event(f"{number}@x", "회의", "X-MORE:" + "x" * 20_000) for number in range(200)))
        assert ended(server, begin(server, department, data))["created"] == 200
        if worker in ("eventlet", "gevent", "gthread"):
            url = f"{server.url}/api/departments/{department}/import"
            chunks = (data[at : at + 50_000] for at in range(0, len(data), 50_000))
            answer = requests.post(url, data=chunks, timeout=120)
            assert answer.status_code == 202, answer.text
            assert ended(server, answer.json()["job"]["id"])["unchanged"] == 200


def test_a_killed_import_is_resumed(tmp_path: Path) -> None:
    data = calendar(*map(rich, range(2_000)))
    with running("eventlet", data_dir=tmp_path) as server:
        department = department_of(server)
        job = begin(server, department, data)
        wait_until(lambda: job_of(server, job)["done"] >= 100)
        server.kill()
    with running("eventlet", data_dir=tmp_path, tables=False) as server:
        found = job_of(server, job)
        assert found["state"] == "running"  # not for long: nobody writes how far it is
        events = requests.get(f"{server.url}/api/events/{department}?series=true", timeout=60).json()[
            "events"
        ]
        assert 0 < len(events) < 2_000
        assert all(one["title"].startswith("주간 회의") and one["location"] == "본관 3층" for one in events)
        url = f"{server.url}/api/departments/{department}/import"
        assert requests.post(url, data=data, timeout=120).status_code == 409
        wait_until(lambda: job_of(server, job)["state"] == "failed", INTERRUPTED_SECONDS + 10)
        assert job_of(server, job)["reason"] == "import_interrupted"
        again = ended(server, begin(server, department, data))
        assert (again["unchanged"] + again["created"], again["unchanged"] >= 100) == (2_000, True)
        listed = requests.get(f"{server.url}/api/events/{department}?series=true", timeout=60).json()[
            "events"
        ]
        assert len({one["uid"] for one in listed}) == len(listed) == 2_000
