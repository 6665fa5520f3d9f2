"""Decides from the pulses of all processes which logs to look at. Pure: time and pulses come from outside.

Design: docs/develop/decisions/pulse.md.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from teamcal.domain.pulse import IDLE, STOPPED, UNREADABLE, Pulse

logger = logging.getLogger(__name__)

MISSED_SECONDS = 15.0
"""A process that said nothing for so long, in time for its next beat, may have ended between a commit and its
pulse. The same for the reader: what was said meanwhile may have been overwritten."""
IDLE_MISSED_SECONDS = 60.0 + MISSED_SECONDS
SWEEP_SECONDS = 5.0
"""Between two sweeps at least."""
ALONE_SECONDS = 5.0
"""Between two reads of the pulses at most while no other process lives: it says so when it starts."""
LONGEST_SWEEP_SECONDS = 300.0
"""Between two sweeps at most, whatever the pulses say."""
START_SECONDS = 600.0
"""For so long after its start a process doesn't rely on pulses."""
UNNAMED_SECONDS = 3600.0
"""Nor for so long after a change that no pulse named: an older server writes."""
DEAD_SECONDS, STOPPED_SECONDS = 600.0, 10.0
"""A row that didn't change for so long is removed; the second if its process said that it ended."""


class Decision(NamedTuple):
    """What to do: look at the logs of `look` (newest known revision by log), or at all; remove dead rows."""

    look: Mapping[str, int] = {}
    sweep: bool = False
    dead: Sequence[Pulse] = ()
    say_again: bool = False


@dataclass
class _Row:
    """What a process said last, and when this reader first saw that."""

    pulse: Pulse
    since: float
    missed: bool = False


