"""The calendars that every server has: the same events, of 200–400 bytes each."""

import json
import random
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

LAST_DAY = date(2024, 12, 31)
DAYS_AN_EVENT = 0.73
"""500 events a year, 41 of them in MONTH. A calendar of more events reaches further back."""

MONTH = (date(2024, 11, 1), date(2024, 11, 30))
TITLES = ("주간 팀 회의", "고객 방문", "출시 준비", "면접", "분기 보고", "교육", "정기 점검", "휴가")
TIMES = ("오후 2:00", "14:00", "종일", "오전 10:30")
_NAMESPACE = uuid.UUID("5ea0a9e6-3b1d-4b0c-9a55-6a3f3f0f6c11")


@dataclass(frozen=True)
class Event:
    id: str
    event_date: str
    title: str
    description: str
    time: str
    url: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    def as_ical(self) -> str:
        """An iCalendar object of this event. The free text of `time` has no property there."""
        return calendar_of([self])


def event(calendar: str, number: int) -> Event:
    """Returns the same event for the same arguments."""
    day = LAST_DAY - timedelta(days=int(number * DAYS_AN_EVENT))
    return Event(
        id=str(uuid.uuid5(_NAMESPACE, f"{calendar}/{number}")),
        event_date=day.isoformat(),
        title=f"{TITLES[number % len(TITLES)]} {number}",
        description=f"지난주에 한 일과 이번 주에 할 일을 함께 살펴봅니다. 회의실 {number % 40}호, 자료 링크",
        time=TIMES[number % len(TIMES)],
        url=f"https://example.com/calendar/{number}",
    )


def events(calendar: str, count: int) -> list[Event]:
    """Returns the first `count` events of a calendar, shuffled."""
    numbered = [event(calendar, number) for number in range(count)]
    random.Random(count).shuffle(numbered)
    return numbered


def in_month(calendar: str, count: int) -> int:
    """The number of events in MONTH."""
    first, last = (day.isoformat() for day in MONTH)
    return sum(first <= event.event_date <= last for event in events(calendar, count))


def edited(event: Event, mark: str) -> Event:
    """The event with another title."""
    return replace(event, title=f"{event.title} · {mark}")


def new_event() -> Event:
    """A template, from which load/http makes a new event in each request."""
    return replace(event("new", 0), id="{{uuid}}", title="{{n}}번째 회의")


def dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def calendar_of(events: list[Event]) -> str:
    """An iCalendar object of the events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//benchmark//EN"]
    for event in events:
        description = event.description.replace(",", "\\,")
        lines += [
            "BEGIN:VEVENT",
            f"UID:{event.id}",
            "DTSTAMP:20240115T103000Z",
            f"DTSTART;VALUE=DATE:{event.event_date.replace('-', '')}",
            f"SUMMARY:{event.title}",
            f"DESCRIPTION:{description}",
            f"URL:{event.url}",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])
