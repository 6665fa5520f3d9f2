"""Counts by month, weekday and category."""

from collections import Counter
from typing import Any

from teamcal.domain.statistics import MAX_CATEGORIES, WEEKDAYS, statistics_of


def event(day: str, *categories: str) -> dict[str, Any]:
    return {"event_date": day, "title": "x", **({"categories": list(categories)} if categories else {})}


def test_an_empty_calendar() -> None:
    assert statistics_of([]) == {
        "total": 0,
        "undated": 0,
        "months": [],
        "weekdays": [{"weekday": name, "count": 0} for name in WEEKDAYS],
        "categories": [],
        "uncategorized": 0,
        "other": 0,
    }


def test_counts() -> None:
    events = [
        event("2026-12-01", "회의"),  # a Tuesday
        event("2026-11-26", "교육", "회의"),  # a Thursday
        event("2026-11-26", "교육", "교육"),
        event("2026-11-23"),  # a Monday
        {"event_date": "2025-11-30", "end_date": "2025-12-05", "title": "여러 날"},  # from a Sunday
    ]
    answer = statistics_of(iter(events))
    assert answer["total"] == 5
    assert answer["months"] == [
        {"month": "2025-11", "count": 1},
        {"month": "2026-11", "count": 3},
        {"month": "2026-12", "count": 1},
    ]
    assert [one["count"] for one in answer["weekdays"]] == [1, 1, 0, 2, 0, 0, 1]
    assert answer["categories"] == [{"category": "교육", "count": 2}, {"category": "회의", "count": 2}]
    assert (answer["uncategorized"], answer["undated"], answer["other"]) == (2, 0, 0)


def test_the_sums_agree() -> None:
    events = [
        event(f"20{year:02}-{month:02}-15", str(month % 3)) for year in range(30) for month in range(1, 13)
    ]
    answer = statistics_of(events)
    for name in ("months", "weekdays", "categories"):
        assert sum(one["count"] for one in answer[name]) == answer["total"] == 360
    assert {one["count"] for one in answer["categories"]} == {120}


def test_what_other_programs_stored() -> None:
    events = [
        {"title": "no date"},
        {"event_date": None, "categories": None},
        {"event_date": 20261126, "categories": "회의"},
        {"event_date": "2026-W48-4", "categories": ["", 1, ["x"], "회의"]},
        {"event_date": "2026-02-30"},
    ]
    answer = statistics_of(events)
    assert (answer["total"], answer["undated"], answer["uncategorized"]) == (5, 5, 4)
    assert answer["months"] == []
    assert answer["categories"] == [{"category": "회의", "count": 1}]


def test_rare_categories_are_counted_together() -> None:
    events = [event("2026-11-26", f"분류 {number:05}") for number in range(MAX_CATEGORIES + 500)]
    events += [event("2026-11-26", "자주")] * 3
    answer = statistics_of(events)
    assert len(answer["categories"]) == MAX_CATEGORIES
    assert answer["categories"][0] == {"category": "자주", "count": 3}
    assert answer["categories"][1] == {"category": "분류 00000", "count": 1}
    assert answer["other"] == 501
    counts = Counter({one["category"]: one["count"] for one in answer["categories"]})
    assert sum(counts.values()) + answer["other"] == answer["total"]
