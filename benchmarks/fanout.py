"""One change to a room of many members: CPU a delivery, latency, memory a connection.

Every server gets the same requests from the same load client and sends messages of the same size. Ours stores
each change in the embedded engine first; the peers store nothing.
"""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self

from benchmarks.measure import OURS, Report, Target, exponent, percentile, rotated
from benchmarks.peers import broadcast
from benchmarks.peers.broadcast import NODE
from benchmarks.servers import CalendarServer, Missing, Server, calendar
from benchmarks.websocket_clients import Members, Room, flawless

ROOMS, QUICK_ROOMS = (100, 1_000, 4_000, 9_000), (100, 1_000)
DELIVERIES, QUICK_DELIVERIES = 200_000, 20_000
FEWEST, TURNS = 20, 4
"""The smallest number of changes in a measurement, and the number of turns of every server."""
WARM_UP = 20_000
"""Deliveries before anything is counted: Node compiles functions that run often."""
BURST_ROOM, BURST = 1_000, 50
CROWD, REST_RATE, REST_SECONDS = 9_000, 20, 30
PAGE = (
    r"^CPU a delivery, ",
    r"^CPU a delivery without the write, 1,000",
    r"^delivery p99, .*(1,000|9,000)",
    r"^memory a connection, 1,000",
    r"^REST p99",
    r"^growth",
)
METHOD = """\
All servers run at the same time, each with its own room of members over websockets, from load clients in
C (epoll, one thread each). A warm-up of 20,000 deliveries comes first. Then they take turns: four times
each gets a quarter of its changes while the others rest, so that other load on the machine meets all of
them. The next change is posted when the last one has reached every member; a measurement has at least 20
changes and 200,000 deliveries, and before each turn come a fifth as many that don't count. Each member
must get each change once and in order, otherwise the run fails. A message has about 430 bytes for all
servers.

CPU is user and system time of the server's processes, from their CPU clocks, during the broadcasts;
nothing is subtracted for idling, and Socket.IO's heartbeats (every 25 s) rarely fall into it. Of ours it
includes the whole request: parsing, validating and storing the change, and the answer. The peers store
nothing. The embedded engine is a process of its own and reported apart, because on AWS it doesn't exist.
The cost of the write alone is measured in a department without members. A latency is from before the
request is sent until the load client has read the message. Memory is the growth of resident memory while
the members connected and joined. A burst is 50 changes in one request: of ours one POST to `/batch`, of
the peers one POST that emits 50 times.

`send() in C` is the floor: one frame, made once, and a bare loop of `send()` to the same sockets, without
rooms, heartbeats or Socket.IO; nearly all of its CPU is the kernel's. nchan is a pub/sub module of nginx,
in C with one worker process; its messages are websocket frames without Socket.IO as well. Both get no
bursts.
"""


def makers(scratch: Path, report: Report, plain: bool = True) -> dict[str, Callable[[], Server]]:
    """How to start each server. One that can't be installed is left out by name.

    plain: include servers that speak websockets without Socket.IO
    """
    available: dict[str, Callable[[], Server]] = {OURS: lambda: calendar(scratch)}
    for name, make in broadcast.makers().items():
        try:
            server = make(scratch)
        except Missing as error:
            report.left_out[name] = str(error)
            continue
        if plain or not server.plain:
            available[name] = partial(make, scratch)
    return available


def run(scratch: Path, runs: int = 5, quick: bool = False) -> Iterator[Report]:
    """`quick`: smaller rooms and fewer deliveries, to see whether it works."""
    report = Report("Fan-out", METHOD, PAGE)
    servers = makers(scratch, report)
    rooms = QUICK_ROOMS if quick else ROOMS
    for number in range(runs):
        for members in rooms:
            with ExitStack() as stack:
                running = [stack.enter_context(make()) for make in rotated(list(servers.values()), number)]
                crowds = [stack.enter_context(Crowd(server, members, scratch)) for server in running]
                measure(report, crowds, number, quick)
        growth(report, rooms)
        report.targets = targets(report)
        yield report


