"""Requests: calendars are listed, listed again and written to by 1, 16 and 64 clients.

Every server holds the same calendars and gets the same requests from the same load client.
"""

import importlib.metadata
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.calendar_servers import BARE, ON_DISK, UNBATCHED, CalendarApi, TeamCalendar, bare, ours
from benchmarks.http_clients import Request, Seen, measured
from benchmarks.measure import OURS, Report, Target, rotated
from benchmarks.peers.caldav import RADICALE, XANDIKOS, Radicale, Xandikos
from benchmarks.peers.kinto import KINTO, Kinto
from benchmarks.sample_calendars import edited, events, in_month
from benchmarks.servers import Missing, Server

SIZES, QUICK_SIZES = (100, 1_000, 10_000), (100, 1_000)
CLIENTS = (1, 16, 64)
SECONDS, QUICK_SECONDS = 1.0, 0.3
CROWD = 64
CHANGED, EDITED = 20, 1_000
PATIENCE, QUICK_PATIENCE = 25.0, 2.0
"""A server that needs more seconds than this to answer every client once isn't measured with so many."""

HELLO = [Request("GET", "/")]
LIST, NOTHING_NEW, CREATE = f"list {EDITED:,} events", f"nothing new (304), {EDITED:,} events", "create"
CREATE_WITH_ID = "create with the client's id"
PAGE = (
    r"^(list|nothing|changes|update).*16 clients: (requests/s|CPU)$",
    r"^(list 1,000 events, 16|create, 64) clients: p99$",
    r"^create.*64 clients: (requests/s|CPU)$",
    r"beyond the bytes sent, ",
    r"^memory",
)
WRITES = (CREATE, CREATE_WITH_ID, "update")
METHOD = """\
All servers run at the same time with the same calendars (of 100, 1,000 and 10,000 events, 41 of them in
the month that is listed), but only one gets requests at a time, and another one comes first in each run.
The load client is a process of its own in C (epoll, one thread). Each of its clients sends its next
request as soon as the last is answered, for one second; requests in flight are then awaited. Before
anything is timed, the events in the answers are counted, and a server whose answer doesn't have exactly
those is left out. Rates count successes only.

CPU is user and system time of the server's processes, from their CPU clocks, divided by the number of
answers; the embedded engine of ours is reported apart. Bare Flask is a hello-world under the same worker
(gunicorn, eventlet, one worker) that takes turns with the others: the floor.

Creates go into a calendar that is empty at first. A create with the client's id may be repeated, which
costs a read of the table. "Batching off" is our own server with one transaction for each write. Kinto
keeps its records in memory and is served by its own command (`kinto start`, waitress); gunicorn's sync
and gthread workers were no faster. Radicale uses its faster cache (by date and size) and, by default,
syncs its files to the disk before it answers; ours are on the disk within a second (`DATA_SYNC=interval`,
the default) or, with `always`, before the answer. CalDAV has no 304 for a report: its clients ask for the
sync token first (PROPFIND), which is measured in its place. Xandikos answers a sync with tags, without
the events. An event of ours carries more than the others' (revision, version, times). Nothing is
compressed.
"""


@dataclass(frozen=True)
class Scenario:
    """One kind of request. `expects`: the number of events in an answer; None for writes."""

    name: str
    requests: Callable[[CalendarApi], list[Request]]
    expects: int | None = None


@dataclass
class Bench:
    """The servers that run, and the report about them.

    answer_seconds: of (server, scenario), with one client
    """

    scratch: Path
    report: Report
    sizes: tuple[int, ...]
    seconds: float
    patience: float
    floor: Server
    calendars: list[CalendarApi] = field(default_factory=list)
    answer_seconds: dict[tuple[str, str], float] = field(default_factory=dict)


def run(scratch: Path, runs: int = 5, quick: bool = False) -> Iterator[Report]:
    """`quick`: no 10,000 events, shorter, and slow servers with few clients only."""
    scratch.mkdir(parents=True, exist_ok=True)
    report = Report("Requests", METHOD, PAGE)
    with ExitStack() as stack:
        floor = stack.enter_context(bare(scratch))
        if quick:
            bench = Bench(scratch, report, QUICK_SIZES, QUICK_SECONDS, QUICK_PATIENCE, floor)
        else:
            bench = Bench(scratch, report, SIZES, SECONDS, PATIENCE, floor)
        open_calendars(bench, stack)
        unbatched = stack.enter_context(ours(scratch, unbatched=True))
        on_disk = [stack.enter_context(ours(scratch, off, "always")) for off in (False, True)]
        for number in range(runs):
            print(f"  run {number + 1} of {runs}, {time.strftime('%H:%M')}", flush=True)
            one_run(bench, [*bench.calendars, unbatched, *on_disk], number)
            report.targets = targets(bench)
            yield report


