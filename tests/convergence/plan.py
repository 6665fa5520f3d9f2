"""What a run does, and what it reports."""

import random
from collections import Counter
from dataclasses import dataclass, field

from tests.convergence.findings import Findings

SLOW_PURGE_SECONDS = 8.0
TROUBLE = {
    "throttle": 0.02, "conflict": 0.03, "lost answer": 0.02, "lost request": 0.01, "unprocessed": 0.02,
    "lag": 3.0, "lost notice": 0.05, "notice twice": 0.05, "slow purge": SLOW_PURGE_SECONDS,
}  # fmt: skip
QUIET_AFTER_TROUBLE = 3.0
IMPORTS_AT = (0.05, 0.40, 0.70)
FROZEN_SECONDS = 4.0
PATIENCE = 60.0
"""Seconds in which what has to happen by chance has happened, on a busy machine too."""
ON_THE_WAY = 0.5
"""Seconds in which a client has read what was sent to it."""
BURST_OF_THROTTLING = 0.5
MIDNIGHTS_AT = (0.2, 0.38, 0.6, 0.85)
"""While Redis is away, while a server is dead, before one is frozen, and while Redis is away again."""
LAST = {"lost notice": 0.5, "notice twice": 0.05}


@dataclass
class Plan:
    """`seconds` of writing, longer until `least` operations are done and each of `seen` has happened with
    files, which a busy machine may need; `shares`: the faults of faults.py.

    `kills`: are processes ended and frozen? `drops`: do clients lose their connections? `archives`: how many
    large departments there are. `imports`: how often is a department deleted and imported again? `restores`:
    are the tables restored? `files`: are files imported? `midnights`: do days pass? `cut`: after which share
    of the messages about occurrences are clients cut off? `seed`: of what happens by chance; the order of
    processes isn't in its hands.
    """

    seconds: float = 45.0
    clients: int = 40
    writers: int = 10
    tail: float = 1.0
    redis: bool = True
    kills: bool = True
    drops: bool = True
    archives: int = 0
    imports: int = 0
    restores: bool = False
    files: bool = True
    midnights: bool = True
    cut: float = 0.03
    seed: int = field(default_factory=lambda: random.SystemRandom().randrange(10**6))
    broken: str = ""
    batch: tuple[int, int] = (5, 40)
    pause: float = 0.05
    least: int = 0
    seen: tuple[str, ...] = ()
    shares: dict[str, float] = field(default_factory=lambda: dict(TROUBLE))


@dataclass
class Report:
    findings: Findings
    counts: Counter[str]
    operations: int
    acknowledged: int
    seconds: float
    slowest: float
    stall: float
    seed: int

    def summary(self) -> str:
        wrong = self.findings.counts
        figures = ", ".join(f"{name} {count}" for name, count in sorted(self.counts.items()))
        others = [
            f"{n} {kind}" for kind, n in wrong.items() if kind not in ("lost", "duplicated", "out of order")
        ]
        return (
            f"{self.operations} operations, {self.acknowledged} changes acknowledged, {self.seconds:.0f} s, "
            f"seed {self.seed}, slowest delivery {self.slowest:.2f} s (this process stalled "
            f"{self.stall:.2f} s); {figures}; "
            + ", ".join(f"{wrong[kind]} {kind}" for kind in ("lost", "duplicated", "out of order"))
            + "".join(f", {one}" for one in others)
        )
