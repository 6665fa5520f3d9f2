"""What a client that doesn't know series was sent, against what a pure function says that it must be sent.

Each change of the log has the effects that follow from the record before and after it and from the day; each
midnight those that follow from the records. A client must get all of them once, in the log's order, or the
whole calendar.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from teamcal.domain.changes import REPAIRED
from teamcal.domain.cursor import Cursor
from teamcal.domain.events import is_series, public_event
from teamcal.domain.occurrences import plain_events
from tests.convergence.findings import Findings

Row = dict[str, Any]
Effects = Counter[tuple[str, str]]
"""(name of the message, id) of each."""


class Connected(NamedTuple):
    """The client has a new connection; what it wasn't sent over the last one isn't coming any more."""


class Full(NamedTuple):
    """The client got the whole calendar, or entered the room and asks for it now."""

    at: Cursor


class Part(NamedTuple):
    """The client got what was changed since its cursor."""

    since: Cursor
    at: Cursor


class Live(NamedTuple):
    """A live message. `cursor`: what the client goes on from if it is cut off now."""

    revision: int
    name: str
    event_id: str
    cursor: Cursor


class Restored(NamedTuple):
    """The tables are restored. Two of them: what comes in between may be of either log."""


Entry = Connected | Full | Part | Live | Restored


class History:
    """A log's records before and after each of its rows. `days`: those of the run."""

    def __init__(self, rows: Iterable[Row], days: Sequence[str]) -> None:
        self.days = days
        self.steps: list[tuple[Row | None, Row | None]] = [(None, None)]
        self.is_whole = True
        """Whether the rows are numbered 1, 2, …: a log that was repaired isn't."""
        self._restarts = [0]
        self._change_ids = [""]
        state: dict[str, Row] = {}
        for row in rows:
            self.is_whole &= row["revision"] == len(self.steps) and row["kind"] != REPAIRED
            self._change_ids.append(row.get("change_id", ""))
            event = row["event"]
            if "id" not in event:  # the department was deleted, or lives again
                state = {}
                self._restarts.append(len(self.steps))
                self.steps.append((None, None))
                continue
            before, after = state.pop(event["id"], None), None if event.get("deleted") else event
            if after is not None:
                state[event["id"]] = after
            self.steps.append((before, after))
        self.effects, self.turn, self.is_nothing = cache(self._effects), cache(self._turn), cache(self._hides)

    @property
    def head(self) -> int:
        return len(self.steps) - 1

    def has(self, cursor: Cursor) -> bool:
        """Whether the cursor is one of this log, and not of what was there before a restore."""
        return cursor.revision <= self.head and self._change_ids[cursor.revision] == cursor.change_id

    def touches_series(self, revision: int) -> bool:
        return any(event is not None and is_series(event) for event in self.steps[revision])

    def _effects(self, revision: int, day: str) -> Effects:
        before, after = self.steps[revision]
        if not self.touches_series(revision):
            event = after or before
            name = "event_deleted" if after is None else "event_updated" if before else "event_created"
            return Counter([(name, event["id"])] if event else [])
        return _difference(_shown([before], day), _shown([after], day))

    def _hides(self, revision: int) -> bool:
        """Whether there is a day on which the change is nothing to these clients."""
        return not all(self.effects(revision, day) for day in self.days)

    def _turn(self, revision: int, day: str, next_day: str) -> Effects:
        begin = max(one for one in self._restarts if one <= revision)
        series: dict[str, Row] = {}
        for before, after in self.steps[begin + 1 : revision + 1]:
            if before is not None:
                series.pop(before["id"], None)
            if after is not None and is_series(after):
                series[after["id"]] = after
        return _difference(_shown(series.values(), day), _shown(series.values(), next_day))


def _shown(records: Iterable[Row | None], day: str) -> dict[str, Row]:
    events = [event for record in records if record for event in plain_events(record, day)]
    return {event["id"]: public_event(event) for event in events}


def _difference(old: dict[str, Row], new: dict[str, Row]) -> Effects:
    gone = [("event_deleted", one) for one in old if one not in new]
    made = [("event_created", one) for one in new if one not in old]
    changed = [("event_updated", one) for one in new if one in old and new[one] != old[one]]
    return Counter(gone + made + changed)


