"""What a process looks at, judged from pulses alone: no table, no clock but the test's."""

from dataclasses import replace
from itertools import count, pairwise

import pytest

from teamcal.domain.pulse import IDLE, NAMED_LOGS, STOPPED, UNREADABLE, NamedLog, Pulse
from teamcal.sync.pulse_reader import (
    DEAD_SECONDS,
    IDLE_MISSED_SECONDS,
    LONGEST_SWEEP_SECONDS,
    START_SECONDS,
    SWEEP_SECONDS,
    Decision,
    PulseReader,
)

ME, OTHER = 1, 2


class Clocked:
    """A reader in the middle of its life, and the row of one other process, which beats by itself."""

    def __init__(self) -> None:
        self.now = 0.0
        self.reader = PulseReader(ME, interval=5.0, started=-START_SECONDS)
        self.beats = count(1)
        self.own = range(0)
        self.names: dict[str, int] = {}
        self.row = Pulse(OTHER, next(self.beats))
        self.read(self.row)  # the first one sweeps: nothing was ever looked at
        self.pass_by(SWEEP_SECONDS)

    def read(self, *rows: Pulse) -> Decision:
        return self.reader.read(self.now, rows, self.names, self.own)

    def say(self, *log_ids: str, mark: str = "") -> Pulse:
        """The other process changes logs, each once, and says so."""
        for log_id in log_ids:
            counter = self.row.counter + 1
            kept = tuple(one for one in self.row.named if one.log_id != log_id)
            named = (NamedLog(log_id, counter, counter), *kept)
            dropped = max([self.row.dropped, *(one.counter for one in named[NAMED_LOGS:])])
            self.row = replace(self.row, counter=counter, dropped=dropped, named=named[:NAMED_LOGS])
        self.row = replace(self.row, beat=next(self.beats), mark=mark)
        return self.row

    def pass_by(self, seconds: float) -> list[Decision]:
        """Reads once a second; the other process beats."""
        decisions = []
        for _ in range(int(seconds)):
            self.now += 1
            decisions.append(self.read(self.say()))
        return decisions


@pytest.fixture
def clocked() -> Clocked:
    return Clocked()


def swept(decisions: list[Decision]) -> int:
    return sum(decision.sweep for decision in decisions)


def test_only_what_is_named_and_new_is_looked_at(clocked: Clocked) -> None:
    assert swept(clocked.pass_by(20)) == 0
    decision = clocked.read(clocked.say("a", "b"))
    assert (set(decision.look), decision.sweep) == ({"a", "b"}, False)
    decision = clocked.read(clocked.say("b"))
    assert decision.look == {"b": 3}
    assert clocked.read(clocked.say()).look == {}


def test_new_rows_count_from_zero(clocked: Clocked) -> None:
    new = Pulse(3, 1, 2, 0, (NamedLog("b", 7, 2), NamedLog("a", 5, 1)))
    decision = clocked.read(clocked.say("c"), new)
    assert decision.look == {"a": 5, "b": 7, "c": 1}
    assert not decision.sweep


def test_thirty_two_are_named_and_more_are_swept(clocked: Clocked) -> None:
    decision = clocked.read(clocked.say(*(f"log {number}" for number in range(NAMED_LOGS))))
    assert (len(decision.look), decision.sweep) == (NAMED_LOGS, False)
    clocked.now += SWEEP_SECONDS
    decision = clocked.read(clocked.say(*(f"other {number}" for number in range(NAMED_LOGS))))
    assert not decision.sweep  # those that were dropped had been read
    clocked.now += SWEEP_SECONDS
    assert clocked.read(clocked.say(*(f"log {number}" for number in range(NAMED_LOGS + 1)))).sweep


def test_sweeps_are_at_least_five_seconds_apart(clocked: Clocked) -> None:
    many = [f"log {number}" for number in range(NAMED_LOGS + 1)]
    at = []
    for _ in range(60):
        clocked.now += 0.5
        at += [clocked.now] if clocked.read(clocked.say(*many)).sweep else []
    assert len(at) == 6
    assert min(later - earlier for earlier, later in pairwise(at)) >= SWEEP_SECONDS


def test_a_row_that_vanishes_is_one_sweep(clocked: Clocked) -> None:
    clocked.now += 1
    assert clocked.read().sweep
    for _ in range(60):
        clocked.now += 1
        assert not clocked.read().sweep


@pytest.mark.parametrize("mark", [IDLE, STOPPED])
def test_a_marked_row_may_vanish(clocked: Clocked, mark: str) -> None:
    clocked.read(clocked.say(mark=mark))
    clocked.now += 1
    assert clocked.read() == Decision()


