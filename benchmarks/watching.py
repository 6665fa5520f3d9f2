"""The watcher's part of the bill: servers of a company at work, and every call that their watchers make.

Time passes in the test's own clock, so that minutes take seconds. One server watches as all do; the others
write and tell of it.
"""

import random
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.units import Counted, Units
from models import DynamoDBDatabase
from teamcal.domain.caller import UNNAMED
from teamcal.domain.changes import DEPARTMENTS
from teamcal.settings import Settings
from teamcal.sync.pulse_reader import START_SECONDS
from tests.house import House, Server, right_now

AT = "2040-01-15T10:30:00.000Z"
START_SAMPLE, QUIET_SAMPLE = 50, 600
"""Seconds counted after a start, and while nobody is connected. Both repeat themselves."""


class Watching(NamedTuple):
    """Units of watching. `working` and `quiet`: of one second of all servers while people are connected, and
    of one server while nobody is. `start`: of one server's first minutes, in addition.
    """

    working: Units
    start: Units
    quiet: Units


class Everybody:
    """Members of all departments on a server: teamcal.sync.ports.Members."""

    def __init__(self, server: Server, department_ids: list[str]) -> None:
        members = server.replicas.ports.members
        self.department_ids = department_ids
        members.watched = lambda: [*self.department_ids, DEPARTMENTS] if self.department_ids else []
        members.has_members = lambda log_id: log_id in self._ids
        self._ids = frozenset(department_ids)

    def leave(self) -> None:
        self.department_ids = []


class Office:
    """`servers` servers over new tables with `departments` departments, everybody connected to each.

    `counted` counts the calls of watchers and pulses, `plain` makes those of the writers.
    """

    def __init__(self, departments: int, servers: int) -> None:
        self.house, self.now = House(), 0.0
        self.counted = Counted(self.house.plain, self.house.plain)
        self.departments = [str(uuid.uuid4()) for _ in range(departments)]
        for number, department in enumerate(self.departments):
            self.house.put_department(id=department, name=f"{number}", created_at=AT, updated_at=AT)
        self.servers = [self._server() for _ in range(servers)]
        self.watching = self.servers[0]
        self.members = Everybody(self.watching, self.departments)
        for department in self.departments:
            self.watching.replicas.of(department).refresh()
        self.watcher = self.watching.watcher(5.0, pulses=True)

    def _server(self) -> Server:
        settings = Settings(self.house.storage, "only-the-benchmark-knows-it", replica_memory=2**40)
        return Server(settings, self.house.database(), right_now, clock=lambda: self.now)

    def count(self, task: Callable[[], Any], server: Server) -> Units:
        """Returns the units of what a server does in `task`; its own database isn't counted otherwise."""
        database = DynamoDBDatabase(self.house.storage, self.counted)
        before, server.database.dynamodb = server.database.dynamodb, database.dynamodb
        try:
            return self.counted.count(task)
        finally:
            server.database.dynamodb = before

    def pass_by(self, seconds: int, writes_per_second: float) -> Units:
        """Returns the units of a time in which each server writes its share, and all watch."""
        dice, reads, writes = random.Random(1), 0.0, 0.0
        for _ in range(seconds):
            for server in self.servers:
                for _ in range(_times(dice, writes_per_second / len(self.servers))):
                    self._write(server, dice.choice(self.departments))
                writes += self.count(server.pulses.sender.put_if_due, server).write
            self.now += 1
            units = self.count(self.watcher.round, self.watching)
            reads += units.read
            writes += units.write
        return Units(reads * len(self.servers), writes)

    def _write(self, server: Server, department: str) -> None:
        fields = {"event_date": "2040-01-20", "title": "팀 회의", "description": "", "time": "", "url": ""}
        server.calendar.events.create(UNNAMED, department, fields)


def _times(dice: random.Random, mean: float) -> int:
    """A number of things that happen `mean` times on average."""
    return int(mean) + (dice.random() < mean % 1)


def watching(departments: int, servers: int, writes_per_second: float, seconds: int) -> Watching:
    """Counts `seconds` of work, some time after a start, and some in which nobody is connected."""
    office = Office(departments, servers)
    started = office.pass_by(START_SAMPLE, 0.0).read / servers
    office.watching.pulses.reader.started -= START_SECONDS
    working = office.pass_by(seconds, writes_per_second)
    office.members.leave()
    office.pass_by(60, 0.0)
    quiet = office.pass_by(QUIET_SAMPLE, 0.0)
    idle = Units(quiet.read / servers / QUIET_SAMPLE, quiet.write / servers / QUIET_SAMPLE)
    working = Units(working.read / seconds, working.write / seconds)
    start = Units(started / START_SAMPLE * START_SECONDS - working.read / servers * START_SECONDS)
    return Watching(working, Units(max(0.0, start.read)), idle)
