"""The answers that were made of a replica at one revision."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from teamcal.domain.changes import Head
from teamcal.domain.cursor import Cursor
from teamcal.sync.changes_since import ChangesSince
from teamcal.sync.gzipped import Gzipped
from teamcal.sync.sorted_events import EventFilter
from teamcal.sync.turns import joined_in_turns

CACHED_ANSWERS = 16
"""Answers about changes since a cursor that are kept for one revision."""
CACHED_BYTES = 8 * 2**20
"""No further answer is kept when those that are kept take this much. An answer that is kept may grow by its
JSON, which is at most about twice as big as the changes that it is made of."""
CACHED_WINDOWS = 16
"""Lists of the events of a range of days, which clients with the same page ask for; their JSON and gzip form
together within CACHED_BYTES when they are added."""

LIST_START = b'{"success":true,"events":'


def events_of(list_json: bytes) -> memoryview:
    """Returns the events of a list as a JSON array: a part of it, not a copy."""
    return memoryview(list_json)[len(LIST_START) : list_json.rindex(b'],"revision":') + 1]


@dataclass(eq=False)
class RevisionCache:
    """What was made of a replica at `head`. It is only ever added to: its answers belong together, and
    reading them needs no lock. The replica drops it when it advances.
    """

    head: Head
    lists: dict[tuple[EventFilter | None, bool], Gzipped] = field(default_factory=dict)
    """The whole list and windows of it; with False as clients see it that don't know series, if that is
    another one."""
    day: str = ""
    """Of these clients (teamcal/sync/plain_view.py)."""
    since: dict[tuple[Cursor, int | None], ChangesSince] = field(default_factory=dict)
    _forms: int = 0

    @cached_property
    def cursor(self) -> str:
        return self.head.cursor.text

    @cached_property
    def plain_cursor(self) -> str:
        return self.head.cursor._replace(day=self.day).text if self.day else self.cursor

    def cursor_of(self, series: bool) -> str:
        return self.cursor if series else self.plain_cursor

    def list_of(self, events: Sequence[bytes], series: bool) -> bytes:
        """Returns the JSON of these events as REST lists them. `series`: to a client that knows series."""
        position = f'],"revision":{self.head.revision},"cursor":"{self.cursor_of(series)}"}}'
        return joined_in_turns(events, LIST_START + b"[", position.encode())

    def keep_list(self, filter: EventFilter | None, series: bool, answer: Gzipped) -> bool:
        """Keeps the whole list, and a few windows of it; returns whether it has kept this one."""
        if filter is not None:
            windows = [kept for (window, _), kept in list(self.lists.items()) if window is not None]
            size = sum(kept.memory for kept in windows) + 2 * answer.memory
            if not filter.is_window or len(windows) >= CACHED_WINDOWS or size > CACHED_BYTES:
                return False
        self.lists[filter, series] = answer
        return True

    def has_grown(self) -> bool:
        """Whether an answer about changes has got another form of it since this was last asked."""
        before, self._forms = self._forms, sum(len(vars(answer)) for answer in list(self.since.values()))
        return self._forms != before

    def keep(self, position: Cursor, limit: int | None, answer: ChangesSince) -> None:
        if len(self.since) < CACHED_ANSWERS and self._since_memory + answer.memory <= CACHED_BYTES:
            self.since[position, limit] = answer

    @property
    def _since_memory(self) -> int:
        return sum(answer.memory for answer in list(self.since.values())) if self.since else 0

    @property
    def memory(self) -> int:
        """Bytes of the answers."""
        if not self.lists:
            return self._since_memory
        return sum(kept.memory for kept in list(self.lists.values())) + self._since_memory
