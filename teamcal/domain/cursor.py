"""A position in a log, which clients keep and give back as one opaque string."""

import base64
import re
from typing import NamedTuple

from teamcal.errors import FieldProblem, InvalidInput

MAX_CHARACTERS = 2_000


class Cursor(NamedTuple):
    """The state of log `log_id` after the change `revision`, whose id is `change_id`.

    Revision 0 is the state before the first change. The id of the change tells the same revision of two
    histories apart (a table restored from a backup, say). `day`: of clients that see the occurrences of
    series around a day (teamcal/sync/plain_view.py); "" if the department has none, and for those that know
    series.
    """

    log_id: str
    revision: int = 0
    change_id: str = ""
    day: str = ""

    @property
    def text(self) -> str:
        text = f"{self.log_id}\n{self.revision}\n{self.change_id}" + (f"\n{self.day}" if self.day else "")
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cursor_from(text: object) -> Cursor:
    """Returns the cursor that `text` is. Raises InvalidInput."""
    try:
        if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
            raise ValueError(text)
        padded = text + "=" * (-len(text) % 4)
        decoded = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        log_id, revision, change_id, *day = decoded.split("\n")
        if len(day) > 1 or (day and not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", day[0])):
            raise ValueError(day)
        if not (revision.isascii() and revision.isdigit() and len(revision) < 20):
            raise ValueError(revision)
    except ValueError:
        raise InvalidInput([FieldProblem("cursor", "not_a_cursor")]) from None
    return Cursor(log_id, int(revision), change_id, *day)