@pytest.mark.parametrize(("mark", "seconds"), [("", 15), (IDLE, IDLE_MISSED_SECONDS)])
def test_a_process_that_falls_silent_is_one_sweep(clocked: Clocked, mark: str, seconds: float) -> None:
    row = clocked.say(mark=mark)
    began = clocked.now
    at = []
    for _ in range(200):
        clocked.now += 1
        if clocked.read(row).sweep:
            at.append(clocked.now - began)
    assert len(at) == 1
    assert seconds < at[0] <= seconds + 2


def test_a_counter_that_falls_is_a_sweep_and_names_again(clocked: Clocked) -> None:
    before = clocked.say("a")
    clocked.read(before)
    clocked.read(clocked.say("b", "c"))
    clocked.now += SWEEP_SECONDS
    decision = clocked.read(replace(before, beat=99))
    assert decision.sweep
    assert set(decision.look) == {"a"}


def test_a_reader_that_paused_sweeps(clocked: Clocked) -> None:
    clocked.now += 14
    assert not clocked.read(clocked.say()).sweep
    clocked.now += 16
    assert clocked.read(clocked.say()).sweep


def test_its_own_row_must_be_what_it_put(clocked: Clocked) -> None:
    clocked.own = range(4, 6)  # 4 is acknowledged, 5 is under way
    for beat in (4, 5):
        assert clocked.read(Pulse(ME, beat), clocked.say()) == Decision()
    for rows in ((), (Pulse(ME, 3),), (Pulse(ME, 6),)):
        clocked.now += SWEEP_SECONDS
        decision = clocked.read(*rows, clocked.say())
        assert decision.sweep
        assert decision.say_again
    clocked.own = range(0, 2)  # none was acknowledged yet
    clocked.now += SWEEP_SECONDS
    assert clocked.read(clocked.say()) == Decision()


def test_after_a_start_pulses_are_not_relied_upon() -> None:
    reader = PulseReader(ME, interval=5.0, started=0.0)
    sweeps = [now for now in range(int(START_SECONDS) + 200) if reader.read(now, (), {}, range(0)).sweep]
    assert sweeps == list(range(0, int(START_SECONDS), 5))


def test_whatever_the_pulses_say_there_is_a_sweep_now_and_then(clocked: Clocked) -> None:
    assert swept(clocked.pass_by(3 * LONGEST_SWEEP_SECONDS)) == 3


def test_a_head_that_moves_without_a_pulse_is_an_older_servers(
    clocked: Clocked, caplog: pytest.LogCaptureFixture
) -> None:
    clocked.reader.found("a", 7)
    assert swept(clocked.pass_by(15)) == 0
    assert swept(clocked.pass_by(30)) == 6
    clocked.reader.found("a", 8)
    clocked.pass_by(30)
    assert caplog.text.count("without a pulse") == 1
    assert swept(clocked.pass_by(3600)) >= 3600 / 5 - 12
    assert swept(clocked.pass_by(2 * LONGEST_SWEEP_SECONDS)) <= 3


def test_a_head_that_a_pulse_names_later_is_nobodys(clocked: Clocked) -> None:
    clocked.reader.found("a", 1)
    clocked.reader.found("mine", 4)
    clocked.names = {"mine": 4}
    clocked.pass_by(3)
    clocked.read(clocked.say("a"))
    assert swept(clocked.pass_by(60)) == 0
    clocked.reader.found("a", 1)  # it is named already
    assert swept(clocked.pass_by(60)) == 0


def test_a_row_that_cannot_be_read_is_not_relied_upon(clocked: Clocked) -> None:
    sweeps = 0
    for beat in range(100):
        clocked.now += 1
        sweeps += clocked.read(clocked.say(), Pulse(3, beat, mark=UNREADABLE)).sweep
    assert sweeps == 20


def test_pulses_that_cannot_be_read_are_not_relied_upon(clocked: Clocked) -> None:
    at = []
    for _ in range(60):
        clocked.now += 1
        at += [clocked.now] if clocked.reader.failed(clocked.now).sweep else []
    assert len(at) == 9
    assert swept(clocked.pass_by(5)) == 1  # for what was said meanwhile


def test_dead_rows_are_removed_and_ended_ones_sooner(clocked: Clocked) -> None:
    ended, dead = Pulse(3, 1, mark=STOPPED), Pulse(4, 1)
    removed = []
    for _ in range(int(DEAD_SECONDS) + 5):
        clocked.now += 1
        removed += [
            (one.process, clocked.now) for one in clocked.read(clocked.say(), ended, dead).dead if one
        ]
    began = clocked.now - DEAD_SECONDS - 4
    assert removed[0] == (3, began + 11)
    assert [at for process, at in removed if process == 4] == [began + 601]


def test_nobody_is_watched_for_a_while(clocked: Clocked) -> None:
    clocked.reader.reset()
    clocked.now += 100
    decision = clocked.read(clocked.say("a"))
    assert not decision.sweep
