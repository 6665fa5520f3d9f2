"""One change to a room of many members: CPU a delivery, latency, memory a connection.

Every server gets the same requests from the same load client and answers with messages of the same size.
Ours stores each change in the embedded engine first; the peers store nothing.
"""

import http.client
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from benchmarks.measure import OURS, Report, Target, exponent, percentile, rotated
from benchmarks.members import Members, Room, flawless
from benchmarks.servers import NODE, PLAIN, CalendarServer, Missing, Server, calendar, node, plain

ROOMS, QUICK_ROOMS = (100, 1_000, 4_000, 9_000), (100, 1_000)
DELIVERIES, QUICK_DELIVERIES = 200_000, 20_000
FEWEST = 20
"""Changes in a measurement, however many hear of them."""
WARM_UP = 20_000
"""Deliveries before anything is counted: Node compiles what it often runs."""
BURST_ROOM, BURST, BURSTS = 1_000, 50, 4
CROWD, REST_RATE, REST_SECONDS = 9_000, 20, 30
METHOD = """\
Every server, in turn, gets a fresh process and a room of members over websockets, from one load client in C
(epoll, one thread). A warm-up of 20,000 deliveries comes first. Then one change after the other: the next is
posted when the last has reached every member; at least 20 changes and 200,000 deliveries a measurement. Each
member must get each change once and in order, otherwise the run fails. A message has about 430
bytes for all of them.

CPU is user and system time of the server's processes, from their CPU clocks, over the time of the broadcasts;
nothing is taken off for idling, and Socket.IO's heartbeats (every 25 s) rarely fall into it. Of ours it
includes the whole request: parsing, validating and storing the change and the answer. The embedded engine is
a process of its own, told apart: on AWS it isn't there. What the write costs by itself is measured
beside it, in a department without members. A latency is from before the request goes out until the load
client has read the message. Memory is the growth of resident memory while the members connected and joined.
A burst is 50 changes in one request: of ours one POST to `/batch`, of the peers one POST that emits 50 times.
"""


def makers(scratch: Path, report: Report) -> dict[str, Callable[[], Server]]:
    """How to start each server; one that can't be had is left out by name."""
    found: dict[str, Callable[[], Server]] = {OURS: lambda: calendar(scratch)}
    try:
        node(scratch)
        found[NODE] = lambda: node(scratch)
    except Missing as why:
        report.left_out[NODE] = str(why)
    found[PLAIN] = lambda: plain(scratch)
    return found


def run(scratch: Path, runs: int = 5, quick: bool = False) -> dict[str, Any]:
    """The report. `quick`: smaller rooms and fewer deliveries, to see whether it works."""
    report = Report("Fan-out", METHOD)
    servers = makers(scratch, report)
    for number in range(runs):
        for members in QUICK_ROOMS if quick else ROOMS:
            for name in rotated(list(servers), number):
                with servers[name]() as server:
                    measure(report, server, members, scratch, quick)
    growth(report)
    report.targets = targets(report)
    return report.as_dict()


def measure(report: Report, server: Server, members: int, scratch: Path, quick: bool) -> None:
    """One server, one room: all figures of one run."""
    department = "0985bc50-3edb-400e-b484-faca1c3b1ba6"
    if isinstance(server, CalendarServer):
        department = server.department(f"{members} members")
        alone = cost_of_a_write(server, scratch)
    room = f"{members:,} members"
    with Members(server.port, [Room(department)], scratch) as client:
        before = server.memory()
        client.connect(members)
        time.sleep(0.5)  # let the last greenlets and buffers settle
        grown = (server.memory() - before) / members / 1024
        report.figure(f"memory a connection, {room}", "KB").add(server.name, grown)
        flawless(client.post(max(WARM_UP // members, 2)))
        wanted = QUICK_DELIVERIES if quick else DELIVERIES
        cost = measure_posts(report, server, client, room, max(wanted // members, FEWEST), 1)
        if isinstance(server, CalendarServer):
            note = "the same without what a write costs when nobody listens"
            figure = report.figure(f"CPU a delivery without the write, {room}", "µs", note)
            figure.add(server.name, cost - alone / members)
        if members == BURST_ROOM:
            measure_posts(report, server, client, f"a burst of {BURST}, {room}", BURSTS, BURST)
        if members == CROWD and isinstance(server, CalendarServer):
            measure_rest(report, server, client, department)


def measure_posts(
    report: Report, server: Server, client: Members, room: str, count: int, size: int
) -> float:  # fmt: skip
    """µs of the web process for each delivery; every figure of it goes into the report."""
    web, engine = server.usage("web"), server.usage("engine")
    seen = flawless(client.post(count, size))
    spent, engines = server.usage("web").since(web), server.usage("engine").since(engine)
    deliveries = seen["deliveries"]
    report.figure(f"CPU a delivery, {room}", "µs").add(server.name, spent * 1e6 / deliveries)
    if server.pids("engine"):
        both = (spent + engines) * 1e6 / deliveries
        report.figure(f"CPU a delivery with the engine, {room}", "µs").add(server.name, both)
    for key in ("p50", "p99", "p999"):
        shown = "p99.9" if key == "p999" else key
        report.figure(f"delivery {shown}, {room}", "ms").add(server.name, seen[f"{key}_ms"])
    rate = deliveries / seen["seconds"]
    report.figure(f"deliveries a second, {room}", "1/s").add(server.name, rate)
    busy = 100 * seen["client_cpu_s"] / seen["seconds"]
    note = "of one core; near 100 it would be the client that is measured"
    report.figure(f"CPU of the load client, {room}", "%", note).add(server.name, busy)
    return float(spent * 1e6 / deliveries)


def cost_of_a_write(server: CalendarServer, scratch: Path, count: int = 200) -> float:
    """µs of the web process for one change that nobody listens to."""
    department = server.department("nobody")
    with Members(server.port, [Room(department)], scratch) as client:
        flawless(client.post(50))
        before = server.usage()
        flawless(client.post(count))
        return server.usage().since(before) * 1e6 / count


def measure_rest(report: Report, server: CalendarServer, client: Members, department: str) -> None:
    """REST beside 9,000 members who get a change every second."""
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
    """REST_RATE clients ask for `path` beside what happens inside the `with`; `latencies` in ms.

    Each asks once a second, in a turn of its own, or when it has been answered if that takes longer; so a
    server that stands still for a moment counts for all that are asked meanwhile. `failed` counts what wasn't
    answered with 200 or 304; it has a latency like the others.
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


def growth(report: Report) -> None:
    """How the CPU of one change grows with its listeners, from the smallest room to the largest."""
    name, note = (
        "CPU a delivery, {:,} members",
        "of the CPU of one change with its listeners; 1: it is linear",
    )
    rooms = [room for room in ROOMS if any(one.name == name.format(room) for one in report.figures)]
    small, large = rooms[0], rooms[-1]
    less, more = (report.figure(name.format(room), "µs").values for room in (small, large))
    figure = report.figure(f"growth from {small:,} to {large:,} members", "exponent", note)
    for server in less:
        for a, b in zip(less[server], more[server], strict=True):
            figure.add(server, exponent(a * small, b * large, large / small))


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
