"""Clients that don't know series beside those that do: each holds what a pure function gives, always.

Random programs of edits on two servers, over midnights; clients are cut off in the middle of a burst and come
back with an old cursor.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from teamcal.domain.events import public_event
from teamcal.domain.occurrences import plain_events
from teamcal.sync.replica import Replica
from tests.house import House, Member, Server

START = datetime(2026, 11, 26, 3, tzinfo=UTC)
RULES = ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=3;COUNT=40", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYDAY=-1FR"]


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    @property
    def day(self) -> str:
        return (self.time + timedelta(hours=9)).date().isoformat()


class Client:
    """Follows a department by its cursor, as the documentation says."""

    def __init__(self, server: Server, department: str, series: bool) -> None:
        self.server, self.department, self.series = server, department, series
        self.events: dict[str, Any] = {}
        self.cursor: str | None = None
        self.revision = -1
        self.seen: list[int] = []
        self.full = 0
        self.come(server)

    def come(self, server: Server) -> None:
        self.member: Member = server.member()
        self.member.heard()
        body = {"department_id": self.department, "cursor": self.cursor, "series": self.series}
        answer = self.member.ask("join_department", body)
        assert answer["revision"] >= self.revision, "a revision decreased"
        if answer["full"]:
            self.events = {}
            self.full += self.cursor is not None
        self.events.update({event["id"]: event for event in answer["events"]})
        for event_id in answer.get("deleted", ()):
            self.events.pop(event_id, None)
        self.cursor, self.revision = answer["cursor"], answer["revision"]

    def hear(self, at_most: int | None = None) -> None:
        """Takes what has come; only the first `at_most` messages of it, when the connection breaks there."""
        messages = [one for one in self.member.heard() if one[0].startswith("event_")]
        for name, payload in messages[:at_most]:
            assert payload["revision"] >= self.revision, "a revision decreased"
            if name == "event_deleted":
                self.events.pop(payload["id"], None)
            else:
                public = {
                    key: value for key, value in payload.items() if key not in ("cursor", "by", "by_verified")
                }
                self.events[payload["id"]] = public
            self.cursor, self.revision = payload["cursor"], payload["revision"]
            self.seen.append(payload["revision"])


def content(events: dict[str, Any]) -> dict[str, Any]:
    """The events without their revisions: that of a message is its place in the log."""
    left_out = ("revision", "cursor", "by", "by_verified")
    return {
        event_id: {name: value for name, value in event.items() if name not in left_out}
        for event_id, event in events.items()
    }


def expected(server: Server, department: str, series: bool, day: str) -> dict[str, Any]:
    records = server.replicas.of(department).records.values()
    events = [event for record in records for event in ([record] if series else plain_events(record, day))]
    return {event["id"]: public_event(event) for event in events}


def edit(draw: random.Random, server: Server, department: str, clock: Clock) -> None:
    """One random write by REST; refused ones count as well."""
    http, day = server.http, (date.fromisoformat(clock.day) + timedelta(draw.randint(-40, 60))).isoformat()
    plain = server.events(department)
    kind = draw.random()
    if kind < 0.25 or not plain:
        fields: dict[str, Any] = {"title": f"일 {draw.randint(1, 99)}", "event_date": day}
        if draw.random() < 0.5:
            fields["recurrence"] = draw.choice(RULES)
        if draw.random() < 0.5:
            fields["start_time"] = draw.choice(["09:00", "22:30"])
        if draw.random() < 0.2:
            fields["end_date"] = (date.fromisoformat(day) + timedelta(2)).isoformat()
        http.post(f"/api/events/{department}", json=fields)
        return
    one = draw.choice(plain)
    scope = f"?scope={draw.choice(['this', 'this', 'following', 'all'])}"
    if kind < 0.55:
        change = draw.choice([
            {"title": f"바뀐 {draw.randint(1, 9)}"},
            {"event_date": day},
            {"start_time": draw.choice(["08:00", "15:00"])},
            {"time": draw.choice(["오후 2시", "점심", ""])},
        ])  # fmt: skip
        http.put(f"/api/events/{one['id']}{scope}", json=change)
    elif kind < 0.75:
        http.delete(f"/api/events/{one['id']}{scope}")
    elif kind < 0.85:
        steps = http.get(f"/api/events/{one['id']}/history").json["history"]
        http.post(f"/api/events/{one['id']}/restore", json={"revision": draw.choice(steps)["revision"]})
    else:
        whole = server.http.get(f"/api/events/{department}?series=true").json["events"]
        target = draw.choice(whole)
        change = draw.choice(
            [{"recurrence": draw.choice([*RULES, None])}, {"location": "3층"}, {"exceptions": None}]
        )
        http.put(f"/api/events/{target['id']}?series=true", json=change)


@pytest.mark.parametrize("seed", range(6))
def test_every_client_holds_what_the_function_gives(house: House, seed: int) -> None:
    draw, clock = random.Random(seed), Clock()
    servers = [house.server(now=clock), house.server(now=clock)]
    watchers = [server.watcher() for server in servers]
    department = servers[0].department()
    clients = [Client(draw.choice(servers), department, series) for series in (False, True) * 3]
    for _ in range(60):
        edit(draw, draw.choice(servers), department, clock)
        if draw.random() < 0.15:
            clock.time += timedelta(hours=draw.choice([10, 24, 24 * 40]))
        for watcher in watchers:
            watcher.round()
        for client in clients:
            if draw.random() < 0.2:  # its connection breaks, often in the middle of a burst
                client.hear(draw.randint(0, 5))
                client.come(draw.choice(servers))
            elif draw.random() < 0.6:
                client.hear()
        if draw.random() < 0.3:
            _compare(clients, servers, watchers, department, clock)
    _compare(clients, servers, watchers, department, clock)
    for client in clients:
        if client.series:
            assert client.seen == sorted(set(client.seen)), "a change came twice or out of order"
    house.must_be_sound(department)


def _compare(
    clients: list[Client], servers: list[Server], watchers: list[Any], department: str, clock: Clock
) -> None:
    for watcher in watchers:
        watcher.look()
        watcher.round()
    for client in clients:
        client.hear()
        assert content(client.events) == content(expected(servers[0], department, client.series, clock.day))
    for series in ("false", "true"):
        for server in servers:
            events = server.http.get(f"/api/events/{department}?series={series}").json["events"]
            assert {one["id"]: one for one in events} == expected(
                server, department, series == "true", clock.day
            )


def test_a_busy_department_does_not_keep_the_others_in_yesterday(house: House) -> None:
    clock = Clock()
    server = house.server(now=clock)
    busy, other = server.department("바쁜 부서"), server.department("다른 부서")
    for department in (busy, other):
        server.event(department, event_date=clock.day, title="매일", recurrence="FREQ=DAILY")
    clients = {department: Client(server, department, series=False) for department in (busy, other)}
    watcher = server.watcher()
    clock.time += timedelta(days=1)
    with held_by_another_thread(server.replicas.of(busy)):
        watcher.round()
        assert server.replicas.of(other).plain.day == clock.day
        assert server.replicas.of(busy).plain.day != clock.day
    watcher.round()
    for department, client in clients.items():
        client.hear()
        assert content(client.events) == content(expected(server, department, False, clock.day))


@contextmanager
def held_by_another_thread(replica: Replica) -> Iterator[None]:
    taken, over = threading.Event(), threading.Event()

    def hold() -> None:
        with replica.lock():
            taken.set()
            over.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(30)
    try:
        yield
    finally:
        over.set()
        thread.join()
