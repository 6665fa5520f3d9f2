"""More than 20,000 random series against python-dateutil and recurring-ical-events.

They are in a virtual environment of their own: recurring-ical-events wants an older python-dateutil than the
server may have.
"""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from teamcal.domain.recurrence import Rule, RuleRefused, days, first_day, last_day, rule_from
from tests.domain.oracles import by_rfc, known_difference, random_rule, random_start

RANDOM_SERIES = 26_000
PACKAGES = ("recurring-ical-events==3.8.2", "python-dateutil==2.9.0.post0", "icalendar==7.3.2")
LIBRARIES = ("dateutil", "recurring_ical_events")
TIMES = (
    (None, None),
    ("10:00", "Asia/Seoul"),
    ("00:00", "Asia/Seoul"),
    ("02:30", "America/New_York"),
    ("23:45", "Europe/Berlin"),
)


@dataclass
class Series:
    """A random series, and the days that it has by our reckoning."""

    rule: Rule
    start: date
    first: date
    last: date
    asked: dict[str, Any]
    by_rule: list[date]


def random_series(random: Random) -> Series | None:
    """None if it never gives a day: the libraries would look for one until the year 10000."""
    start, (time, zone) = random_start(random), random.choice(TIMES)
    first = start + timedelta(random.choice((-10, 0, random.randrange(900))))
    last = max(start, first + timedelta(random.choice((1, 30, 31, 366, 500))))
    text = random_rule(random) + _end(random, start, timed=time is not None)
    rule = rule_from(text, start_time=time, time_zone=zone)
    try:
        end = last_day(rule, start)
    except RuleRefused:
        return None
    if first_day(rule, start) is None:
        return None
    by_rule = list(days(rule, start, first, min(last, end or last)))
    excluded = random.sample(by_rule, min(len(by_rule), random.randrange(3)))
    added = {max(start, first) + timedelta(random.randrange(31)) for _ in range(random.randrange(3))}
    asked = {"rule": text, "start": start, "time": time, "zone": zone, "first": first, "last": last}
    asked |= {"excluded": sorted(excluded), "added": sorted(added - {*excluded})}
    return Series(rule, start, first, last, asked, by_rule)


def _end(random: Random, start: date, *, timed: bool) -> str:
    kind = random.random()
    if kind < 0.3:
        return f";COUNT={random.randrange(1, 40)}"
    if kind < 0.4:
        return ""
    clock = f"T{random.randrange(24):02}{random.randrange(60):02}00Z" if timed else ""
    return f";UNTIL={start + timedelta(random.randrange(1200)):%Y%m%d}{clock}"


def expected(series: Series, library: str) -> list[str]:
    found = {*series.by_rule}
    if library == "recurring_ical_events":
        found.add(series.start)  # also one that the rule doesn't give
    found = found - {*series.asked["excluded"]} | {*series.asked["added"]}
    return sorted(str(day) for day in found if series.first <= day <= series.last)


@pytest.fixture(scope="module")
def other_python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the libraries; kept in pytest's cache, if there is one."""
    cache = getattr(request.config, "cache", None)
    folder = Path(cache.mkdir("calendar-libraries")) if cache else tmp_path_factory.mktemp("libraries")
    python = folder / "bin" / "python"
    installed = folder / "installed"
    if not installed.exists() or installed.read_text("utf-8") != " ".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *PACKAGES]
        subprocess.run(pip, check=True)
        installed.write_text(" ".join(PACKAGES), "utf-8")
    return python


def answers_of(python: Path, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    script = Path(__file__).with_name("other_libraries.py")
    lines = "\n".join(json.dumps(case, default=str) for case in asked)
    command = [str(python), str(script)]
    done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_same_days_as_two_libraries(other_python: Path) -> None:
    random = Random(12)
    all_series = [series for _ in range(RANDOM_SERIES) if (series := random_series(random))]
    differing = [series for series in all_series if known_difference(series.rule, series.start)]
    compared = [series for series in all_series if not known_difference(series.rule, series.start)]
    counts = Counter(known_difference(series.rule, series.start) for series in differing)
    print(
        f"{len(compared)} compared, {RANDOM_SERIES - len(all_series)} give no day, by the RFC alone: {counts}"
    )
    assert len(compared) >= 20_000
    answers = answers_of(other_python, [series.asked for series in compared])
    wrong = [
        (series.asked, answer)
        for series, answer in zip(compared, answers, strict=True)
        if answer != {name: expected(series, name) for name in LIBRARIES}
    ]
    assert not wrong, (len(wrong), wrong[:5])
    for series in (series for series in differing if not series.rule.count):
        by_the_rfc = by_rfc(series.rule, series.start, series.first, series.last)
        assert by_the_rfc == series.by_rule, series.asked
