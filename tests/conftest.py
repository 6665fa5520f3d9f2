"""Fixtures that several folders use. What holds for every session is in session_rules.py."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.house import House, Server
from tests.tls_server import Real, real_server


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def server(house: House) -> Server:
    return house.server()


@pytest.fixture
def http(server: Server) -> Any:
    return server.http


@pytest.fixture(scope="session")
def eventlet_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with real_server("eventlet", tmp_path_factory.mktemp("eventlet")) as real:
        yield real


@pytest.fixture(scope="session")
def gevent_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with real_server("gevent", tmp_path_factory.mktemp("gevent")) as real:
        yield real