class Crowd:
    """A room of `members` on a running server. A context manager: the members are connected inside."""

    def __init__(self, server: Server, members: int, scratch: Path) -> None:
        self.server, self.members, self.scratch = server, members, scratch
        self.room = f"{members:,} members"
        self.department = "0985bc50-3edb-400e-b484-faca1c3b1ba6"
        self.alone = 0.0
        """µs of a write in a department without members, of a server that stores."""
        self.spent = self.engines = self.seconds = self.busy = 0.0
        self.deliveries = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if isinstance(self.server, CalendarServer):
                self.department = self.server.department(self.room)
                self.alone = cost_of_a_write(self.server, f"nobody beside {self.room}", self.scratch)
            self.client = stack.enter_context(
                Members(self.server.port, [Room(self.department)], self.scratch, plain=self.server.plain)
            )
            before = self.server.memory()
            self.client.connect(self.members)
            time.sleep(0.5)  # until the last greenlets have ended and buffers are freed
            self.grown = (self.server.memory() - before) / self.members / 1024
            self.client.warm(max(WARM_UP // self.members, 2))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def post(self, count: int, size: int, more: bool) -> None:
        """Posts `count` requests of `size` changes. `more`: adds to the figures of the call before."""
        if not more:
            self.spent = self.engines = self.seconds = self.busy = 0.0
            self.deliveries = 0
        self.client.warm(max(count // 5, 2))
        web, engine = self.server.usage("web"), self.server.usage("engine")
        self.seen = flawless(self.client.post(count, size, more=more))
        self.spent += self.server.usage("web").since(web)
        self.engines += self.server.usage("engine").since(engine)
        self.seconds += self.seen["seconds"]
        self.busy += self.seen["client_cpu_s"]
        self.deliveries += self.seen["deliveries"]


def measure(report: Report, crowds: list[Crowd], number: int, quick: bool) -> None:
    """All figures of one run for rooms of one size. The servers take turns."""
    members = crowds[0].members
    count = max((QUICK_DELIVERIES if quick else DELIVERIES) // members // TURNS, FEWEST // TURNS)
    take_turns(crowds, number, count, 1)
    for crowd in crowds:
        report.figure(f"memory a connection, {crowd.room}", "KB").add(crowd.server.name, crowd.grown)
        note(report, crowd, crowd.room)
        if crowd.alone:
            name = f"CPU a delivery without the write, {crowd.room}"
            figure = report.figure(name, "µs", "without the cost of a write in a department without members")
            cost = crowd.spent * 1e6 / crowd.deliveries
            figure.add(crowd.server.name, cost - crowd.alone / members)
    if members == BURST_ROOM:
        bursting = [crowd for crowd in crowds if not crowd.server.plain]
        take_turns(bursting, number, 1, BURST)
        for crowd in bursting:
            note(report, crowd, f"a burst of {BURST}, {crowd.room}")
    for crowd in crowds:
        if members == CROWD and isinstance(crowd.server, CalendarServer):
            measure_rest(report, crowd.server, crowd.client, crowd.department)


def take_turns(crowds: list[Crowd], number: int, count: int, size: int) -> None:
    """Each server gets TURNS times `count` requests of `size` changes; another one comes first each time."""
    for turn in range(TURNS):
        for crowd in rotated(crowds, number + turn):
            crowd.post(count, size, more=turn > 0)


def note(report: Report, crowd: Crowd, room: str) -> None:
    """Adds the figures of one server to the report."""
    server, seen, deliveries = crowd.server, crowd.seen, crowd.deliveries
    report.figure(f"CPU a delivery, {room}", "µs").add(server.name, crowd.spent * 1e6 / deliveries)
    if server.pids("engine"):
        both = (crowd.spent + crowd.engines) * 1e6 / deliveries
        report.figure(f"CPU a delivery with the engine, {room}", "µs").add(server.name, both)
    for percentile_ in ("p50", "p99"):
        report.figure(f"delivery {percentile_}, {room}", "ms").add(server.name, seen[f"{percentile_}_ms"])
    report.figure(f"deliveries a second, {room}", "1/s").add(server.name, deliveries / crowd.seconds)
    why = "of one core; near 100 the client would be the limit, not the server"
    report.figure(f"CPU of the load client, {room}", "%", why).add(
        server.name, 100 * crowd.busy / crowd.seconds
    )


def cost_of_a_write(server: CalendarServer, name: str, scratch: Path, count: int = 200) -> float:
    """µs of the web process for one change in a new department without members."""
    department = server.department(name)
    with Members(server.port, [Room(department)], scratch) as client:
        flawless(client.post(50))
        before = server.usage()
        flawless(client.post(count))
        return server.usage().since(before) * 1e6 / count


def measure_rest(report: Report, server: CalendarServer, client: Members, department: str) -> None:
    """Measures REST requests beside 9,000 members who get a change every second."""
    probe = Probe(server.port, f"/api/events/{department}")
    with probe:
        flawless(client.post(REST_SECONDS, 1, 1))
    note = (
        f"GET of the calendar with If-None-Match, 20 a second, beside a change a second to {CROWD:,} members"
    )
    for percent in (50, 99):
        figure = report.figure(f"REST p{percent}, {CROWD:,} members", "ms", note)
        figure.add(server.name, percentile(probe.latencies, percent))
    failed = 100 * probe.failed / len(probe.latencies)
    report.figure(f"REST failed, {CROWD:,} members", "%", note).add(server.name, failed)


class Probe:
    """REST_RATE clients that GET `path` while the `with` lasts.

    Each sends one request a second, evenly shifted against the others, or as soon as its last one is answered
    if that takes longer. Latencies count from the moment when a request was due, so a pause of the server
    counts for every request that falls into it.

    latencies: in ms; failed: the number of answers other than 200 and 304, which have a latency as well
    """

    def __init__(self, port: int, path: str) -> None:
        self.latencies: list[float] = []
        self._port, self._path = port, path
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(REST_RATE)]
        self.failed = 0

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        due = self._began + number / REST_RATE
        headers: dict[str, str] = {}
        while not self._end.wait(max(due - time.monotonic(), 0)):
            try:
                connection.request("GET", self._path, headers=headers)
                answer = connection.getresponse()
                answer.read()
                self.failed += answer.status not in (200, 304)
                headers = {"If-None-Match": answer.getheader("ETag") or ""}
            except (OSError, http.client.HTTPException):
                self.failed += 1
                connection.close()  # the next request opens it again
            self.latencies.append((time.monotonic() - due) * 1e3)
            due = max(due + 1, time.monotonic())
        connection.close()


def growth(report: Report, rooms: tuple[int, ...]) -> None:
    """How the CPU of one change grows with its listeners, from the smallest room to the largest."""
    small, large = rooms[0], rooms[-1]
    less, more = (report.figure(f"CPU a delivery, {room:,} members", "µs").values for room in (small, large))
    note = "of the CPU of one change with its listeners; 1: it is linear"
    figure = report.figure(f"growth from {small:,} to {large:,} members", "exponent", note)
    for server in less:
        pairs = zip(less[server], more[server], strict=True)
        figure.values[server] = [exponent(a * small, b * large, large / small) for a, b in pairs]


def targets(report: Report) -> list[Target]:
    figures = {figure.name: figure for figure in report.figures}

    def against_node(text: str, limit: float, name: str) -> Target:
        return Target(text, limit, figures[name].ratios(NODE) if name in figures else [], "× Node socket.io")

    def alone(text: str, limit: float, name: str, unit: str) -> Target:
        return Target(text, limit, figures[name].values[OURS] if name in figures else [], unit)

    return [
        against_node("CPU a delivery, 1,000 members", 0.75, "CPU a delivery, 1,000 members"),
        against_node("CPU a delivery, 4,000 members", 0.75, "CPU a delivery, 4,000 members"),
        against_node("delivery p99, 1,000 members", 1.0, "delivery p99, 1,000 members"),
        against_node(
            "CPU a delivery in a burst of 50 changes", 0.15, "CPU a delivery, a burst of 50, 1,000 members"
        ),
        alone("memory a connection, 1,000 members", 60, "memory a connection, 1,000 members", "KB"),
        alone("REST p99 beside 9,000 members", 100, "REST p99, 9,000 members", "ms"),
        alone("REST requests that fail beside them", 0, "REST failed, 9,000 members", "%"),
    ]
