"""One server per worker and one Node for all the cases."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.servers import WORKERS, Server, Worker, running

from .clients import Node, start_node
from .raw import rest


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Worker, Server]]:
    """Every documented way to start, all at once."""
    stack, folder = ExitStack(), tmp_path_factory.mktemp("servers")

    def start(worker: Worker) -> Server:
        return stack.enter_context(running(worker, data_dir=folder / worker))

    with stack, ThreadPoolExecutor(3) as pool:
        yield dict(zip(WORKERS, pool.map(start, WORKERS), strict=True))


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
    """Makes a department and returns its id."""

    def make() -> str:
        body = {"name": f"부서 {uuid.uuid4()}"}
        return str(rest(server.url, "POST", "/api/departments", body)["department"]["id"])

    return make
