"""Cost on DynamoDB: the units of every operation, and dollars a month for three companies."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import operations
from benchmarks.measure import Figure, Report, Target
from benchmarks.operations import EVENT, LARGEST, Table, largest
from benchmarks.units import Units
from benchmarks.watching import Watching, watching

DOLLARS_READ, DOLLARS_WRITE = 0.125e-6, 0.625e-6
"""Dollars a request unit of an on-demand table in us-east-1, since November 2024."""
MONTH_SECONDS = 730 * 3600
DOLLARS_GIGABYTE = 0.25
"""Dollars a GB and month of storage. The free 25 GB aren't subtracted."""
WATCHER_DOLLARS = 8.0
"""The most that watching may cost the largest company in a month."""

# Companies


@dataclass(frozen=True)
class Company:
    """A company's people and what they do in a month: the assumptions behind the dollars."""

    people: int
    servers: int

    members: int = 10
    """People of a department. Each of them looks at their own department and at one other."""
    openings: int = 10
    """A person opens the calendar or reconnects so often a day: the list of departments and two joins."""
    creates: float = 1.0
    edits: float = 1.0
    moves_of_date: float = 0.2
    deletes: float = 0.1
    days: int = 22
    hours: int = 10
    """Hours of a day in which a department has connected members, so that it is watched."""
    restarts: int = 4
    """Of each server in a month. Every department is loaded again."""
    months: int = 24
    """Months for which events have been collected."""

    @property
    def departments(self) -> int:
        return max(1, self.people // self.members)

    @property
    def person_days(self) -> int:
        return self.people * self.days

    @property
    def writes_per_second(self) -> float:
        """While people are connected."""
        changes = self.creates + self.edits + self.moves_of_date + self.deletes
        return self.people * changes / (self.hours * 3600)

    def __str__(self) -> str:
        return f"{self.people:,} people, {self.departments:,} departments, servers: {self.servers}"


COMPANIES = (Company(10, 1), Company(500, 1), Company(20_000, 4))


@dataclass(frozen=True)
class Prices:
    """The counted units of a company's operations."""

    create: Units
    edit: Units
    new_date: Units
    delete: Units
    look: Units
    cold: Units
    """A calendar of 1,000 events is loaded."""
    event_bytes: float
    row_bytes: float


def dollars(company: Company, prices: Prices, watched: Watching) -> dict[str, float]:
    """Dollars a month by purpose. `watched`: what watching takes in this company."""
    counts = (company.creates, company.edits, company.moves_of_date, company.deletes)
    units = (prices.create, prices.edit, prices.new_date, prices.delete)
    written = company.person_days * sum(n * price.write for n, price in zip(counts, units, strict=True))
    looks = company.person_days * company.openings * 3 * prices.look.read
    loads = company.restarts * company.servers * company.departments * prices.cold.read
    events = company.person_days * (company.creates - company.deletes) * company.months
    rows = company.person_days * sum(counts) * 37 / 30
    stored = events * prices.event_bytes + rows * prices.row_bytes
    return {
        "writes": written * DOLLARS_WRITE,
        "openings and reconnects": looks * DOLLARS_READ,
        "restarts": loads * DOLLARS_READ,
        "watching": watching_dollars(company, watched),
        "storage": stored / 2**30 * DOLLARS_GIGABYTE,
    }


def watching_dollars(company: Company, watched: Watching) -> float:
    """Dollars a month for pulses, for looking at heads, and for reading the changes of other servers."""
    working, starts = company.days * company.hours * 3600, company.restarts * company.servers
    quiet = (MONTH_SECONDS - working) * company.servers
    units = [
        Units(watched.working.read * working, watched.working.write * working),
        Units(watched.quiet.read * quiet, watched.quiet.write * quiet),
        Units(watched.start.read * starts, watched.start.write * starts),
    ]
    total = sum(units, Units())
    return total.read * DOLLARS_READ + total.write * DOLLARS_WRITE


def watched_by(company: Company, quick: bool = False) -> Watching:
    """Counts what watching takes in this company. `quick`: fewer departments and less time."""
    departments = min(company.departments, 20) if quick else company.departments
    return watching(departments, company.servers, company.writes_per_second, 60 if quick else 600)


# The report

PAGE = (
    r"^(list an unchanged calendar|cold load) of 1,000",
    r"^come back, .*to one",
    r"^watching",
    r"^(create|update, the date stays|update with a new date|delete|move to another department)$",
    r"^batch of 10 (creates|updates), all together$",
    r"^create, 700",
    r": all",
)
METHOD = f"""\
The real application runs over the embedded engine in one process. Every call that it makes to DynamoDB is
counted by the rules of AWS's price list from the sizes of the items (`benchmarks/units.py`), not by the
engine's own figures. The counts don't vary, so every operation runs once. A usual event has
{sum(len(value.encode()) for value in EVENT.values())} bytes of text in UTF-8, the largest {LARGEST}, its date
included. Departments have had a write before, and the server has their calendars in memory.

Dollars are those of on-demand tables in us-east-1 ($0.625 and $0.125 for a million write and read units,
$0.25 for a GB and month; deletions by TTL are free, the free tier isn't subtracted). Other regions
differ, Seoul (ap-northeast-2) too. Assumptions: departments of 10; on each of 22 days every person opens
the calendar or reconnects 10 times (the list of departments and 2 joins), creates 1 event, edits 1,
changes the date of 0.2 and deletes 0.1; usual events; every department has connected members for 10 hours
a day, on each server; each server is started 4 times a month and loads all departments, as if each had
1,000 events; events are kept for two years. Watching is counted over ten minutes of such work: the pulses
of all servers, the heads that they look at, and the changes of other servers that they read.
"""


def run(scratch: Path, runs: int = 5, quick: bool = False) -> Iterator[Report]:
    """Nothing is timed, so there is one report whatever `runs` is. `quick`: smaller calendars."""
    sizes = (10, 50, 100) if quick else (10, 1_000, 10_000)
    report = Report("Cost", METHOD, PAGE)
    reads = operations.reads(sizes) | operations.reconnects()
    reads["watching, a quiet second of one server, whatever it watches"] = operations.quiet_second()
    usual = operations.writes(EVENT, {**EVENT, "title": "팀 회식"})
    add(report, reads | usual | operations.departments())
    korean = operations.writes(largest("회"), largest("회", title="팀 회식"))
    ascii_ = operations.writes(largest("x"), largest("x", title="팀 회식"))
    add(report, {f"{name}, {LARGEST} bytes": units for name, units in korean.items()})
    watched = {company: watched_by(company, quick) for company in COMPANIES}
    add_companies(report, prices_of(reads, usual, sizes), watched)
    report.targets = [
        *targets(reads, [korean, ascii_]),
        Target(
            f"watching, {COMPANIES[-1]}",
            WATCHER_DOLLARS,
            [watching_dollars(COMPANIES[-1], watched[COMPANIES[-1]])],
            "$ a month",
        ),
    ]
    yield report


def add(report: Report, table: Table) -> None:
    for name, units in table.items():
        values = {"read": [units.read], "write": [units.write]}
        report.figures.append(Figure(name, "units", values))


def prices_of(reads: Table, usual: Table, sizes: tuple[int, ...]) -> Prices:
    event_bytes, row_bytes = operations.stored_sizes()
    look = reads[f"come back with a cursor, nothing changed, {sizes[1]:,} events"]
    return Prices(
        create=usual["create"],
        edit=usual["update, the date stays"],
        new_date=usual["update with a new date"],
        delete=usual["delete"],
        look=look,
        cold=reads[f"cold load of {sizes[1]:,} events, after a restart"],
        event_bytes=event_bytes,
        row_bytes=row_bytes,
    )


def add_companies(report: Report, prices: Prices, watched: dict[Company, Watching]) -> None:
    for company in COMPANIES:
        parts = dollars(company, prices, watched[company])
        total = sum(parts.values())
        note = f"the share of watching is {parts['watching'] / total:.0%}"
        report.figures.append(Figure(f"{company}: all", "$ a month", {"default": [total]}, note))
        for name, amount in parts.items():
            report.figures.append(Figure(f"{company}: {name}", "$ a month", {"default": [amount]}))


def targets(reads: Table, largest_writes: list[Table]) -> list[Target]:
    looks = [units.read for name, units in reads.items() if name.startswith(_LOOKS)]
    behind = reads["come back, 20 changes behind, to one that has to read them"].read
    alone = [table[name].write for table in largest_writes for name in _ALONE]
    batched = [
        units.write / 10
        for table in largest_writes
        for name, units in table.items()
        if name.startswith("batch of 10")
    ]
    return [
        Target("read of an unchanged calendar, whatever its size", 1, [max(looks)], "RCU"),
        # 20 usual rows are less than two blocks of 4 KB.
        Target("coming back 20 changes behind: 1 and the changes", 1 + 2, [behind], "RCU"),
        Target("a lone write of 700 bytes, the date stays", 7, [max(alone)], "WCU"),
        Target("a write of 700 bytes in a batch of ten", 5.5, [max(batched)], "WCU"),
    ]


_LOOKS = ("list an unchanged", "the same with its ETag", "come back with a cursor")
_ALONE = ("create", "create with the client's id", "update, the date stays", "delete", "restore, deleted")
