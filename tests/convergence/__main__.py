"""`python -m tests.convergence --seconds 45`: one run, its figures, and what it found wrong."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.convergence.run import Plan, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.convergence", description=__doc__)
    parser.add_argument("--seconds", type=float, default=45.0, help="of writing, with trouble")
    parser.add_argument("--clients", type=int, default=40)
    parser.add_argument("--writers", type=int, default=10)
    parser.add_argument("--tail", type=float, default=1.0, help="TAIL_INTERVAL_SECONDS of the servers")
    parser.add_argument("--no-redis", action="store_true")
    parser.add_argument("--no-kills", action="store_true", help="no process is ended")
    parser.add_argument("--archives", type=int, default=0, help="large departments")
    parser.add_argument("--imports", type=int, default=0, help="of a department that is deleted, at most 3")
    parser.add_argument("--restores", action="store_true", help="the tables are restored")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--least", type=int, default=0, help="operations")
    parser.add_argument("--broken", default="", help="a variant of broken.py")
    parser.add_argument("--folder", type=Path, help="where logs and tables stay")
    given = parser.parse_args()
    plan = Plan(
        given.seconds, given.clients, given.writers, given.tail, not given.no_redis, not given.no_kills,
        broken=given.broken, archives=given.archives, imports=given.imports, restores=given.restores,
        least=given.least,
    )  # fmt: skip
    if given.seed is not None:
        plan.seed = given.seed
    with tempfile.TemporaryDirectory() as temporary:
        report = run(plan, given.folder or Path(temporary))
    print("\n".join(report.findings.texts))
    print(report.summary())
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
