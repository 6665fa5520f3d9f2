"""python -m benchmarks --against REV: this checkout and another revision, interleaved in one run.

Three servers run at the same time, from the same virtual environment, each a gunicorn worker over an embedded
engine of its own: this checkout, this checkout with CORS_ORIGINS naming the origin of the requests, and the
other revision, which git writes into a temporary folder. Only REST and Socket.IO are used, so their internals
may differ. A run starts them anew, because two processes of the same code differ by a few per cent; within a
run they take turns of a fraction of a second, so that other load on the machine meets all of them.
"""

import io
import statistics
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.calendar_servers import TeamCalendar
from benchmarks.fanout import Crowd, take_turns
from benchmarks.http_clients import Request, measured
from benchmarks.measure import rotated
from benchmarks.sample_calendars import edited, events
from benchmarks.servers import ROOT, CalendarServer

THIS, NAMED = "this checkout", "this checkout, CORS_ORIGINS named"
ORIGIN = "https://calendar.example.com"
TURNS, WARM_UP_SECONDS = 4, 0.1
CHANGED = 20


@dataclass(frozen=True)
class Sizes:
    """How much is measured. `seconds` is the time of a REST scenario, server and run."""

    listed: int = 1_000
    logged: int = 10_000
    """Events of the calendar whose changes since a cursor are read."""
    seconds: float = 2.0
    deliveries: int = 100_000
    rooms: tuple[int, ...] = (100, 1_000)


QUICK = Sizes(logged=1_000, seconds=0.8, deliveries=20_000)


@dataclass(frozen=True)
class Candidate:
    """A server to compare: the code under `root`, with `origins` as CORS_ORIGINS."""

    name: str
    root: Path
    origins: str = "*"

    def server(self, scratch: Path) -> TeamCalendar:
        env = {"CORS_ORIGINS": self.origins}
        return TeamCalendar(CalendarServer(scratch, env, name=self.name, root=self.root))


@dataclass
class Comparison:
    """Figures of every candidate, one number per run: {figure: {candidate: [µs]}}. Lower is better."""

    revision: str
    figures: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, figure: str, candidate: str, value: float) -> None:
        self.figures.setdefault(figure, {}).setdefault(candidate, []).append(value)

    def ratios(self, figure: str, candidate: str) -> list[float]:
        """The candidate's figure / the other revision's, run by run."""
        values = self.figures[figure]
        pairs = zip(values.get(candidate, []), values.get(self.revision, []), strict=False)
        return [ours / theirs for ours, theirs in pairs]

    def exceeding(self, limit: float) -> list[str]:
        """Figures of CPU whose median ratio is over `limit`. Times depend on other load and aren't judged."""
        return [
            f"{figure}: {candidate}"
            for figure in self.figures
            for candidate in (THIS, NAMED)
            if figure.startswith("CPU")
            and (ratios := self.ratios(figure, candidate))
            and statistics.median(ratios) > limit
        ]


