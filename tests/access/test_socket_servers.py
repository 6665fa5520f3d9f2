"""Sockets of a real server in token mode, under each worker: who one is, and what ends it."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import websocket

from tests.realtime.socketio_clients import Node, closing, start_node
from tests.servers import ROOT, Worker, environment_of, running

TRANSPORTS = (["websocket"], ["polling"])
EVENT = {"event_date": "2024-01-20", "title": "팀 회의"}
ROUNDS = 5


@dataclass
class Place:
    """A running server, and what tests.convergence.office has made in it."""

    url: str
    admin: dict[str, str]
    users: list[dict[str, str]]
    departments: list[str]

    def ask(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token or self.admin['token']}"}
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=30)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def give(self, department: str, **roles: str) -> None:
        self.ask("PUT", f"/api/departments/{department}/access", {"roles": roles})

    def write(self, department: str, title: str = "팀 회의") -> None:
        self.ask("POST", f"/api/events/{department}", EVENT | {"title": title})


CASES: list[tuple[Worker, str]] = [
    ("eventlet", "on"),
    ("eventlet", "off"),
    ("gevent", "on"),
    ("gthread", "on"),
    ("gthread", "off"),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    worker, direct = request.param
    folder = tmp_path_factory.mktemp("place")
    settings = {"AUTH_MODE": "token", "DIRECT_BROADCAST": direct, "FAST_PATH": direct}
    settings |= {"GUEST_NETWORKS": "127.0.0.1/32", "REQUESTS_PER_MINUTE": "1000000"}
    with running(worker, data_dir=folder, env=settings) as server:
        environment = environment_of(worker, server.port, folder, settings)
        command = [sys.executable, "-m", "tests.convergence.office", "2", "개발팀", "마케팅팀"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
        made = json.loads(done.stdout)
        yield Place(server.url, made["administrator"], made["users"], made["departments"])


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    node = start_node()
    yield node
    node.stop()


@pytest.mark.parametrize("transports", TRANSPORTS, ids=lambda names: names[0])
def test_a_client_authenticates_and_is_revoked(place: Place, node: Node, transports: list[str]) -> None:
    user, (department, _) = place.users[0], place.departments
    place.give(department, **{user["id"]: "editor"})
    issued = place.ask("POST", "/api/tokens", {"kind": "app", "name": "시험"}, user["token"])
    refused = node.open(place.url, transports, auth={"token": user["token"][:-1] + "!"}, refused=True)
    (refusal,) = refused.inbox.named("*refused")
    assert refusal["data"]["code"] == "token_invalid"
    assert refusal["message"] == refusal["data"]["message"]
    with closing(node.open(place.url, transports)) as client:
        client.inbox.wait_for("connected", lambda greeting: greeting["kind"] == "guest")
        assert client.ask("join_department", {"department_id": department}).result(60)["success"] is False
        answer = client.ask("authenticate", {"token": issued["secret"]}).result(60)
        assert (answer["kind"], answer["user"]["id"]) == ("user", user["id"])
        client.ask("join_department", {"department_id": department}).result(60)
        place.write(department, "첫째")
        client.inbox.wait_for("event_created", lambda event: event["title"] == "첫째")
        place.ask("DELETE", f"/api/tokens/{issued['token']['id']}", None, user["token"])
        client.inbox.wait_for("error", lambda error: error["code"] == "token_invalid")
        place.write(department, "둘째")
        answer = client.ask("authenticate", {"token": user["token"]}).result(60)
        assert answer["kind"] == "user"
        assert "둘째" not in [event["title"] for event in client.inbox.named("event_created")]
        client.ask("join_department", {"department_id": department}).result(60)
        place.write(department, "셋째")
        client.inbox.wait_for("event_created", lambda event: event["title"] == "셋째")


@pytest.mark.parametrize("transports", TRANSPORTS, ids=lambda names: names[0])
def test_after_a_revocation_nothing_comes_while_others_write(
    place: Place, node: Node, transports: list[str]
) -> None:
    user, stays = place.users
    department = place.departments[1]
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            place.write(department, "소음")

    roles = {stays["id"]: "editor"}
    place.give(department, **roles, **{user["id"]: "viewer"})
    clients = [node.open(place.url, transports, auth={"token": one["token"]}) for one in (user, stays)]
    for client in clients:
        assert "cursor" in client.ask("join_department", {"department_id": department}).result(60)
    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        for number in range(ROUNDS):
            place.give(department, **roles)
            place.write(department, f"비밀 {number}")
            clients[0].inbox.wait_for("department_deleted", count=number + 1)
            place.give(department, **roles, **{user["id"]: "viewer"})
            clients[0].inbox.wait_for("department_created", count=number + 1)
            assert "cursor" in clients[0].ask("join_department", {"department_id": department}).result(60)
    finally:
        ended.set()
        for writer in writers:
            writer.join()
    place.write(department, "끝")
    for client in clients:
        client.inbox.wait_for("event_created", lambda event: event["title"] == "끝")
    heard, all_heard = ([event["title"] for event in one.inbox.named("event_created")] for one in clients)
    assert [title for title in heard if title.startswith("비밀")] == []
    assert [title for title in all_heard if title.startswith("비밀")] == [f"비밀 {n}" for n in range(ROUNDS)]
    revisions = [event["revision"] for event in clients[1].inbox.named("event_created")]
    assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))
    for client in clients:
        client.close()


def kind_of(place: Place, **options: Any) -> str:
    address = place.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    connection = websocket.create_connection(address, timeout=60, **options)
    try:
        connection.recv()
        connection.send("40")
        while not (message := connection.recv()).startswith('42["connected"'):
            pass
        return str(json.loads(message[2:])[1]["kind"])
    finally:
        connection.close()


def test_the_cookie_and_the_address_count_for_our_own_page_only(place: Place) -> None:
    cookie = f"teamcal={place.users[0]['token']}"
    own, foreign = place.url, "http://elsewhere.example"
    assert kind_of(place, cookie=cookie, origin=own) == "user"
    assert kind_of(place, cookie=cookie, origin=foreign) == "nobody"
    assert kind_of(place, origin=own) == "guest"
    assert kind_of(place, origin=foreign) == "nobody"
    assert kind_of(place, suppress_origin=True) == "guest"
    # A program that isn't a browser has no use for a cookie: a websocket without an Origin is no page's.
    assert kind_of(place, cookie=cookie, suppress_origin=True) == "guest"
    forwarded = {"X-Forwarded-For": "127.0.0.1"}
    assert kind_of(place, header=forwarded, origin=own) == "nobody"
