"""A pulse as an item of the changes table: usually 1 KB at most, so that putting one costs one write unit.

The named logs are one binary attribute: for each, how long ago the process changed it (in its changes), the
revision, and the id: its length and its text in UTF-8, or 0 and the 16 bytes of a UUID. Numbers are varints,
seven bits a byte, the lowest first, as in Protocol Buffers.
"""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from teamcal.domain.changes import ACCESS
from teamcal.domain.pulse import NAMED_LOGS, PULSE, RIGHTS_PROCESS, UNREADABLE, NamedLog, Pulse
from teamcal.domain.values import Record

LOGS_BYTES, MOST_LOGS_BYTES = 880, 16_000
"""Of up to NAMED_LOGS logs, and of more. The rest of the item, names included, takes less than 140."""


def row_of(pulse: Pulse) -> Record:
    """Returns the item. It names as many of the logs as fit, and says so if some don't."""
    packed, dropped = bytearray(), pulse.dropped
    limit = LOGS_BYTES if len(pulse.named) <= NAMED_LOGS else MOST_LOGS_BYTES
    for named in pulse.named:
        entry = _varint(pulse.counter - named.counter) + _varint(named.revision) + _id_bytes(named.log_id)
        if len(packed) + len(entry) > limit:
            dropped = max(dropped, named.counter)
            break
        packed += entry
    row: Record = {
        "department_id": PULSE,
        "revision": pulse.process,
        "beat": pulse.beat,
        "counter": pulse.counter,
        "logs": bytes(packed),
    }
    if dropped:
        row["dropped"] = dropped
    if pulse.mark:
        row["mark"] = pulse.mark
    return row


def rights_row(revision: int) -> Record:
    """Returns the item that tells of the newest revision of `@access`. It isn't a process's."""
    return {"department_id": PULSE, "revision": RIGHTS_PROCESS, "rights": revision}


def pulse_of(row: Record) -> Pulse:
    """Returns the pulse that `row_of` was given; what isn't understood is marked UNREADABLE."""
    pulse = Pulse(row["revision"], -1)
    if pulse.process == RIGHTS_PROCESS and isinstance(row.get("rights"), int):
        return replace(pulse, named=(NamedLog(ACCESS, row["rights"], 0),))
    try:
        counter = int(row["counter"])
        return replace(
            pulse,
            beat=int(row["beat"]),
            counter=counter,
            dropped=int(row.get("dropped", 0)),
            named=tuple(_named(row["logs"], counter)),
            mark=str(row.get("mark", "")),
        )
    except (LookupError, ValueError, TypeError, AttributeError):
        return replace(pulse, mark=UNREADABLE)


def _named(packed: bytes, counter: int) -> Iterator[NamedLog]:
    numbers = iter(bytes(packed))
    while (age := _number(numbers)) is not None:
        revision, length = _number(numbers), _number(numbers)
        if revision is None or length is None:
            raise ValueError("the last entry isn't whole")
        text = bytes(islice(numbers, length or 16))
        if len(text) != (length or 16):
            raise ValueError("the last id isn't whole")
        log_id = text.decode() if length else str(uuid.UUID(bytes=text))
        yield NamedLog(log_id, revision, counter - age)


def _id_bytes(log_id: str) -> bytes:
    try:
        if str(uuid.UUID(log_id)) == log_id:
            return b"\0" + uuid.UUID(log_id).bytes
    except ValueError:
        pass
    text = log_id.encode()
    return _varint(len(text)) + text


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _number(numbers: Iterator[int]) -> int | None:
    """Returns the next varint; None at the end."""
    value, shift = 0, 0
    for byte in numbers:
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7
    if shift:
        raise ValueError("the last number isn't whole")
    return None
