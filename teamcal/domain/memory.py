"""The bytes that records and changes hold in memory, reckoned from their content alone.

`sys.getsizeof` will not do: a text that is not ASCII gets a copy in UTF-8, which stays with it, when it is
first encoded. What was added must be what is taken off later.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from teamcal.domain.changes import Change
from teamcal.domain.values import Record

RECORD_BYTES = 700
"""A record's dictionary and its place in another."""
CHANGE_BYTES = 550
"""A change besides its record: its two ids, its time and its place."""
TEXT_BYTES, WIDE_BYTES = 60, 5
"""A text besides its characters, and a character beyond ASCII: 2 bytes and 3 more in UTF-8, as Korean has."""
NUMBER_BYTES = 32


def bytes_of_record(record: Record) -> int:
    """Returns the bytes of a record, within a third (tests/sync/test_memory.py). It takes 1 µs."""
    total = RECORD_BYTES
    for value in record.values():
        if type(value) is str:
            total += TEXT_BYTES + (len(value) if value.isascii() else WIDE_BYTES * len(value))
        elif type(value) is int:
            total += NUMBER_BYTES
        else:
            total += _bytes_of(value)
    return total


def bytes_of_change(change: Change) -> int:
    return CHANGE_BYTES + bytes_of_record(change.record)


def _bytes_of(value: Any) -> int:
    """Returns the bytes of an attribute of any type; other programs may have added some."""
    if isinstance(value, str):
        return TEXT_BYTES + (len(value) if value.isascii() else WIDE_BYTES * len(value))
    if isinstance(value, bytes):
        return TEXT_BYTES + len(value)
    if isinstance(value, Mapping):
        return RECORD_BYTES + sum(_bytes_of(name) + _bytes_of(part) for name, part in value.items())
    if isinstance(value, Sequence | Set):
        return RECORD_BYTES + sum(map(_bytes_of, value))
    return NUMBER_BYTES
