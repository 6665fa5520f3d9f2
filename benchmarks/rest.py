"""Requests: calendars listed, looked at again, written to, by 1, 16 and 64 clients.

Every server holds the same calendars and is asked for the same things by the same load client.
"""

import importlib.metadata
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
PATIENCE = 25.0
"""Seconds until every client has an answer; a server that needs longer isn't asked by so many at once."""

HELLO = [Request("GET", "/")]
LIST, NOTHING_NEW, CREATE = f"list {EDITED:,} events", f"nothing new (304), {EDITED:,} events", "create"
CREATE_WITH_ID = "create with the client's id"
WRITES = (CREATE, CREATE_WITH_ID, "update")
METHOD = """\
All servers run at the same time, each with the same calendars (of 100, 1,000 and 10,000 events, 41 of them
in the month that is asked for), but only one is asked at a time; who goes first changes from run to run.
The load client is a process of its own in C (epoll, one thread); each of its clients sends its next request
when the last has been answered, for a second, and what is under way then is awaited. Before anything is
timed, the events in the answers are counted: a server whose answer doesn't have just those is left out.
Only successes count in the rates.

CPU is user and system time of the server's processes, from their CPU clocks, by the number of answers; of
ours, that of the embedded engine is told apart. Bare Flask is a hello-world under the same worker
(gunicorn, eventlet, one worker), asked in its turn: the floor.

Creates go into a calendar that is empty at first; with the client's id they may be repeated, which costs a
look at the table. "Batching off" is our own server with a transaction for each write. Kinto keeps its records
in memory and is served by its own command (`kinto start`, waitress); gunicorn's sync and gthread workers were
no faster. Radicale has its faster cache (by date and size), and syncs its files to the disk before it
answers, as it comes; ours are on the disk within a second (`DATA_SYNC=interval`, the default; where `always`
is said, before the answer). CalDAV has no 304 for a report: clients ask for the sync token (PROPFIND), and
that stands here in its place. Xandikos answers a sync with tags, without the events. An event of ours carries
more than the others' (revision, version, times), and nothing is compressed.
"""


@dataclass(frozen=True)
class Scenario:
    """One thing to ask for. `expects`: how many events an answer has; None for writes."""

    name: str
    requests: Callable[[CalendarApi], list[Request]]
    expects: int | None = None


@dataclass
class Bench:
    """The servers that run, and what is found about them."""

    scratch: Path
    report: Report
    sizes: tuple[int, ...]
    seconds: float
    floor: Server
    calendars: list[CalendarApi] = field(default_factory=list)
    answer_seconds: dict[tuple[str, str], float] = field(default_factory=dict)
    """Of (server, scenario), when one client asks."""


def run(scratch: Path, runs: int = 5, quick: bool = False) -> dict[str, Any]:
    """The report, with `versions`. `quick`: no 10,000 events and shorter, to see whether it works."""
    scratch.mkdir(parents=True, exist_ok=True)
    sizes, seconds = (QUICK_SIZES, QUICK_SECONDS) if quick else (SIZES, SECONDS)
    report = Report("Requests", METHOD)
    with ExitStack() as stack:
        bench = Bench(scratch, report, sizes, seconds, stack.enter_context(bare(scratch)))
        open_calendars(bench, stack)
        unbatched = stack.enter_context(ours(scratch, unbatched=True))
        on_disk = [stack.enter_context(ours(scratch, off, "always")) for off in (False, True)]
        for number in range(runs):
            print(f"  run {number + 1} of {runs}, {time.strftime('%H:%M')}", flush=True)
            for scenario in scenarios(sizes):
                for clients in CLIENTS:
                    measure_all(bench, scenario, clients, number)
            for clients in CLIENTS:
                measure_creates(bench, [*bench.calendars, unbatched, *on_disk], clients, number)
            measure_beyond_bytes(bench)
        note_memory(bench)
        versions = {
            calendar_api.name: calendar_api.version
            for calendar_api in bench.calendars
            if calendar_api.version
        }
    report.targets = targets(bench)
    versions[BARE] = importlib.metadata.version("flask")
    return report.as_dict() | {"versions": versions}


# The servers and their calendars


def open_calendars(bench: Bench, stack: ExitStack) -> None:
    """Start and fill every server. A peer that can't be had is left out by name."""
    kinds: dict[str, Callable[[Path], CalendarApi]] = {
        OURS: ours,
        KINTO: Kinto,
        RADICALE: Radicale,
        XANDIKOS: Xandikos,
    }
    for name, kind in kinds.items():
        with ExitStack() as attempt:
            try:
                calendar_api = attempt.enter_context(kind(bench.scratch))
                prepare(calendar_api, bench.sizes)
            except (Missing, RuntimeError, OSError) as why:
                if name == OURS:
                    raise
                bench.report.left_out[name] = str(why)
                continue
            stack.push(attempt.pop_all())
        bench.calendars.append(calendar_api)


