"""What changed in an event since the version that a client knows."""

from collections.abc import Callable

from teamcal.domain.changes import Change
from teamcal.domain.events import changed_fields
from teamcal.domain.occurrences import occurrence
from teamcal.domain.values import Record

MAX_STEPS = 10
"""Changes of one event that are followed back, a read for each that isn't in memory."""


def fields_changed_since(
    change_at: Callable[[str, int], Change | None], current: Record, version: int
) -> list[str] | None:
    """Returns which fields of `current` differ from those at `version`; None when the log doesn't tell.

    `change_at(log_id, revision)` returns a change of a log, None when it is forgotten.
    """
    if not 0 <= current.get("version", 1) - version <= MAX_STEPS:
        return None
    change = change_at(current["department_id"], current.get("revision", 0))
    for _ in range(MAX_STEPS):
        if change is None or change.prior is None:
            return None
        change = change_at(*change.prior)
        state = None if change is None else _state_in(change.record, current)
        if state is not None and state.get("version", 1) == version:
            return changed_fields(state, current)
    return None


def _state_in(record: Record, current: Record) -> Record | None:
    """Returns what the record of another change has of `current`, which may be an occurrence of a series."""
    original = current.get("original_date")
    return record if original is None else occurrence(record, original)
