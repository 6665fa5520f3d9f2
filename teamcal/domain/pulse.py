"""The pulse: what each process says of the logs that it changed. Design: docs/develop/decisions/pulse.md."""

from dataclasses import dataclass
from typing import NamedTuple

PULSE = "~pulse"
"""Where pulses are kept among the logs. No department can have this id: theirs are UUIDs."""
NAMED_LOGS, MOST_NAMED_LOGS = 32, 600
"""Logs that a pulse names, in 1 KB; and at most, when as many changed within seconds."""
RIGHTS_PROCESS = 0
"""In place of a process: what every commit to `@access` says of its revision, in the same transaction. No
process has this number."""
IDLE, STOPPED, UNREADABLE = "idle", "stopped", "unreadable"
"""Marks of a pulse: nothing was written for a while; the process has ended; a newer server's form."""


class NamedLog(NamedTuple):
    """A log that the process changed: to `revision`, with its change number `counter`."""

    log_id: str
    revision: int
    counter: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """What one process said last.

    `process` is a random number, made at its start. `beat` numbers what it said, `counter` its changes.
    `named` are the logs that it changed last, the newest first; logs that it changed only at or before its
    change `dropped` are no longer among them.
    """

    process: int
    beat: int
    counter: int = 0
    dropped: int = 0
    named: tuple[NamedLog, ...] = ()
    mark: str = ""
