"""What changed in an event since the version that a client knows."""

from teamcal.domain.changes import Change
from teamcal.domain.database import Database
from teamcal.domain.events import changed_fields
from teamcal.domain.values import Record

MAX_STEPS = 100
"""Changes of one event that are followed back."""


def fields_changed_since(database: Database, current: Record, version: int) -> list[str] | None:
    """Returns which fields of `current` differ from those at `version`; None when the log doesn't tell."""
    record, log_id = current, current["department_id"]
    for _ in range(MAX_STEPS):
        if record.get("version", 1) == version:
            return changed_fields(record, current)
        change = _change_at(database, log_id, record.get("revision", 0))
        if record.get("version", 1) < version or change is None or change.prior is None:
            return None
        log_id, revision = change.prior
        earlier = _change_at(database, log_id, revision)
        if earlier is None:
            return None
        record = earlier.record
    return None


def _change_at(database: Database, log_id: str, revision: int) -> Change | None:
    changes = database.read_changes(log_id, revision - 1, revision) if revision else []
    return changes[0] if changes else None
