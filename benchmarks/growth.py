"""How much more a request costs at ten times the data and with ten times the clients.

The growth of fan-out and reconnect with the number of members is among their own figures.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.calendar_servers import TeamCalendar
from benchmarks.calendar_servers import ours as calendar_server
from benchmarks.http_clients import Request, measured
from benchmarks.measure import OURS, Report, exponent
from benchmarks.sample_calendars import edited, events

SIZES, QUICK_SIZES = (1_000, 10_000), (100, 1_000)
CLIENTS, FEW, MANY = 16, 6, 60
SECONDS, QUICK_SECONDS = 1.5, 0.3
CHANGED = 20
METHOD = """\
Each request of the section "Requests", of a calendar of 1,000 and of one of 10,000 events, by 16 clients
for 1.5 seconds; and of the smaller one by 6 and by 60 clients. The month has as many events in both
calendars, and the changes are 20 in both; an answer with the whole calendar is ten times as long, its bytes
included. The exponent is log(cost ratio) / log(10), of the CPU of the server with its engine for a request:
0 says that ten times as much makes no difference, 1 that it costs ten times as much.
"""
PAGE = ("growth with ten times the events",)
NOTE = "of CPU a request, the engine's included"
Ask = Callable[[TeamCalendar, str, int], list[Request]]
REQUESTS: dict[str, Ask] = {
    "list": lambda ours, calendar, size: [ours.everything(calendar)],
    "list a month": lambda ours, calendar, size: [ours.month(calendar)],
    "nothing new (304)": lambda ours, calendar, size: [ours.unchanged(calendar)],
    f"changes, {CHANGED}": lambda ours, calendar, size: [ours.changes(calendar)],
    "update": lambda ours, calendar, size: [ours.update(calendar, event) for event in events(calendar, size)],
    "create": lambda ours, calendar, size: [ours.create(calendar)],
}
"""Writes come last, because they change the calendars."""


def run(scratch: Path, runs: int = 5, quick: bool = False) -> Iterator[Report]:
    """Each run has a server of its own, with calendars of just these sizes."""
    report = Report("Growth", METHOD, PAGE)
    scratch.mkdir(parents=True, exist_ok=True)
    sizes, seconds = (QUICK_SIZES, QUICK_SECONDS) if quick else (SIZES, SECONDS)
    for _ in range(runs):
        with calendar_server(scratch) as ours:
            for size in sizes:
                prepare(ours, size)
            for name, ask in REQUESTS.items():
                measure(report, ours, name, ask, sizes, scratch, seconds)
        yield report


def prepare(ours: TeamCalendar, size: int) -> None:
    """Makes a calendar with CHANGED changes since a cursor."""
    calendar = f"c{size}"
    ours.fill(calendar, events(calendar, size))
    ours.remember(calendar)
    for event in events(calendar, size)[:CHANGED]:
        ours.ask(ours.put(calendar, edited(event, "changed")))


def measure(
    report: Report,
    ours: TeamCalendar,
    name: str,
    ask: Ask,
    sizes: tuple[int, int],
    scratch: Path,
    seconds: float,
) -> None:
    """Adds the exponents of one request in one run."""

    def cost(size: int, clients: int) -> float:
        requests = ask(ours, f"c{size}", size)
        seen = measured(ours.server, requests, clients, scratch, seconds)
        if seen.failed:
            raise RuntimeError(f"{name}, {size:,} events, {clients} clients: {seen}")
        return seen.cpu_us + seen.engine_us

    small, large = (cost(size, CLIENTS) for size in sizes)
    report.figure(f"{name}: CPU, {sizes[0]:,} events", "µs", NOTE).add(OURS, small)
    report.figure(f"{name}: CPU, {sizes[1]:,} events", "µs", NOTE).add(OURS, large)
    figure = report.figure(f"{name}: growth with ten times the events", "exponent", NOTE)
    figure.add(OURS, exponent(small, large, 10))
    few, many = (cost(sizes[0], clients) for clients in (FEW, MANY))
    figure = report.figure(f"{name}: growth with ten times the clients", "exponent", NOTE)
    figure.add(OURS, exponent(few, many, 10))