def one_run(bench: Bench, writers: list[CalendarApi], number: int) -> None:
    """`writers`: the servers that creates are measured with."""
    for scenario in scenarios(bench.sizes):
        for clients in CLIENTS:
            measure_all(bench, scenario, clients, number)
    for clients in CLIENTS:
        measure_creates(bench, writers, clients, number)
    measure_beyond_bytes(bench)
    note_memory(bench)


# The servers and their calendars


def open_calendars(bench: Bench, stack: ExitStack) -> None:
    """Starts and fills every server. A peer that can't be installed or filled is left out by name."""
    makers: dict[str, Callable[[Path], CalendarApi]] = {
        OURS: ours,
        KINTO: Kinto,
        RADICALE: Radicale,
        XANDIKOS: Xandikos,
    }
    for name, make in makers.items():
        with ExitStack() as attempt:
            try:
                api = attempt.enter_context(make(bench.scratch))
                prepare(api, bench.sizes)
            except (Missing, RuntimeError, OSError) as error:
                if name == OURS:
                    raise
                bench.report.left_out[name] = str(error)
                continue
            stack.push(attempt.pop_all())
        bench.calendars.append(api)
    versions = {api.name: api.version for api in bench.calendars if api.version}
    bench.report.versions = {**versions, BARE: importlib.metadata.version("flask")}


def prepare(api: CalendarApi, sizes: tuple[int, ...]) -> None:
    """Makes the calendars, and CHANGED changes in the biggest. Raises RuntimeError at a wrong answer."""
    for size in sizes:
        api.fill(named(size), events(named(size), size))
    api.fill("edited", events("edited", EDITED))
    biggest = named(sizes[-1])
    api.remember(biggest)
    for event in events(biggest, sizes[-1])[:CHANGED]:
        api.ask(api.put(biggest, edited(event, str(time.time_ns()))))
    for scenario in scenarios(sizes):
        if scenario.expects is not None:
            for _ in range(3):  # Xandikos builds an index after a few requests
                check(api, scenario)


def check(api: CalendarApi, scenario: Scenario) -> None:
    """Raises RuntimeError unless the answer has the events that it should have."""
    marker = api.change_marker if scenario.name.startswith("changes") else api.marker
    count = api.ask(scenario.requests(api)[0])[1].count(marker)
    if count != scenario.expects:
        raise RuntimeError(f"{api.name}: {scenario.name}: {count} events instead of {scenario.expects}")


def named(size: int) -> str:
    return f"c{size}"


def scenarios(sizes: tuple[int, ...]) -> list[Scenario]:
    """All but creates, which need a new calendar each time."""
    biggest, month = named(sizes[-1]), in_month(named(EDITED), EDITED)
    return [
        *(listing(size) for size in sizes),
        Scenario("list a month", lambda api: [api.month(named(EDITED))], month),
        Scenario(NOTHING_NEW, lambda api: [api.unchanged(named(EDITED))], 0),
        Scenario(changes_of(sizes), lambda api: [api.changes(biggest)], CHANGED),
        Scenario("update", lambda api: [api.update("edited", event) for event in events("edited", EDITED)]),
    ]


def listing(size: int) -> Scenario:
    return Scenario(f"list {size:,} events", lambda api: [api.everything(named(size))], size)


def changes_of(sizes: tuple[int, ...]) -> str:
    return f"changes, {CHANGED} of {sizes[-1]:,}"


# Measuring


def titled(scenario: str, clients: int, what: str) -> str:
    return f"{scenario}, {clients} client{'s' * (clients > 1)}: {what}"


def measure_all(bench: Bench, scenario: Scenario, clients: int, number: int) -> None:
    """Measures every server in its turn, and the floor."""
    for api in rotated([*bench.calendars, None], number):
        if api is None:
            measure(bench, bench.floor, scenario.name, HELLO, clients)
        else:
            measure(bench, api.server, scenario.name, scenario.requests(api), clients)


def measure_creates(bench: Bench, writers: list[CalendarApi], clients: int, number: int) -> None:
    """New events go into a new calendar."""
    for api in rotated(writers, number):
        calendar = f"new-{time.time_ns()}"
        api.make(calendar)
        measure(bench, api.server, CREATE, [api.create(calendar)], clients)
        if isinstance(api, TeamCalendar) and ON_DISK not in api.name:
            measure(bench, api.server, CREATE_WITH_ID, [api.create_with_id(calendar)], clients)
        api.drop(calendar)