@dataclass
class PulseReader:
    """What one process knows of the others' pulses. Times are seconds of one clock, the reader's own.

    `interval`: seconds between two sweeps while pulses aren't relied upon. `process`: its own number.
    """

    process: int
    interval: float
    started: float
    _rows: dict[int, _Row] = field(default_factory=dict)
    _read_at: float | None = None
    _failing_since: float | None = None
    _swept_at: float = -float("inf")
    _wants_sweep: bool = False
    _unnamed: dict[str, tuple[int, float | None]] = field(default_factory=dict)
    _unnamed_until: float = -float("inf")

    def reset(self) -> None:
        """Forgets what was read: nobody is watched, and who will be is looked at then."""
        self._rows.clear()
        self._unnamed.clear()
        self._read_at, self._wants_sweep = None, False

    def found(self, log_id: str, revision: int) -> None:
        """Notes a change that this process found by reading; some pulse should name it soon."""
        self._unnamed[log_id] = (revision, None)

    def is_read_due(self, now: float) -> bool:
        if self._read_at is None or self._failing_since is not None:
            return True
        if any(row.pulse.mark != STOPPED and not row.missed for row in self._rows.values()):
            return True
        return now - self._read_at >= min(ALONE_SECONDS, self.interval)

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt to read the pulses failed."""
        return self._failing_since is not None

    def failed(self, now: float) -> Decision:
        """Decides when the pulses can't be read."""
        if self._failing_since is None:
            self._failing_since = now
        return Decision(sweep=self._is_sweep_due(now))

    def read(
        self, now: float, pulses: Iterable[Pulse], own_names: Mapping[str, int], own_beats: range
    ) -> Decision:
        """Decides. `own_beats`: those of its own that may be in the table."""
        rows = {pulse.process: pulse for pulse in pulses}
        look: dict[str, int] = {}
        say_again = self._check_own(rows.pop(self.process, None), own_beats)
        if self._read_at is not None and now - self._read_at > MISSED_SECONDS:
            self._want_sweep("this process paused")
        for process in self._rows.keys() - rows.keys():
            row = self._rows.pop(process)
            if not (row.pulse.mark or row.missed):
                self._want_sweep("a process's row vanished")
        for pulse in rows.values():
            self._take_up(now, pulse, look)
        self._read_at, self._failing_since = now, None
        self._judge_unnamed(now, rows.values(), own_names)
        return Decision(look, self._is_sweep_due(now), self._dead(now), say_again)

    def _check_own(self, pulse: Pulse | None, beats: range) -> bool:
        """Returns whether its own row isn't what it put; then the table is another one: restored."""
        if not beats or not beats.start or (pulse is not None and pulse.beat in beats):
            return False
        self._want_sweep("this process's row isn't what it put")
        return True

    def _take_up(self, now: float, pulse: Pulse, look: dict[str, int]) -> None:
        row = self._rows.get(pulse.process)
        since = row.pulse.counter if row else 0
        if row and pulse.counter < since:
            self._want_sweep("a process's counter fell")
            since = 0
        if pulse.dropped > since:
            self._want_sweep("a process changed more than it can name")
        for named in pulse.named:
            if named.counter > since:
                look[named.log_id] = max(named.revision, look.get(named.log_id, 0))
        if row is None or row.pulse != pulse:
            self._rows[pulse.process] = _Row(pulse, now)
        elif not row.missed and now - row.since > _patience(pulse):
            row.missed = True
            self._want_sweep("a process said nothing for a while")

    def _dead(self, now: float) -> tuple[Pulse, ...]:
        dead = [row for row in self._rows.values() if _is_dead(row, now)]
        for row in dead:
            row.since = now  # it is tried again if the row stays
        return tuple(row.pulse for row in dead)

    def _judge_unnamed(self, now: float, pulses: Iterable[Pulse], own_names: Mapping[str, int]) -> None:
        """Notices that a server writes which has no pulse."""
        for log_id, revision in own_names.items():
            self._name(log_id, revision)
        for pulse in pulses:
            for named in pulse.named:
                self._name(named.log_id, named.revision)
            if pulse.mark == UNREADABLE:
                self._unnamed_until = now + MISSED_SECONDS
        for log_id, (revision, at) in list(self._unnamed.items()):
            if at is None:
                self._unnamed[log_id] = revision, now
            elif now - at > MISSED_SECONDS:
                if now >= self._unnamed_until:
                    logger.warning(
                        "revision %s of %s was written by a server without a pulse: for an hour, all watched "
                        "departments are looked at every %s s",
                        *(revision, log_id, self.interval),
                    )
                self._unnamed.clear()
                self._unnamed_until = now + UNNAMED_SECONDS
                return

    def _name(self, log_id: str, revision: int) -> None:
        if log_id in self._unnamed and self._unnamed[log_id][0] <= revision:
            self._unnamed.pop(log_id, None)

    # Sweeps

    def _want_sweep(self, reason: str) -> None:
        if not self._wants_sweep:
            logger.info("all watched departments are looked at: %s", reason)
        self._wants_sweep = True
        self._unnamed.clear()  # it explains them

    def _is_sweep_due(self, now: float) -> bool:
        longest = LONGEST_SWEEP_SECONDS
        if now < max(self.started + START_SECONDS, self._unnamed_until) or self._is_blind(now):
            longest = self.interval
        if self._wants_sweep:
            longest = min(longest, SWEEP_SECONDS)
        if now - self._swept_at < longest:
            return False
        self._swept_at, self._wants_sweep = now, False
        return True

    def _is_blind(self, now: float) -> bool:
        return self._failing_since is not None and now - self._failing_since > MISSED_SECONDS


def _patience(pulse: Pulse) -> float:
    if pulse.mark in (STOPPED, UNREADABLE):
        return float("inf")
    return IDLE_MISSED_SECONDS if pulse.mark == IDLE else MISSED_SECONDS


def _is_dead(row: _Row, now: float) -> bool:
    return now - row.since > (STOPPED_SECONDS if row.pulse.mark == STOPPED else DEAD_SECONDS)
