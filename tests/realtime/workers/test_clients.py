"""What members are promised, with both clients, over every transport, under every worker."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.house import wait_until
from tests.realtime.raw_clients import rest
from tests.realtime.socketio_clients import SECONDS, PythonClient, closing
from tests.servers import Server

TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": ["polling", "websocket"]}
LIVE = 5.0
"""Seconds from a 2xx to its live message, on a busy machine. Without load, 0.2 is promised."""

Opener = Callable[[str], Any]


@pytest.fixture(params=["javascript", "python"])
def opener(request: pytest.FixtureRequest, server: Server) -> Opener:
    """Opens a client of this kind over the given transport."""
    if request.param == "python":
        return lambda transport: PythonClient(server.url, TRANSPORTS[transport])
    node = request.getfixturevalue("node")
    return lambda transport: node.open(server.url, TRANSPORTS[transport])


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_member_sees_every_change_live(
    server: Server, opener: Opener, department: Callable[[], str], transport: str
) -> None:
    department_id = department()
    with closing(opener(transport)) as client:
        answer = client.ask("join_department", {"department_id": department_id}).result(SECONDS)
        client.inbox.wait_for("connected")
        client.inbox.wait_for("joined_department")
        assert answer["department_id"] == department_id
        assert client.inbox.named("joined_department") == [answer]

        body = {"event_date": "2024-01-20", "title": "팀 회의"}
        event = rest(server.url, "POST", f"/api/events/{department_id}", body)["event"]
        assert_live(client, "event_created", event)
        event = rest(server.url, "PUT", f"/api/events/{event['id']}", {"title": "바뀐 회의"})["event"]
        assert_live(client, "event_updated", event)
        rest(server.url, "DELETE", f"/api/events/{event['id']}")
        assert_live(client, "event_deleted", {"id": event["id"], "department_id": department_id})

        if transport == "upgrade":
            wait_until(lambda: client.transport() == "websocket")
        else:
            assert client.transport() == transport


def assert_live(client: Any, name: str, expected: dict[str, Any]) -> None:
    sent = time.monotonic()
    arrived = client.inbox.wait_for(name, lambda payload: payload["id"] == expected["id"])
    assert arrived - sent <= LIVE
    (payload,) = [payload for payload in client.inbox.named(name) if payload["id"] == expected["id"]]
    assert expected.items() <= payload.items()


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_200_kilobytes_each_way(
    server: Server, opener: Opener, department: Callable[[], str], transport: str
) -> None:
    department_id = department()
    for number in range(20):
        body = {"event_date": "2024-01-20", "title": str(number), "description": "x" * 10_000}
        rest(server.url, "POST", f"/api/events/{department_id}", body)
    with closing(opener(transport)) as client:
        payload = {"department_id": department_id, "ignored": "가" * 70_000}
        answer = client.ask("sync_request", payload).result(SECONDS)
        assert sorted(int(event["title"]) for event in answer["events"]) == list(range(20))
        client.inbox.wait_for("sync_response")


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_forty_joins_at_once(opener: Opener, department: Callable[[], str], transport: str) -> None:
    department_ids = [department() for _ in range(40)]
    with closing(opener(transport)) as client:
        answers = [
            client.ask("join_department", {"department_id": department_id})
            for department_id in department_ids
        ]
        assert [answer.result(SECONDS)["department_id"] for answer in answers] == department_ids
        client.inbox.wait_for("joined_department", count=40)
        assert [
            joined["department_id"] for joined in client.inbox.named("joined_department")
        ] == department_ids


def test_a_polling_client_receives_a_burst_completely_and_in_order(
    server: Server, opener: Opener, department: Callable[[], str]
) -> None:
    department_id = department()
    with closing(opener("polling")) as client:
        client.ask("join_department", {"department_id": department_id}).result(SECONDS)
        for number in range(100):
            body = {"event_date": "2024-01-20", "title": str(number)}
            rest(server.url, "POST", f"/api/events/{department_id}", body)
        client.inbox.wait_for("event_created", count=100)
        assert [event["title"] for event in client.inbox.named("event_created")] == [
            str(n) for n in range(100)
        ]
        assert client.inbox.named("*disconnect") == []
