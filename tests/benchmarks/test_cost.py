"""The cost of operations: the report has its figures, and the targets are reached."""

from pathlib import Path

from benchmarks.cost import COMPANIES, Company, Prices, dollars, run
from benchmarks.units import Units


def test_the_targets_are_reached(tmp_path: Path) -> None:
    (report,) = (report.as_dict() for report in run(tmp_path, runs=1, quick=True))
    assert [target["text"] for target in report["targets"] if not target["reached"]] == []
    names = [figure["name"] for figure in report["figures"]]
    assert len(names) == len(set(names))
    for company in COMPANIES:
        assert f"{company}: all" in names


def test_a_companys_dollars() -> None:
    """Of 10 people, in a month of 22 days of 10 hours."""
    unit = Units(1, 7)
    prices = Prices(
        unit, unit, Units(0, 8), unit, unit, unit, Units(100), unit, event_bytes=2**30, row_bytes=0
    )
    company = Company(10, servers=2, months=1)
    parts = dollars(company, prices, interval=5)
    micro = {name: round(amount * 1e6, 3) for name, amount in parts.items()}
    assert micro["writes"] == 0.625 * round(220 * (7 + 7 + 1.6 + 0.7), 3)
    assert micro["openings and reconnects"] == 0.125 * 220 * 10 * 3
    assert micro["restarts, and changes of other servers"] == 0.125 * (220 * 2.3 + 4 * 2 * 100)
    assert micro["timer"] == 0.125 * (22 * 7200 * 2 * 2)
    assert parts["storage"] == 220 * 0.9 * 0.25
