"""One server of each worker, and one Node process, for all tests of this folder."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.realtime.raw_clients import rest
from tests.realtime.socketio_clients import Node, start_node
from tests.servers import WORKERS, Server, Worker, running


@contextmanager
def running_all(starts: dict[Worker, AbstractContextManager[Server]]) -> Iterator[dict[Worker, Server]]:
    """Starts and stops several servers in parallel."""
    with ThreadPoolExecutor(3) as pool:
        started = dict(zip(starts, pool.map(lambda start: start.__enter__(), starts.values()), strict=True))
        try:
            yield started
        finally:
            list(pool.map(lambda start: start.__exit__(None, None, None), starts.values()))


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Worker, Server]]:
    """One server for every documented way to start."""
    folder = tmp_path_factory.mktemp("servers")
    with running_all({worker: running(worker, data_dir=folder / worker) for worker in WORKERS}) as started:
        yield started


@pytest.fixture(params=WORKERS)
def server(request: pytest.FixtureRequest, servers: dict[Worker, Server]) -> Server:
    return servers[request.param]


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    started = start_node()
    yield started
    started.stop()


@pytest.fixture
def department(server: Server) -> Callable[[], str]:
    """Creates a department and returns its id."""

    def make() -> str:
        body = {"name": f"부서 {uuid.uuid4()}"}
        return str(rest(server.url, "POST", "/api/departments", body)["department"]["id"])

    return make
