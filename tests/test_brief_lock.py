"""The lock for work that never waits is the interpreter's under every worker; real threads are kept out."""

import subprocess
import sys
import threading

import pytest

from teamcal.brief_lock import BriefLock

PATCHES = {
    "eventlet": "import eventlet; eventlet.monkey_patch()",
    "gevent": "from gevent.monkey import patch_all; patch_all()",
    "threading": "",
}


@pytest.mark.parametrize("worker", PATCHES)
def test_no_worker_replaces_it(worker: str) -> None:
    check = (
        "from teamcal.brief_lock import BriefLock; print(type(BriefLock()).__module__, BriefLock.__name__)"
    )
    command = [sys.executable, "-W", "ignore", "-c", f"{PATCHES[worker]}\n{check}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == ["_thread", "RLock"]


def test_it_keeps_real_threads_out() -> None:
    lock, seen = BriefLock(), list[bool]()
    with lock:
        other = threading.Thread(target=lambda: seen.append(lock.acquire(blocking=False)))
        other.start()
        other.join()
    assert seen == [False]