def compare(revision: str, scratch: Path, runs: int, quick: bool, limit: float) -> int:
    """Measures, prints the table and returns the exit status: 1 if a ratio of CPU is over `limit`.

    An interrupted comparison prints the table of the runs that are complete.
    """
    comparison, sizes = Comparison(revision), QUICK if quick else Sizes()
    with checkout(revision) as folder:
        candidates = [
            Candidate(THIS, ROOT),
            Candidate(NAMED, ROOT, ORIGIN),
            Candidate(revision, folder),
        ]
        try:
            for number in range(runs):
                began = time.monotonic()
                one_run(comparison, candidates, number, sizes, scratch)
                print(f"run {number + 1} of {runs}: {time.monotonic() - began:.0f} s", flush=True)
        finally:
            print(table(comparison))
    over = comparison.exceeding(limit)
    for figure in over:
        print(f"over {limit:.2f}: {figure}")
    return 1 if over else 0


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """The files of `revision` in a temporary folder. Raises ValueError if git doesn't know it."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", revision], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        raise ValueError(f"{revision}: {archive.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            # Git's own archive may be trusted; Python 3.11.0 to 3.11.3 have no filters.
            files.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        yield Path(folder)


def one_run(
    comparison: Comparison, candidates: list[Candidate], number: int, sizes: Sizes, scratch: Path
) -> None:
    """Starts every candidate, and adds all figures of a run once the run is complete."""
    run = Comparison(comparison.revision)
    with ExitStack() as stack:
        running = [
            stack.enter_context(candidate.server(scratch)) for candidate in rotated(candidates, number)
        ]
        for ours in running:
            prepare(ours, sizes)
        for name, clients, requests in scenarios(sizes):
            measure_requests(run, running, number, name, clients, requests, sizes, scratch)
        for members in sizes.rooms:
            measure_deliveries(run, running, number, members, sizes, scratch)
    for figure, values in run.figures.items():
        for candidate, numbers in values.items():
            comparison.add(figure, candidate, numbers[0])


# Requests


def prepare(ours: TeamCalendar, sizes: Sizes) -> None:
    """The same calendars in every server; the second has had CHANGED changes since the cursor."""
    ours.fill("listed", events("listed", sizes.listed))
    ours.fill("logged", events("logged", sizes.logged))
    ours.remember("logged")
    for event in events("logged", sizes.logged)[:CHANGED]:
        ours.ask(ours.put("logged", edited(event, "changed")))
    ours.make("new")


def scenarios(sizes: Sizes) -> list[tuple[str, int, Callable[[TeamCalendar], Request]]]:
    """Name, clients, request."""
    return [
        (f"list of {sizes.listed:,} events", 16, lambda ours: ours.everything("listed")),
        ("304", 16, lambda ours: ours.unchanged("listed")),
        (f"changes since a cursor, {CHANGED} of {sizes.logged:,}", 16, lambda ours: ours.changes("logged")),
        ("create, 64 clients", 64, lambda ours: ours.create("new")),
    ]


def measure_requests(
    run: Comparison,
    running: list[TeamCalendar],
    number: int,
    name: str,
    clients: int,
    request: Callable[[TeamCalendar], Request],
    sizes: Sizes,
    scratch: Path,
) -> None:
    """CPU and time a request of every server, over TURNS turns. Raises RuntimeError if an answer fails."""
    requests = {ours.name: [with_origin(request(ours))] for ours in running}
    cpu, seconds, answers = (dict.fromkeys(requests, 0.0) for _ in range(3))
    for ours in running:
        measured(ours.server, requests[ours.name], clients, scratch, WARM_UP_SECONDS)
    for turn in range(TURNS):
        for ours in rotated(running, number + turn):
            seen = measured(ours.server, requests[ours.name], clients, scratch, sizes.seconds / TURNS)
            if seen.failed:
                raise RuntimeError(f"{ours.name}: {name}: {seen}")
            cpu[ours.name] += seen.cpu_us * seen.answers
            seconds[ours.name] += seen.answers / seen.rate
            answers[ours.name] += seen.answers
    for server in requests:
        run.add(f"CPU a request, {name}", server, cpu[server] / answers[server])
        run.add(f"time a request, {name}", server, seconds[server] * 1e6 / answers[server])


def with_origin(request: Request) -> Request:
    """The request as a browser on another origin sends it."""
    return replace(request, headers={**request.headers, "Origin": ORIGIN})


# Deliveries


def measure_deliveries(
    run: Comparison, running: list[TeamCalendar], number: int, members: int, sizes: Sizes, scratch: Path
) -> None:
    """CPU a delivery to a room of `members`, the write of the change included."""
    with ExitStack() as stack:
        crowds = [stack.enter_context(Crowd(ours.server, members, scratch)) for ours in running]
        take_turns(crowds, number, max(sizes.deliveries // members // TURNS, 5), 1)
        for crowd in crowds:
            value = crowd.spent * 1e6 / crowd.deliveries
            run.add(f"CPU a delivery, {members:,} members", crowd.server.name, value)


# The table


def table(comparison: Comparison) -> str:
    """Medians in µs, and ratios as median (lowest–highest)."""
    revision = comparison.revision
    rows = [("µs", THIS, revision, f"÷ {revision}", "CORS named", f"÷ {revision}")]
    for figure, values in comparison.figures.items():
        medians = {name: f"{statistics.median(runs):,.1f}" for name, runs in values.items()}
        shares = [shown(comparison.ratios(figure, name)) for name in (THIS, NAMED)]
        rows.append((figure, medians[THIS], medians[revision], shares[0], medians[NAMED], shares[1]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def shown(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f})"
