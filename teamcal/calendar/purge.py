"""The removal of the events of deleted departments."""

from teamcal.domain.changes import DEPARTMENTS
from teamcal.domain.database import Database


def purge_deleted(database: Database) -> None:
    """Removes the events of every deleted department that still has some. Raises StorageError."""
    for department_id in database.read_head(DEPARTMENTS).purging:
        _purge(database, department_id)
        database.mark_purged(department_id)


def _purge(database: Database, department_id: str) -> None:
    def still_deleted() -> bool:
        return database.read_head(department_id).deleted

    head = database.read_head(department_id)
    changes = database.read_changes(department_id, 0, head.revision) if head.deleted else []
    event_ids = {change.record["id"] for change in changes if "id" in change.record}
    database.purge(department_id, event_ids, still_deleted)