class Replay:
    """Follows what one client was sent of one log."""

    def __init__(self, history: History, who: str, findings: Findings) -> None:
        self.history, self.who, self.findings = history, who, findings
        self.counts: Counter[str] = Counter()
        self._at: Cursor | None = None
        self._burst: list[Live] = []
        self._is_cut = False

    def run(self, entries: Iterable[Entry], to_the_end: bool = True) -> None:
        """`to_the_end`: it must have got everything. If not, the log may be shorter than what it got."""
        for entry in entries:
            if not to_the_end and self.history.head < _revision_of(entry):
                return
            if isinstance(entry, Live):
                self._take(entry)
            elif isinstance(entry, Connected):
                self._is_cut = True
            elif isinstance(entry, Part):
                self._take_part(entry)
            elif isinstance(entry, Full):
                self._take_full(entry)
        if not to_the_end:
            return
        self._finish_burst()
        if self._at is not None:
            self._pass_to(self.history.head)

    def _take_full(self, full: Full) -> None:
        self.counts["bursts cut off"] += bool(self._burst) and self._is_cut
        if not self._is_cut:
            self._finish_burst()
        self._go_on_from(full.at)

    def _take_part(self, part: Part) -> None:
        """Of a series nobody can go on from a cursor, nor over a midnight."""
        self._finish_burst()
        self._pass_to(part.since.revision)
        for revision in range(part.since.revision + 1, part.at.revision + 1):
            if self.history.touches_series(revision):
                self._wrong("lost", f"change {revision}, which is about a series, after a cursor")
        if part.since.day != part.at.day:
            self._wrong("lost", f"the midnight after {part.since.day}, after a cursor")
        self._go_on_from(part.at)

    def _go_on_from(self, cursor: Cursor) -> None:
        self._at, self._burst, self._is_cut = cursor, [], False

    def _take(self, live: Live) -> None:
        if self._at is None:
            return  # a finding of its own
        if self._burst and self._burst[0].revision != live.revision:
            self._finish_burst()
        self._burst.append(live)
        if live.cursor.revision == live.revision and self._is_explained(live):
            self._go_on_from(live.cursor)

    def _is_explained(self, live: Live) -> bool:
        """Whether what came is a whole change, or a whole midnight."""
        assert self._at is not None
        got, day = self._got(), live.cursor.day
        if self._at.revision < live.revision:
            for one in (day,) if day else self.history.days:
                if got == self.history.effects(live.revision, one):
                    self._pass_to(live.revision - 1)
                    self.counts["bursts"] += len(self._burst) > 1
                    return True
        for before in self.history.days:
            if self._at.day <= before < day and got == self.history.turn(live.revision, before, day):
                self._pass_to(live.revision)
                self.counts["midnights heard"] += 1
                return True
        return False

    def _got(self) -> Effects:
        return Counter((one.name, one.event_id) for one in self._burst)

    def _finish_burst(self) -> None:
        """No more of it is coming, and it is none that should have been sent."""
        if not self._burst or self._at is None:
            return
        last, got = self._burst[-1], self._got()
        wanted = self.history.effects(last.revision, last.cursor.day or self.history.days[0])
        where = f"{len(self._burst)} messages of {last.revision} after {self._at.revision}, {last.cursor.day}"
        if self._at.revision >= last.revision:
            self._wrong("duplicated", f"{sorted(got)[:3]} among {where}")
        elif missing := wanted - got:
            self._wrong("lost", f"{sorted(missing)[:3]} among {where}")
        else:
            self._wrong("duplicated", f"{sorted(got - wanted)[:3]} among {where}")
        self._go_on_from(Cursor(last.cursor.log_id, last.revision, "", last.cursor.day))

    def _pass_to(self, revision: int) -> None:
        """What lies between was nothing to these clients."""
        assert self._at is not None
        for one in range(self._at.revision + 1, revision + 1):
            if not self.history.is_nothing(one):
                self._wrong("lost", f"change {one} after {self._at.revision}")

    def _wrong(self, kind: str, text: str) -> None:
        self.findings.add(kind, f"{self.who}: {text}")


Streams = dict[str, list[Entry]]
"""What a client was sent, by log."""


def _revision_of(entry: Entry) -> int:
    if isinstance(entry, Live):
        return entry.revision
    return entry.at.revision if isinstance(entry, Full | Part) else 0


Logs = dict[str, list[Row]]


def check_streams(
    logs: Logs,
    streams: dict[str, Streams],
    days: Sequence[str],
    findings: Findings,
    restored_over: Logs | None = None,
) -> Counter[str]:
    """`streams`: by client. `days`: those of the run, in order. Returns figures of what was looked at.

    `restored_over`: if the tables were restored, the logs as they were just before.
    """
    histories = {log_id: History(rows, days) for log_id, rows in logs.items()}
    earlier = {log_id: History(rows, days) for log_id, rows in (restored_over or {}).items()}
    counts: Counter[str] = Counter()
    for who, by_log in streams.items():
        for log_id, entries in by_log.items():
            name, later = f"{who}, {log_id}", entries
            if restored_over is not None:
                before, later = _parted(entries)
                if before and log_id in earlier:
                    counts += _replayed(Replay(earlier[log_id], name, findings), before, False)
                    counts["streams before a restore"] += 1
            history = histories.get(log_id)
            if history is None or not history.is_whole:
                continue
            if restored_over is not None:
                later = _from_first_of(history, later)
            counts += _replayed(Replay(history, name, findings), later, True)
    return counts


def _replayed(replay: Replay, entries: list[Entry], to_the_end: bool) -> Counter[str]:
    replay.run(entries, to_the_end)
    return replay.counts


def _parted(entries: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Returns what came before the restore, and what came after, when all servers knew of it."""
    marks = [number for number, entry in enumerate(entries) if isinstance(entry, Restored)]
    return (entries[: marks[0]], entries[marks[-1] + 1 :]) if marks else ([], entries)


def _from_first_of(history: History, entries: list[Entry]) -> list[Entry]:
    """Returns the entries from the first whole calendar of this log on."""
    for number, entry in enumerate(entries):
        if isinstance(entry, Full) and history.has(entry.at):
            return entries[number:]
    return []
