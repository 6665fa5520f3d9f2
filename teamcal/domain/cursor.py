"""The position of a client in a department's log, as one opaque string."""

import base64

from teamcal.domain.changes import Head
from teamcal.errors import FieldProblem, InvalidInput


def cursor_of(head: Head) -> str:
    """(department, revision, change_id) as one opaque string."""
    text = f"{head.log_id}\n{head.revision}\n{head.change_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def head_at(cursor: object) -> Head:
    """The position that `cursor` names. Raises InvalidInput."""
    try:
        if not isinstance(cursor, str) or len(cursor) > 2000:
            raise ValueError(cursor)
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        log_id, revision, change_id = text.split("\n")
        if not (revision.isascii() and revision.isdigit() and len(revision) < 20):
            raise ValueError(revision)
    except ValueError:
        raise InvalidInput([FieldProblem("cursor", "not_a_cursor")]) from None
    return Head(log_id, int(revision), change_id)
