"""Tells the fields of an event from other programs' attributes that happen to have the same names.

A table may hold more attributes than this server knows, and anybody may have taken `color` or `status` as a
name. So an item says which optional fields this server has written: the attribute `~` has a letter for each.
In memory, an attribute with such a name that isn't among them has `~` before its name: nothing takes it for a
field, and it is written back as it was. Rows of the change log, which only servers read, have `~` and the
letter for the name of an own field.
"""

from teamcal.domain.event_fields import DERIVED, HIDDEN, OPTIONAL
from teamcal.domain.values import Record
from teamcal.storage.codec import Item, from_item
from teamcal.zones import DEFAULT_ZONE

LETTERS = {
    "start_time": "s",
    "end_time": "e",
    "end_date": "d",
    "time_zone": "z",
    "recurrence": "r",
    "until_day": "u",
    "exceptions": "x",
    "series_version": "v",
    "series_revision": "n",
    "series_modified": "t",
    "location": "l",
    "categories": "c",
    "people": "p",
    "color": "o",
    "status": "a",
    "busy": "b",
    "reminders": "m",
    "uid": "i",
    "sequence": "q",
    "resource": "f",
    "ical": "k",
    "import_digest": "g",
}
"""They are short, since a unit of DynamoDB is 1 KB, and stored: a letter never gets another meaning."""
_NAMES = frozenset({*OPTIONAL, *DERIVED, *HIDDEN})
_OWN_NAMES = {letter: name for name, letter in LETTERS.items()}
MARK = _FOREIGN = "~"
_FOREIGN_NAMES = {_FOREIGN + name: name for name in _NAMES}
_IN_ROWS = {MARK + letter: name for name, letter in LETTERS.items()}
_ROW_NAMES = {name: MARK + letter for name, letter in LETTERS.items()} | _FOREIGN_NAMES
_TOLD_APART = _NAMES | _IN_ROWS.keys() | {MARK}


def record_of(item: Item) -> Record:
    """Returns an event as it is in memory, of DynamoDB's JSON."""
    return in_memory(from_item(item))


def in_memory(stored: Record) -> Record:
    """Returns a record as it is in memory, of one as it is stored in the table or in a row."""
    if _TOLD_APART.isdisjoint(stored):  # most events, in a fifth of the time of a loop
        return stored
    own = {_OWN_NAMES.get(letter) for letter in str(stored.get(MARK, ""))}
    record = {
        _IN_ROWS.get(name) or (_FOREIGN + name if name in _NAMES and name not in own else name): value
        for name, value in stored.items()
        if name != MARK
    }
    if "start_time" in record:
        record.setdefault("time_zone", DEFAULT_ZONE)
    return record


def as_stored(record: Record) -> Record:
    """Returns a record as it is stored in the table, of one as it is in memory."""
    own = "".join(sorted(LETTERS[name] for name in record if name in LETTERS))
    return _with_foreign(record) | ({MARK: own} if own else {})


def as_in_row(record: Record) -> Record:
    """Returns a record as it is stored in a row, of one as it is in memory."""
    left_out = "time_zone" if record.get("time_zone") == DEFAULT_ZONE and "start_time" in record else ""
    return {
        _ROW_NAMES.get(name, name): value for name, value in record.items() if name not in (left_out, MARK)
    }


def _with_foreign(record: Record) -> Record:
    if _FOREIGN_NAMES.keys().isdisjoint(record) and MARK not in record:
        return record
    foreign = {_FOREIGN_NAMES[name]: value for name, value in record.items() if name in _FOREIGN_NAMES}
    return foreign | {
        name: value for name, value in record.items() if name not in _FOREIGN_NAMES and name != MARK
    }