def measure(bench: Bench, server: Server, scenario: str, requests: Sequence[Request], clients: int) -> None:
    """Adds the figures of one server and one scenario. Raises RuntimeError if a read of ours fails."""
    expected = bench.answer_seconds.get((server.name, scenario), 0) * clients
    title = f"{server.name}: {titled(scenario, clients, '')}".rstrip(": ")
    if expected > bench.patience:
        reason = f"to answer each client once would take more than {bench.patience:.0f} s"
        bench.report.left_out[title] = reason
        return
    seen = measured(server, requests, clients, bench.scratch, bench.seconds)
    if clients == 1:
        bench.answer_seconds[server.name, scenario] = seen.p50_ms / 1e3
    if seen.failed and server.name == OURS and scenario not in WRITES:
        raise RuntimeError(f"{title}: {seen}")
    note(bench.report, server, scenario, clients, seen)


def note(report: Report, server: Server, scenario: str, clients: int, seen: Seen) -> None:
    def add(what: str, unit: str, value: float) -> None:
        report.figure(titled(scenario, clients, what), unit).add(server.name, value)

    add("requests/s", "1/s", seen.rate)
    add("p50", "ms", seen.p50_ms)
    add("p99", "ms", seen.p99_ms)
    add("CPU", "µs", seen.cpu_us)
    if seen.engine_us:
        add("CPU of the engine", "µs", seen.engine_us)
    if seen.failed or (server.name == OURS and scenario in WRITES):
        add("answers that were no success", "%", 100 * seen.failed / seen.answers)
        add("answers 5xx", "", seen.server_errors)


def measure_beyond_bytes(bench: Bench, rounds: int = 3) -> None:
    """CPU of a listing beyond that of the bytes sent, for the smallest and for the biggest calendar.

    CPU a request with one client, minus the CPU that bare Flask needs to send as many prepared bytes (minus
    its hello-world, which is in both). The remainder is the cost of a request and the cost of each event;
    the first is the same for both calendars. Medians of `rounds`, taken in turn.
    """
    ours = bench.calendars[0]
    small, big = bench.sizes[0], bench.sizes[-1]
    requests: dict[str, tuple[Server, Request]] = {"hello": (bench.floor, HELLO[0])}
    for size in (small, big):
        request = ours.everything(named(size))
        length = len(ours.ask(request)[1].encode())
        requests[f"list {size}"] = (ours.server, request)
        requests[f"bytes {size}"] = (bench.floor, Request("GET", f"/bytes/{length}"))
    samples: dict[str, list[float]] = {name: [] for name in requests}
    for _ in range(rounds):
        for name, (server, request) in requests.items():
            samples[name].append(measured(server, [request], 1, bench.scratch, bench.seconds).cpu_us)
    cpu = {name: statistics.median(values) for name, values in samples.items()}
    beyond = {size: cpu[f"list {size}"] - (cpu[f"bytes {size}"] - cpu["hello"]) for size in (small, big)}
    for size in (small, big):
        name = f"list {size:,} events, 1 client: CPU beyond the bytes sent"
        bench.report.figure(name, "µs").add(OURS, beyond[size])
    bench.report.figure(beyond_bytes(bench.sizes), "×").add(OURS, beyond[big] / beyond[small])


def beyond_bytes(sizes: tuple[int, ...]) -> str:
    return f"CPU beyond the bytes sent, {sizes[-1]:,} events against {sizes[0]:,}"


def note_memory(bench: Bench) -> None:
    for api in bench.calendars:
        bench.report.figure("memory at the end", "MB").add(api.name, api.server.memory() / 2**20)
    engine = bench.calendars[0].server.memory("engine") / 2**20
    bench.report.figure("memory of the engine at the end", "MB").add(OURS, engine)


# What must be reached


def targets(bench: Bench) -> list[Target]:
    figures = {figure.name: figure for figure in bench.report.figures}
    changes = changes_of(bench.sizes)

    def against(peer: str, limit: float, scenario: str, clients: int = 16) -> Target:
        name = titled(scenario, clients, "requests/s")
        runs = figures[name].ratios(peer) if name in figures else []
        return Target(titled(scenario, clients, "requests/s"), limit, runs, f"× {peer}", "at least")

    def alone(text: str, limit: float, name: str, unit: str) -> Target:
        return Target(text, limit, figures[name].values.get(OURS, []) if name in figures else [], unit)

    beyond = beyond_bytes(bench.sizes)
    errors = titled(CREATE, CROWD, "answers 5xx")
    return [
        against(BARE, 0.5, LIST),
        against(BARE, 0.7, NOTHING_NEW),
        alone(f"GET: {beyond}", 1.3, beyond, "×"),
        against(RADICALE, 100, LIST),
        against(KINTO, 8, LIST),
        against(RADICALE, 200, changes),
        against(KINTO, 8, changes),
        against(UNBATCHED, 4, CREATE, CROWD),
        against(KINTO, 2, CREATE, CROWD),
        against(RADICALE, 20, CREATE, CROWD),
        alone(errors, 0, errors, "answers"),
    ]
