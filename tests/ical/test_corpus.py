"""Files of other programs: each entry is imported, or refused with a reason, in bounded time and memory."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from teamcal.domain.recurrence import canonical, rule_of
from teamcal.ical import REFUSALS, WARNINGS, FileRefused
from tests.ical.files import corpus, read, read_records, stored, written

ROOT = Path(__file__).parents[2]


def read_all(paths: Iterable[Path]) -> Counter[str]:
    """Counts records and reasons; files have a time limit each."""
    counts: Counter[str] = Counter()
    for path in paths:
        begin = time.process_time()
        try:
            readings = read(path.read_bytes())
        except FileRefused as error:
            counts[error.reason] += 1
            continue
        assert time.process_time() - begin < 2, path
        for reading in readings:
            assert bool(reading.records) != bool(reading.refused), (path, reading)
            assert reading.refused is None or reading.refused in REFUSALS, (path, reading)
            assert all(note.code in WARNINGS for note in reading.warnings), (path, reading)
            counts["records"] += len(reading.records)
            counts[reading.refused or "read"] += 1
    return counts


def test_the_files_of_icalendar() -> None:
    counts = read_all(corpus())
    assert len(corpus()) >= 163
    assert counts["records"] > 100
    assert counts["not_a_calendar"] <= 1
    assert not counts["unreadable"]


def test_what_is_written_of_them_is_read_as_the_same() -> None:
    for path in corpus():
        try:
            records = read_records(path.read_bytes())
        except FileRefused:
            continue
        for record in records:
            if "recurrence" in record:
                assert canonical(rule_of(record["recurrence"])) == record["recurrence"]
            plain = {name: value for name, value in record.items() if name != "ical"}
            zone = record.get("time_zone", "Asia/Seoul")
            assert read_records(written(stored(plain), default_zone=zone), zone) == [plain], path


_CHILD = """
import json, resource, sys, time, zoneinfo
from pathlib import Path
zoneinfo.reset_tzpath(())
from tests.ical.test_corpus import read_all
paths = sorted(Path(sys.argv[1]).rglob("*.ics"))
print(json.dumps([len(paths), read_all(paths), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


@pytest.mark.slow
def test_the_files_of_two_packages(other_python: Path) -> None:
    """All together take less memory than one of them may."""
    command = [sys.executable, "-c", _CHILD, str(other_python.parents[1])]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    number, counts, kilobytes = json.loads(done.stdout)
    print(number, counts, kilobytes)
    assert number >= 258
    assert counts["records"] > 1_000
    assert kilobytes < 200_000
