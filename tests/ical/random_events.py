"""Random event records as the server stores them, canonical and valid."""

from datetime import date, timedelta
from random import Random
from typing import Any

from teamcal.domain.recurrence import RuleRefused, canonical, days, first_day, last_day, rule_from
from tests.ical.files import STORED

ZONES = ("Asia/Seoul", "America/New_York", "Europe/Berlin", "Australia/Sydney")
RULES = (
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO,WE,FR",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU", "FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
)  # fmt: skip
TEXTS = ("회의", "a, b; c\\d", "줄\n둘", "x" * 150, "🏳️‍🌈 é", "=1+1", "BEGIN:VEVENT", '"a"', "\\n")
STARTS = ("00:00", "01:30", "02:30", "09:00", "23:30")


def random_event(random: Random, number: int) -> dict[str, Any]:
    """An event that begins in 2026 or on 29 February 2024; every third one is a series."""
    first = date(2026, 1, 1) + timedelta(random.randrange(365))
    if random.random() < 0.1:
        first = date(2024, 2, 29)
    event: dict[str, Any] = {**STORED, "id": f"e{number}", "event_date": first.isoformat()}
    event["title"] = random.choice(TEXTS).replace("\n", " ")
    event |= _times(random, first)
    event |= {name: value for name, value in _texts(random).items() if random.random() < 0.3}
    if "start_time" in event:
        event.pop("time", None)
    return event | (_series(random, event) if random.random() < 0.5 else {})


def _times(random: Random, first: date) -> dict[str, Any]:
    last = (first + timedelta(random.randrange(1, 4))).isoformat()
    if random.random() < 0.3:
        return random.choice(({}, {"end_date": last}))
    start = random.choice(STARTS)
    times = {"start_time": start, "time_zone": random.choice(ZONES)}
    kind = random.randrange(4)
    if kind == 0:
        return times
    if kind == 1:
        return times | {"end_time": random.choice(STARTS)}
    if kind == 2:
        return times | {"end_date": last}
    # A day later, which an end at or before the start would mean anyway.
    end_date = (first + timedelta(2)).isoformat()
    return times | {"end_time": random.choice(STARTS), "end_date": end_date}


def _texts(random: Random) -> dict[str, Any]:
    return {
        "description": random.choice(TEXTS),
        "location": random.choice(TEXTS).replace("\n", " "),
        "url": "https://x.example/a,b;c?d=%20",
        "time": "점심",
        "categories": random.sample(["회의", "a,b", "c;d", "휴가"], 2),
        "people": random.sample(["김", "이, 박", "최"], 2),
        "color": random.choice(("#ff0000", "#123456")),
        "status": random.choice(("tentative", "cancelled")),
        "busy": False,
        "reminders": random.sample([0, 5, 60, 1440, 40_320], 2),
        "sequence": random.randrange(1, 9),
    }


def _series(random: Random, event: dict[str, Any]) -> dict[str, Any]:
    first = date.fromisoformat(event["event_date"])
    text = random.choice(RULES) + random.choice(("", ";COUNT=20", ";UNTIL=20271231"))
    rule = rule_from(text, start_time=event.get("start_time"), time_zone=event.get("time_zone"))
    try:
        last = last_day(rule, first)
    except RuleRefused:
        return {}
    begin = first_day(rule, first)
    if begin is None:
        return {}
    given = list(days(rule, begin, begin, min(last or date.max, begin + timedelta(900))))
    exceptions = {
        day.isoformat(): _exception(random, event, day)
        for day in random.sample(given, min(len(given) - 1, 3))
    }
    added = begin + timedelta(random.randrange(1, 200))
    if added not in given and random.random() < 0.5:
        exceptions[added.isoformat()] = {"added": True} | random.choice(({}, {"title": "더"}))
    moved = {"event_date": begin.isoformat()}
    if "end_date" in event:
        span = date.fromisoformat(event["end_date"]) - first
        moved["end_date"] = (begin + span).isoformat()
    return {"recurrence": canonical(rule), **moved} | ({"exceptions": exceptions} if exceptions else {})


def _exception(random: Random, event: dict[str, Any], day: date) -> dict[str, Any]:
    choices: list[dict[str, Any]] = [
        {"excluded": True},
        {"title": "다른 제목"},
        {"event_date": (day + timedelta(random.choice((-1, 1, 40)))).isoformat()},
        {"location": None} if "location" in event else {"location": "3층"},
        {"categories": ["x"], "status": None} if "status" in event else {"categories": ["x"]},
    ]
    if "start_time" in event and "end_date" not in event:
        choices.append({"start_time": "14:00", "end_time": "15:15"})
        choices.append(
            {"start_time": "00:10", "end_time": None} if "end_time" in event else {"start_time": "00:10"}
        )
    return random.choice(choices)
