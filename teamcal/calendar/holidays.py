"""Holidays: those of the country, of the installation's file, and of the list that administrators keep."""

from collections.abc import Sequence
from datetime import MAXYEAR, date, timedelta, timezone
from pathlib import Path

from teamcal.calendar.gateway import Gateway
from teamcal.domain.caller import Caller, Right
from teamcal.domain.holidays import MAX_OWN, BrokenList, Holiday, OwnDay, holidays_between, own_days_from
from teamcal.domain.items import ItemWrite
from teamcal.domain.values import Record
from teamcal.errors import FieldProblem, InvalidInput, StorageUnavailable, TableMissing
from teamcal.settings import SettingsError
from teamcal.sync.shared_read import SharedRead

ITEM = "holidays"
"""Id of the plain item with the list: {"names": {"2026-10-09": "창립기념일"}, "version": 1}."""
MAX_DAYS = 3 * 366
ATTEMPTS = 10
"""How often a change is tried that others' changes come before."""
_KOREA = timezone(timedelta(hours=9))
"""Without daylight saving since 1988."""


class Holidays:
    """Raises CalendarError. `own_days`: those of HOLIDAYS_FILE.

    The list is read anew for each answer, once for all requests that wait for it: a change in one server
    process shows in all of them at once.
    """

    def __init__(self, gateway: Gateway, own_days: Sequence[OwnDay] = ()) -> None:
        self._gateway, self._permits, self._own_days = gateway, gateway.permits, own_days
        self._shared_read = SharedRead(ITEM)
        self._names: dict[str, str] = {}

    def between(self, caller: Caller, first: str | None = None, last: str | None = None) -> list[Holiday]:
        """Returns the holidays from `first` to `last`, YYYY-MM-DD, both inclusive, at most MAX_DAYS.

        Without `first`, from the beginning of the last date's year, or else of this year in Korea; without
        `last`, to the end of the year after the first date's.
        Raises TokenRequired, TokenInvalid, InvalidInput, StorageError.
        """
        self._permits.require_somebody(caller)
        today = self._gateway.now().astimezone(_KOREA).date().isoformat()
        start = date.fromisoformat(first or f"{(last or today)[:4]}-01-01")
        end = date.fromisoformat(last or f"{min(start.year + 1, MAXYEAR):04}-12-31")
        if (end - start).days >= MAX_DAYS:
            raise InvalidInput([FieldProblem("to", "too_many_days", {"limit": MAX_DAYS})])
        self._shared_read.wait(self._read)
        return holidays_between(start, end, self._own_days, self._names)

    def set(self, caller: Caller, day: str, name: str | None) -> list[Holiday]:
        """Puts `name` on the list for the date `day`, or takes the date off it; for administrators.

        Returns all holidays of that date as they are then. Raises Forbidden, InvalidInput when the list is
        full, StorageError.
        """
        for _ in range(ATTEMPTS):
            self._permits.require(caller, Right.ADMINISTER, "")
            item = self._gateway.database.items.get(ITEM)
            names = {} if item is None else dict(item["names"])
            if names.get(day) == name or self._write(item, _edited(names, day, name)):
                break
        else:
            raise StorageUnavailable("the list of holidays is being changed by others")
        return self.between(caller, day, day)

    def _write(self, item: Record | None, names: dict[str, str]) -> bool:
        """Stores the list, unless it isn't any more what `item` is; returns whether it has."""
        version = 0 if item is None else item["version"]
        edited = {"id": ITEM, "names": names, "version": version + 1}
        write = ItemWrite(ITEM, edited, expects={"version": version}, new=item is None)
        return self._gateway.database.items.write(write)

    def _read(self) -> None:
        try:
            item = self._gateway.database.items.get(ITEM)
        except TableMissing:  # made by an older version, whose open mode didn't need it
            item = None
        self._names = {} if item is None else dict(item["names"])


def _edited(names: dict[str, str], day: str, name: str | None) -> dict[str, str]:
    others = {other: kept for other, kept in names.items() if other != day}
    if name is None:
        return others
    if len(others) >= MAX_OWN:
        raise InvalidInput([FieldProblem("date", "too_many", {"limit": MAX_OWN})])
    return others | {day: name}


def own_days_of(path: Path | None) -> tuple[OwnDay, ...]:
    """Returns the days in HOLIDAYS_FILE. Raises SettingsError, which says in which line it is broken."""
    if path is None:
        return ()
    try:
        return own_days_from(path.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"HOLIDAYS_FILE: must be a file that can be read: {path}: {error.strerror}"
        ) from None
    except BrokenList as error:
        raise SettingsError(f"HOLIDAYS_FILE: {path} {error}") from None
