"""The cost of operations: the report has its figures, and the targets are reached."""

from pathlib import Path

import pytest

from benchmarks.cost import (
    COMPANIES,
    WATCHER_DOLLARS,
    Company,
    Prices,
    dollars,
    run,
    watched_by,
    watching_dollars,
)
from benchmarks.units import Units
from benchmarks.watching import Watching, watching


def test_the_targets_are_reached(tmp_path: Path) -> None:
    (report,) = (report.as_dict() for report in run(tmp_path, runs=1, quick=True))
    assert [target["text"] for target in report["targets"] if not target["reached"]] == []
    names = [figure["name"] for figure in report["figures"]]
    assert len(names) == len(set(names))
    for company in COMPANIES:
        assert f"{company}: all" in names


@pytest.mark.slow
@pytest.mark.parametrize("company", COMPANIES, ids=str)
def test_what_watching_costs(company: Company) -> None:
    """Counted from the calls that are really made; of the largest company it was $158."""
    watched = watched_by(company)
    amount = watching_dollars(company, watched)
    print(f"{company}: ${amount:.2f} a month for watching; {watched}")
    assert amount <= {10: 0.25, 500: 0.5, 20_000: WATCHER_DOLLARS}[company.people]


def test_watching_costs_the_same_however_many_departments_there_are() -> None:
    few, many = (watching(departments, 2, 0.1, 60) for departments in (2, 40))
    assert many.quiet == few.quiet
    # But for the sweep that there is now and then.
    assert many.working.read <= few.working.read + 2 * 40 / 60
    assert many.working.write == pytest.approx(few.working.write, abs=0.05)


def test_a_companys_dollars() -> None:
    """Of 10 people, in a month of 22 days of 10 hours."""
    unit = Units(1, 7)
    prices = Prices(unit, unit, Units(0, 8), unit, unit, Units(100), event_bytes=2**30, row_bytes=0)
    company = Company(10, servers=2, months=1)
    watched = Watching(working=Units(3, 2), start=Units(500), quiet=Units(0.5, 0.1))
    parts = dollars(company, prices, watched)
    micro = {name: round(amount * 1e6, 3) for name, amount in parts.items()}
    assert micro["writes"] == 0.625 * round(220 * (7 + 7 + 1.6 + 0.7), 3)
    assert micro["openings and reconnects"] == 0.125 * 220 * 10 * 3
    assert micro["restarts"] == 0.125 * (4 * 2 * 100)
    working, quiet = 220 * 3600, 2 * (730 - 220) * 3600
    read, write = working * 3 + quiet * 0.5 + 8 * 500, working * 2 + quiet * 0.1
    assert micro["watching"] == pytest.approx(0.125 * read + 0.625 * write)
    assert parts["storage"] == 220 * 0.9 * 0.25
