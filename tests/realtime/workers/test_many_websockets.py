"""1,500 open websockets on the documented command."""

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.realtime.raw_clients import RawWebsocket, request, rest
from tests.servers import Server, running

SOCKETS = 1_500


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = SOCKETS + 500
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"only {hard} open files are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_1500_websockets_keep_rest_quick_and_end_with_the_server(tmp_path: Path, many_files: None) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        members = [RawWebsocket(server.url).connect() for _ in range(SOCKETS)]
        assert median_seconds(server) <= 0.5
        rest(server.url, "POST", "/api/departments", {"name": "개발팀"})
        for member in (members[0], members[SOCKETS // 2], members[-1]):
            assert member.receive().startswith('42["connected"')
            assert member.receive().startswith('42["department_created"')
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began <= 30
        for member in members:
            member.close()


def median_seconds(server: Server) -> float:
    durations = []
    for _ in range(15):
        began = time.monotonic()
        assert request(server.url, "GET", "/api/departments")[0] == 200
        durations.append(time.monotonic() - began)
    print("REST with 1,500 websockets, ms:", [round(1000 * seconds, 1) for seconds in durations])
    return sorted(durations)[len(durations) // 2]
