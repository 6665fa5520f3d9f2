"""The convergence test looks at every message to a client that doesn't know series: it sees what is wrong."""

from typing import Any

import pytest

from teamcal.domain.cursor import Cursor
from tests.convergence.findings import Findings
from tests.convergence.plain_stream import Connected, Entry, Full, Live, Part, Restored, check_streams

DAYS = ("2026-11-26", "2026-11-27", "2026-11-28", "2026-11-29")
LOG = "개발팀"


def record(revision: int, **fields: Any) -> dict[str, Any]:
    event = {"id": "회의", "department_id": LOG, "title": "회의", "event_date": DAYS[0], **fields}
    return event | {"revision": revision, "version": revision}


SERIES = {"recurrence": "FREQ=DAILY;COUNT=3", "until_day": DAYS[2]}
ENDLESS = {"recurrence": "FREQ=WEEKLY", "event_date": "2026-11-21"}


def rows(*records: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    kinds = ["event_created", *["event_updated"] * len(records)]
    return {
        LOG: [
            {"revision": number, "kind": kind, "event": event}
            for number, (kind, event) in enumerate(zip(kinds, records, strict=False), 1)
        ]
    }


def at(revision: int, day: str = DAYS[0]) -> Cursor:
    return Cursor(LOG, revision, f"change {revision}", day)


def created(*numbers: int, last: int = 3) -> list[Entry]:
    """Messages of change 1, which makes three occurrences: only the last one has the cursor after it."""
    return [
        Live(
            1,
            "event_created",
            f"회의_{DAYS[number - 1].replace('-', '')}",
            at(1) if number == last else at(0),
        )
        for number in numbers
    ]


def found(entries: list[Entry], *records: dict[str, Any]) -> dict[str, int]:
    findings = Findings()
    logs = rows(*(records or (record(1, **SERIES),)))
    check_streams(logs, {"one": {LOG: entries}}, DAYS, findings)
    return dict(findings.counts)


def test_a_whole_burst_is_right() -> None:
    assert found([Full(at(0)), *created(1, 2, 3)]) == {}


@pytest.mark.parametrize(
    ("entries", "wrong"),
    [
        ([Full(at(0)), *created(1, 3)], "lost"),
        ([Full(at(0)), *created(1, 2)], "lost"),
        ([Full(at(0))], "lost"),
        ([Full(at(0)), *created(1, 2, 2, 3)], "duplicated"),
        ([Full(at(0)), *created(1, 2, 3), *created(1, 2, 3)], "duplicated"),
        ([Full(at(1)), *created(1, 2, 3)], "duplicated"),
    ],
)
def test_what_is_missing_or_twice_is_seen(entries: list[Entry], wrong: str) -> None:
    assert wrong in found(entries)


def test_who_is_cut_off_in_a_burst_has_to_get_everything() -> None:
    cut = [Full(at(0)), *created(1, 2), Connected()]
    assert found([*cut, Full(at(1))]) == {}
    assert "lost" in found([*cut, Part(at(0), at(1))])
    # A server whose messages all have the last cursor takes the client for one that has them all.
    careless = [Full(at(0)), *created(1, last=1), Connected()]
    assert "lost" in found([*careless, Part(at(1), at(1))])


def test_a_midnight_is_heard_as_a_whole() -> None:
    begin = Full(at(1))
    saturday = Live(1, "event_created", "회의_20270227", at(1, DAYS[1]))
    weekly = record(1, **ENDLESS)
    # 92 days after the second day another one comes into sight.
    assert found([begin, saturday], weekly) == {}
    assert found([begin, saturday, saturday], weekly) == {"duplicated": 1}
    assert found([begin, Live(1, "event_created", "회의_20270305", at(1, DAYS[1]))], weekly) != {}
    assert "lost" in found([begin, Connected(), Part(at(1), at(1, DAYS[1]))], weekly)


def found_over_a_restore(*entries: Entry) -> dict[str, int]:
    """In a log whose only change, of three occurrences, was undone by a restore, and made anew."""
    findings = Findings()
    old, new = rows(record(1, **SERIES)), rows(record(1, **SERIES))
    for logs, change_id in ((old, "change 1"), (new, "another 1")):
        logs[LOG][0]["change_id"] = change_id
    check_streams(new, {"one": {LOG: list(entries)}}, DAYS, findings, old)
    return dict(findings.counts)


NOTHING = Full(Cursor(LOG, 0, "", DAYS[0]))
ANEW = Full(Cursor(LOG, 1, "another 1", DAYS[0]))


def test_what_came_before_a_restore_is_looked_at() -> None:
    assert found_over_a_restore(NOTHING, *created(1, 2, 3), Restored(), ANEW) == {}
    # What was under way is lost with the log.
    assert found_over_a_restore(NOTHING, *created(1), Restored(), Connected(), ANEW) == {}
    assert "duplicated" in found_over_a_restore(Full(at(1)), *created(1, 2, 3), Full(at(1)), Restored(), ANEW)


def test_what_came_after_a_restore_is_looked_at() -> None:
    late = Live(1, "event_created", "회의_20261126", Cursor(LOG, 0, "", DAYS[0]))
    assert "duplicated" in found_over_a_restore(NOTHING, Restored(), Connected(), ANEW, late)
    # The old log's messages that were on their way belong to neither.
    assert found_over_a_restore(NOTHING, Restored(), *created(1, 2, 3), Connected(), ANEW) == {}
