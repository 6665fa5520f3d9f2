"""Ids of writes, through real servers: two over one engine, and one that was killed."""

import uuid
from pathlib import Path
from typing import Any

import requests

from tests.house import together
from tests.servers import running

FIELDS = {"event_date": "2024-01-20", "title": "팀 회의"}


def send(url: str, method: str, path: str, body: Any, id_: str) -> tuple[int, Any]:
    answer = requests.request(method, url + path, json=body, headers={"Idempotency-Key": id_}, timeout=20)
    return answer.status_code, answer.json()


def test_a_write_is_made_once_by_two_servers_and_after_a_restart(tmp_path: Path) -> None:
    creating, updating = str(uuid.uuid4()), str(uuid.uuid4())
    with running("eventlet", data_dir=tmp_path) as two:
        with running("eventlet", data_dir=tmp_path) as one:
            _, made = send(one.url, "POST", "/api/departments", {"name": "개발팀"}, str(uuid.uuid4()))
            path = f"/api/events/{made['department']['id']}"
            servers = [one.url, two.url] * 3
            answers = together(
                *[lambda url=url: send(url, "POST", path, FIELDS, creating) for url in servers]
            )
            assert answers[0][0] == 201
            assert all(answer == answers[0] for answer in answers)
            own = f"/api/events/{answers[0][1]['event']['id']}"
            updated = send(one.url, "PUT", own, {"title": "둘째"}, updating)
            one.kill()
        assert send(two.url, "PUT", own, {"title": "둘째"}, updating) == updated
    with running("eventlet", data_dir=tmp_path) as again:
        requests.put(again.url + own, json={"title": "셋째"}, timeout=20)
        assert send(again.url, "PUT", own, {"title": "둘째"}, updating) == updated
        assert send(again.url, "POST", path, FIELDS, creating) == answers[0]
        listed = requests.get(again.url + path, timeout=20).json()
        assert ([event["title"] for event in listed["events"]], listed["revision"]) == (["셋째"], 3)
