"""What the writers were told, and what must therefore be in the log."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from teamcal.domain.occurrences import occurrence_id_from


def series_of(event_id: str) -> str:
    """The id of the record that holds the event: of an occurrence its series'."""
    which = occurrence_id_from(event_id)
    return event_id if which is None else which.series_id


@dataclass(frozen=True)
class Acknowledged:
    """A change that a 2xx told of: `text` is the description that the event then had."""

    department_id: str
    revision: int
    event_id: str
    text: str
    at: float = field(default=0.0, compare=False, repr=False)


@dataclass
class Ledger:
    """Every create and update carries a text of its own; what became of it: done, perhaps, or refused."""

    rows: list[Acknowledged] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    deletions: list[tuple[str, float]] = field(default_factory=list)
    """Ids of deleted events, and when that was acknowledged."""
    restored: set[str] = field(default_factory=set)
    departments: dict[str, str] = field(default_factory=dict)
    done_at: dict[str, float] = field(default_factory=dict)
    """When a text or a department got its fate."""
    unsure_before: float = 0.0
    """What was begun earlier may have been taken back by a restore of the tables."""
    answers: Counter[str] = field(default_factory=Counter)
    operations: int = 0
    files: dict[str, Any] = field(default_factory=dict)
    """The last file of each department."""
    importing: set[str] = field(default_factory=set)
    entries: Counter[str] = field(default_factory=Counter)
    """What became of those of files."""
    told_at: dict[tuple[str, int], float] = field(default_factory=dict)
    # What writers know: ids and versions, perhaps old ones.
    known: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    gone: list[tuple[str, str]] = field(default_factory=list)
    """(department, id) of events that were deleted, the last ones."""

    def new_text(self) -> str:
        text = f"작업 {len(self.texts) + 1}"
        self.texts[text] = "perhaps"
        return text

    def done(self, event: dict[str, Any], text: str | None = None) -> None:
        """A 2xx with this event. Its text may be a later one: the answer to a retry is the event as it is."""
        department, revision = event["department_id"], event["revision"]
        now = time.monotonic()
        self.rows.append(Acknowledged(department, revision, event["id"], event["description"], now))
        self.told_at.setdefault((department, revision), time.monotonic())
        self.known[department][event["id"]] = event["version"]
        if text is not None:
            self.texts[text], self.done_at[text] = "done", now

    def refused(self, text: str | None) -> None:
        if text is not None:
            self.texts[text] = "refused"

    def settle(self, status: int, event: dict[str, Any] | None, text: str | None, began: float) -> None:
        """What an answer to a request of `began` means for `text`. 5xx and no answer at all mean perhaps."""
        self.operations += 1
        self.answers[f"{status}"] += 1
        if status < 300 and event is not None:
            if began > self.unsure_before:
                self.done(event, text)
            else:
                self.known[event["department_id"]][event["id"]] = event["version"]
        elif 400 <= status < 500:
            self.refused(text)

    def imported(self, result: str, texts: list[str], began: float) -> None:
        """What a report says of an entry that brings these texts.

        One that is unchanged or kept may have been written before: the answer to that was lost.
        """
        self.operations += len(texts)
        self.entries[f"entries {result}"] += 1
        for text in texts:
            if result in ("created", "updated") and began > self.unsure_before:
                self.texts[text], self.done_at[text] = "done", time.monotonic()
            elif result == "refused" and self.texts[text] == "perhaps":
                self.refused(text)

    def deleted(self, department: str, event_id: str, began: float) -> None:
        if began > self.unsure_before:
            self.deletions.append((event_id, time.monotonic()))
        self.gone = [*self.gone, (department, event_id)][-50:]

    def department(self, department: str, fate: str, began: float) -> None:
        self.departments[department] = fate if began > self.unsure_before else "perhaps"
        self.done_at[department] = time.monotonic()

    def take_back(self, backup_began: float) -> None:
        """The tables were restored just now: what was acknowledged since the backup began may be gone."""
        self.unsure_before = time.monotonic()
        self.rows = [row for row in self.rows if row.at < backup_began]
        self.deletions = [(event_id, at) for event_id, at in self.deletions if at < backup_began]
        self.told_at.clear()
        for name, at in self.done_at.items():
            if at >= backup_began:
                for fates in (self.texts, self.departments):
                    if name in fates:
                        fates[name] = "perhaps"

    @property
    def deletes(self) -> Counter[str]:
        """How often each event's deletion was acknowledged."""
        return Counter(event_id for event_id, _at in self.deletions)

    def acknowledged(self) -> int:
        return len(self.rows) + len(self.deletions)
