"""Checks passwords in a process of one worker's kind while a green thread ticks; prints what held it up.

python -m tests.signin.ticking eventlet|gevent MODE: `MODE` is what Passwords is told.
"""

import json
import sys
import time
from typing import Any

ROUNDS, CHECKS = 6, 6


def patched(worker: str) -> Any:
    """Patches the standard library as the worker does; returns `spawn(function)`, whose result has wait()."""
    if worker == "eventlet":
        import eventlet

        eventlet.monkey_patch()
        return eventlet.spawn
    from gevent import monkey

    monkey.patch_all()
    import gevent

    class Waiting:
        def __init__(self, function: Any) -> None:
            self._greenlet = gevent.spawn(function)

        def wait(self) -> Any:
            return self._greenlet.get()

    return Waiting


def measured(spawn: Any, passwords: Any, stored: str) -> dict[str, float]:
    """One round: the longest time between two ticks, and the most that the event loop computed in one."""
    gaps, computed, over = [0.0], [0.0], []

    def tick() -> None:
        wall, own = time.perf_counter(), time.thread_time()
        while not over:
            time.sleep(0.001)
            gaps.append(time.perf_counter() - wall)
            computed.append(time.thread_time() - own)
            wall, own = time.perf_counter(), time.thread_time()

    ticking = spawn(tick)
    checks = [spawn(lambda: passwords.verify(stored, "잘못된 비밀번호")) for _ in range(CHECKS)]
    assert not any(check.wait().right for check in checks)
    over.append(True)
    ticking.wait()
    return {"gap": max(gaps) * 1e3, "computed": max(computed) * 1e3, "ticks": len(gaps)}


def main(worker: str, mode: str) -> None:
    spawn = patched(worker)
    from teamcal.signin.passwords import Passwords

    passwords = Passwords(mode)
    stored = passwords.hash("맞는 비밀번호")
    assert passwords.verify(stored, "맞는 비밀번호").right
    print(json.dumps([measured(spawn, passwords, stored) for _ in range(ROUNDS)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
