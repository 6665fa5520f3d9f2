"""Calendars for other programs: feeds of departments, single events, and tables for spreadsheets."""

import hashlib
import io
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from functools import partial
from importlib.metadata import version
from typing import NamedTuple

from teamcal.calendar.departments import Departments
from teamcal.calendar.events import Events
from teamcal.calendar.gateway import Gateway
from teamcal.domain.caller import Caller
from teamcal.domain.events import first_date, order_of, text_of
from teamcal.domain.spreadsheet import csv_of
from teamcal.domain.values import Record
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.ical.vevents import uid_of
from teamcal.ical.vtimezone import LATEST_SINCE
from teamcal.ical.writing import Fragment, calendar_text, fragment
from teamcal.sync.replica import Replica
from teamcal.sync.turns import in_short_turns, in_turns, sorted_in_turns

logger = logging.getLogger(__name__)

FORMAT = 1
"""Part of every ETag: another number when the same events are written in another way."""
MAX_DEPARTMENTS = 20
"""In one feed."""
_NOTHING = Fragment(b"", frozenset(), LATEST_SINCE)
_TIME_ZONES = version("tzdata")


class Feed(NamedTuple):
    """`etag` names the bytes that `content` returns. `name`: what the feed shows, for people.

    `content` may be called once, takes as long as there are changed events, and raises StorageUnavailable.
    """

    etag: str
    name: str
    content: Callable[[], bytes]


class _Snapshot(NamedTuple):
    """A department at one moment: `cursor` is the text of its cursor."""

    replica: Replica
    name: str
    cursor: str
    records: Sequence[Record]


class Feeds:
    """Series are series here, for every caller. Every method raises DepartmentNotFound, StorageError."""

    def __init__(self, gateway: Gateway, departments: Departments, events: Events) -> None:
        self._gateway, self._departments, self._events = gateway, departments, events

    def of_department(self, caller: Caller, department_id: str) -> Feed:
        """Returns the department as iCalendar."""
        shown = self._snapshot(caller, department_id)
        etag = self._etag(shown.cursor, shown.name)
        return Feed(etag, shown.name, partial(self._document, shown, "ics", etag, self._calendar))

    def of_departments(self, caller: Caller, department_ids: Sequence[str]) -> Feed:
        """Returns several departments in one calendar. Raises InvalidInput for none, or too many."""
        ids = list(dict.fromkeys(department_ids))
        if not ids:
            raise InvalidInput([FieldProblem("departments", "required")])
        if len(ids) > MAX_DEPARTMENTS:
            raise InvalidInput([FieldProblem("departments", "too_many", {"limit": MAX_DEPARTMENTS})])
        shown = [self._snapshot(caller, department_id) for department_id in ids]
        name = ", ".join(one.name for one in shown)
        cursors = hashlib.blake2b("\n".join(one.cursor for one in shown).encode(), digest_size=16).hexdigest()
        return Feed(self._etag(cursors, name), name, partial(self._calendar, name, *shown))

    def table(self, caller: Caller, department_id: str) -> Feed:
        """Returns the department as CSV; a series is one row."""
        shown = self._snapshot(caller, department_id)
        etag = self._etag(shown.cursor)
        return Feed(etag, shown.name, partial(self._document, shown, "csv", etag, _table))

    def of_event(self, caller: Caller, department_id: str, event_id: str) -> Feed:
        """Returns an event, a series or an occurrence as a calendar of its own. Raises EventNotFound."""
        event = self._events.get(caller, department_id, event_id)
        title = text_of(event.get("title"))
        etag = self._etag(str(event.get("version", 1)), event["id"], str(event.get("revision", 0)))
        chunks = calendar_text([event], fragment_of=self._fragment)
        return Feed(etag, title, partial(b"".join, chunks))

    def _snapshot(self, caller: Caller, department_id: str) -> _Snapshot:
        replica = self._gateway.replica(caller, department_id)
        name = text_of(self._departments.get(caller, department_id).get("name"))
        with replica.lock():
            head, records = replica.require_department(), list(replica.records.values())
        return _Snapshot(replica, name, head.cursor.text, records)

    def _etag(self, shown: str, *more: str) -> str:
        """Returns an ETag for what is `shown`, which says too how it is written."""
        text = "\n".join([*more, self._gateway.zone, _TIME_ZONES])
        digest = hashlib.blake2b(text.encode(errors="replace"), digest_size=6).hexdigest()
        return f"{shown}.{FORMAT}.{digest}"

    def _document(
        self, shown: _Snapshot, name: str, tag: str, make: Callable[[str, _Snapshot], bytes]
    ) -> bytes:
        """Returns a document of one department; it is made once for all who ask at this revision."""
        exports = shown.replica.exports
        content = exports.document(name, tag)
        if content is None:
            with exports.lock():
                content = exports.document(name, tag)
                if content is None:
                    content = make(shown.name, shown)
                    exports.keep(name, tag, content)
            self._gateway.replicas.grew(shown.replica)
        return content

    def _calendar(self, name: str, *shown: _Snapshot) -> bytes:
        pieces = dict[str, Callable[[Record], Fragment]]()
        with ExitStack() as stack:
            # In one order everywhere, so that two feeds can't wait for each other.
            for one in sorted(shown, key=lambda one: one.replica.log_id):
                exports = one.replica.exports
                stack.enter_context(exports.lock())
                pieces[one.replica.log_id] = stack.enter_context(exports.pieces(self._fragment, _bytes_of))

            def fragment_of(event: Record) -> Fragment:
                return pieces[event["department_id"]](event)

            chunks = calendar_text(_events_of(shown), name=name, fragment_of=fragment_of)
            content = _joined(chunks)
        for one in shown:
            self._gateway.replicas.grew(one.replica)
        return content

    def _fragment(self, event: Record) -> Fragment:
        """An event that can't be written, which other programs may have stored, must not fail all others."""
        try:
            date.fromisoformat(first_date(event))
            return fragment(event, self._gateway.zone)
        except Exception:  # it is logged, whatever it is
            logger.warning("the event %s can't be written as iCalendar", event.get("id"), exc_info=True)
            return _NOTHING


def _events_of(shown: Sequence[_Snapshot]) -> Iterator[Record]:
    """Yields the events of the departments, each in the order of lists; of those with one UID the first."""
    uids: set[str] = set()
    for one in shown:
        for event in _ordered(one.records):
            uid = uid_of(event)
            if uid not in uids:
                uids.add(uid)
                yield event


def _ordered(records: Iterable[Record]) -> Iterator[Record]:
    by_key = {order_of(event): event for event in in_turns(records)}
    for key in sorted_in_turns(list(by_key)):
        yield by_key[key]


def _bytes_of(piece: Fragment) -> int:
    return len(piece.text)


def _table(name: str, shown: _Snapshot) -> bytes:
    return _joined(csv_of(_ordered(shown.records)))


def _joined(chunks: Iterable[bytes]) -> bytes:
    buffer = io.BytesIO()
    for chunk in in_short_turns(chunks):
        buffer.write(chunk)
    return buffer.getvalue()
