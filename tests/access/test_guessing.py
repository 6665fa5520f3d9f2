"""Who guesses passwords at a real server doesn't slow down the others' requests."""

import threading
import time
from pathlib import Path

import pytest
import requests

from tests.servers import Server, running
from tests.signin.test_servers import ROOT, setup_code, times_of

WINDOWS, EACH = 6, 60


@pytest.mark.timeout(240)
def test_others_wait_at_most_twice_as_long_beside_who_guesses(tmp_path: Path) -> None:
    """Windows with and without the guesses alternate: the machine is busy with other things, too."""
    with running("eventlet", data_dir=tmp_path, env={"AUTH_MODE": "token"}) as server:
        body = {"setup": setup_code(server), **ROOT, "token": True}
        token = requests.post(f"{server.url}/api/session", json=body, timeout=30).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        times_of(server, headers, EACH)
        alone: list[float] = []
        beside: list[float] = []
        statuses: list[int] = []
        for _ in range(WINDOWS):
            alone += times_of(server, headers, EACH)
            over = threading.Event()
            guessing = threading.Thread(target=guess, args=(server, over, statuses))
            guessing.start()
            beside += times_of(server, headers, EACH)
            over.set()
            guessing.join(60)
    assert statuses.count(401) >= 5
    assert statuses.count(429) >= 5
    before, after = percentile(alone), percentile(beside)
    print(f"p99 {before:.1f} → {after:.1f} ms, {len(statuses)} guesses")
    assert after < 5 * 2 * before


def guess(server: Server, over: threading.Event, statuses: list[int]) -> None:
    """One client that tries one password after the other, as fast as it is answered."""
    with requests.Session() as client:
        while not over.is_set():
            body = {"login": f"user{len(statuses)}", "password": "wrong"}
            statuses.append(client.post(f"{server.url}/api/session", json=body, timeout=30).status_code)
            time.sleep(0.001)


def percentile(times: list[float]) -> float:
    return sorted(times)[int(0.99 * (len(times) - 1))]
