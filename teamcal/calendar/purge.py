"""The removal of the events of deleted departments."""

import random

from teamcal.domain.changes import DEPARTMENTS
from teamcal.domain.database import Database
from teamcal.errors import StorageError, StorageThrottled


def purge_deleted(database: Database) -> None:
    """Removes the events of every deleted department that still has some. Raises StorageError.

    One that fails doesn't stop the others, and none is always the last: it would never have its turn.
    """
    departments = list(database.read_head(DEPARTMENTS).purging)
    failure: StorageError | None = None
    for department_id in random.sample(departments, len(departments)):
        try:
            database.purge(department_id)
        except StorageError as error:
            failure = error
    if failure is not None:
        raise failure


def require_purged(database: Database, department_id: str) -> None:
    """Ends the removal of a deleted department's events, which must not live on in its next life.

    Raises StorageThrottled when there are more than can be removed before the deadline.
    """
    if department_id in database.read_head(DEPARTMENTS).purging and not database.purge(department_id):
        raise StorageThrottled(f"the events of {department_id} are still being removed")
