"""What the writers were told, and what must therefore be in the log."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Acknowledged:
    """A change that a 2xx told of: `text` is the description that the event then had."""

    department_id: str
    revision: int
    event_id: str
    text: str


@dataclass
class Ledger:
    """Every create and update carries a text of its own; what became of it: done, perhaps, or refused."""

    rows: list[Acknowledged] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    deletes: Counter[str] = field(default_factory=Counter)
    restored: set[str] = field(default_factory=set)
    departments: dict[str, str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    operations: int = 0
    told_at: dict[tuple[str, int], float] = field(default_factory=dict)
    # What writers know: ids and versions, perhaps old ones.
    known: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    def new_text(self) -> str:
        text = f"작업 {len(self.texts) + 1}"
        self.texts[text] = "perhaps"
        return text

    def done(self, event: dict[str, Any], text: str | None = None) -> None:
        """A 2xx with this event. Its text may be a later one: the answer to a retry is the event as it is."""
        department, revision = event["department_id"], event["revision"]
        self.rows.append(Acknowledged(department, revision, event["id"], event["description"]))
        self.told_at.setdefault((department, revision), time.monotonic())
        self.known[department][event["id"]] = event["version"]
        if text is not None:
            self.texts[text] = "done"

    def refused(self, text: str | None) -> None:
        if text is not None:
            self.texts[text] = "refused"

    def settle(self, status: int, event: dict[str, Any] | None, text: str | None) -> None:
        """What an answer means for `text`. 5xx and no answer at all mean perhaps."""
        self.operations += 1
        self.answers[f"{status}"] += 1
        if status < 300 and event is not None:
            self.done(event, text)
        elif 400 <= status < 500:
            self.refused(text)

    def acknowledged(self) -> int:
        return len(self.rows) + sum(self.deletes.values())
