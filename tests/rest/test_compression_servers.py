"""A big calendar at real servers: few bytes, sent once, and others are served while it is compressed."""

import gzip
import json
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.big_calendars import big_calendars
from tests.house import patiently
from tests.realtime.socketio_clients import SECONDS, PythonClient, closing
from tests.servers import Worker, running

pytestmark = pytest.mark.slow
EVENTS, MOST_BYTES = 10_000, 1_000_000


def uncompressed(url: str) -> bytes:
    """Returns the list, which a slow machine may not have loaded at the first request."""
    headers = {"Accept-Encoding": "identity"}
    answer = patiently(lambda: requests.get(url, headers=headers, timeout=60))
    assert "Content-Encoding" not in answer.headers
    return bytes(answer.content)


@pytest.mark.parametrize("worker", ["eventlet", "gevent", "gthread"])
def test_a_client_has_10_000_events_by_a_megabyte(tmp_path: Path, worker: Worker) -> None:
    (department,) = big_calendars(tmp_path, [EVENTS])
    with running(worker, data_dir=tmp_path, tables=False) as server, requests.Session() as http:
        url = f"{server.url}/api/events/{department}?series=true"
        whole = uncompressed(url)
        with closing(PythonClient(server.url, ["websocket"])) as client:
            about = {"department_id": department, "cursor": None, "series": True, "events": False}
            joined = client.ask("join_department", about).result(SECONDS)
            assert "events" not in joined
            answer = http.get(url, stream=True)
            packed = answer.raw.read(decode_content=False)
            assert [len(str(one)) < 2_000 for one in client.inbox.named("joined_department")] == [True]
        print(f"{len(whole)} bytes, {len(packed)} in gzip")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed) == whole
        assert len(packed) <= MOST_BYTES
        listed = json.loads(whole)
        assert (len(listed["events"]), listed["cursor"]) == (EVENTS, joined["cursor"])
        again = http.get(url, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_others_are_served_while_it_is_compressed(tmp_path: Path) -> None:
    (department,) = big_calendars(tmp_path, [3 * EVENTS])
    with running("eventlet", data_dir=tmp_path, tables=False) as server:
        url = f"{server.url}/api/events/{department}?series=true"
        uncompressed(url)
        over, waits = threading.Event(), list[float]()

        def ask() -> None:
            with requests.Session() as http:
                while not over.is_set():
                    begun = time.monotonic()
                    http.get(f"{server.url}/api/session", timeout=60).raise_for_status()
                    waits.append(time.monotonic() - begun)

        other = threading.Thread(target=ask)
        other.start()
        begun = time.monotonic()
        answer = requests.get(url, timeout=60)
        taken = time.monotonic() - begun
        over.set()
        other.join(60)
        assert answer.headers["Content-Encoding"] == "gzip"
        print(f"{taken:.2f} s; others waited {max(waits):.3f} s at most, {len(waits)} were served")
        assert len(waits) > 3