def prepare(calendar_api: CalendarApi, sizes: tuple[int, ...]) -> None:
    """Calendars of all sizes, a few changes in the biggest. Raises RuntimeError at a wrong answer."""
    for size in sizes:
        calendar_api.fill(named(size), events(named(size), size))
    calendar_api.fill("edited", events("edited", EDITED))
    biggest = named(sizes[-1])
    calendar_api.remember(biggest)
    for one in events(biggest, sizes[-1])[:CHANGED]:
        calendar_api.ask(calendar_api.put(biggest, edited(one, str(time.time_ns()))))
    for scenario in scenarios(sizes):
        if scenario.expects is not None:
            for _ in range(3):  # Xandikos makes an index when it has been asked for a while
                prove(calendar_api, scenario)


def prove(calendar_api: CalendarApi, scenario: Scenario) -> None:
    """Raises RuntimeError unless the answer has the events that it should have."""
    marker = calendar_api.change_marker if scenario.name.startswith("changes") else calendar_api.marker
    found = calendar_api.ask(scenario.requests(calendar_api)[0])[1].count(marker)
    if found != scenario.expects:
        raise RuntimeError(
            f"{calendar_api.name}: {scenario.name}: {found} events instead of {scenario.expects}"
        )


def named(size: int) -> str:
    return f"c{size}"


def scenarios(sizes: tuple[int, ...]) -> list[Scenario]:
    """All but creates, which need a new calendar each time."""
    biggest = named(sizes[-1])
    return [
        *(listing(size) for size in sizes),
        Scenario(
            "list a month",
            lambda calendar_api: [calendar_api.month(named(EDITED))],
            in_month(named(EDITED), EDITED),
        ),
        Scenario(NOTHING_NEW, lambda calendar_api: [calendar_api.unchanged(named(EDITED))], 0),
        Scenario(changes_of(sizes), lambda calendar_api: [calendar_api.changes(biggest)], CHANGED),
        Scenario(
            "update",
            lambda calendar_api: [calendar_api.update("edited", one) for one in events("edited", EDITED)],
        ),
    ]


def listing(size: int) -> Scenario:
    return Scenario(
        f"list {size:,} events", lambda calendar_api: [calendar_api.everything(named(size))], size
    )


def changes_of(sizes: tuple[int, ...]) -> str:
    return f"changes, {CHANGED} of {sizes[-1]:,}"


# Measuring


def titled(scenario: str, clients: int, what: str) -> str:
    return f"{scenario}, {clients} client{'s' * (clients > 1)}: {what}"


def measure_all(bench: Bench, scenario: Scenario, clients: int, number: int) -> None:
    """Every server in its turn, and the floor."""
    for calendar_api in rotated([*bench.calendars, None], number):
        if calendar_api is None:
            measure(bench, bench.floor, scenario.name, HELLO, clients)
        else:
            measure(bench, calendar_api.server, scenario.name, scenario.requests(calendar_api), clients)


def measure_creates(bench: Bench, calendars: list[CalendarApi], clients: int, number: int) -> None:
    """New events into a new calendar."""
    for calendar_api in rotated(calendars, number):
        calendar = f"new-{time.time_ns()}"
        calendar_api.make(calendar)
        measure(bench, calendar_api.server, CREATE, [calendar_api.create(calendar)], clients)
        if isinstance(calendar_api, TeamCalendar) and ON_DISK not in calendar_api.name:
            measure(
                bench, calendar_api.server, CREATE_WITH_ID, [calendar_api.create_with_id(calendar)], clients
            )
        calendar_api.drop(calendar)


def measure(
    bench: Bench, server: Server, scenario: str, requests: Sequence[Request], clients: int
) -> None:  # fmt: skip
    """The figures of one server and one scenario. Raises RuntimeError when ours fails a read."""
    expected = bench.answer_seconds.get((server.name, scenario), 0) * clients
    title = f"{server.name}: {titled(scenario, clients, '')}".rstrip(": ")
    if expected > PATIENCE:
        bench.report.left_out[title] = f"all of them answered would take more than {PATIENCE:.0f} s"
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
    add("p99.9", "ms", seen.p999_ms)
    add("CPU", "µs", seen.cpu_us)
    if seen.engine_us:
        add("CPU of the engine", "µs", seen.engine_us)
    if seen.failed or (server.name == OURS and scenario in WRITES):
        add("answers that were no success", "%", 100 * seen.failed / seen.answers)
        add("answers 5xx", "", seen.server_errors)


def measure_beyond_bytes(bench: Bench, rounds: int = 3) -> None:
    """What a listing costs beyond the bytes that it sends, of the smallest and of the biggest calendar.

    CPU a request with one client, less what bare Flask uses to send as many bytes that lie ready (less its
    hello-world, which is in both). So what is left is the whole way of a request, and whatever is done
    for each event; in the ratio of the two the first is the same. Medians of `rounds`, taken in turn.
    """
    ours = bench.calendars[0]
    small, big = bench.sizes[0], bench.sizes[-1]
    asked: dict[str, tuple[Server, Request]] = {"hello": (bench.floor, HELLO[0])}
    for size in (small, big):
        request = ours.everything(named(size))
        length = len(ours.ask(request)[1].encode())
        asked[f"list {size}"] = (ours.server, request)
        asked[f"bytes {size}"] = (bench.floor, Request("GET", f"/bytes/{length}"))
    samples: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, (server, request) in asked.items():
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
    for calendar_api in bench.calendars:
        bench.report.figure("memory at the end", "MB").add(
            calendar_api.name, calendar_api.server.memory() / 2**20
        )
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
