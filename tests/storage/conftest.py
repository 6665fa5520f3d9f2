from typing import Any

import pytest

from tests.house import House, Server


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def server(house: House) -> Server:
    return house.server()


@pytest.fixture
def http(server: Server) -> Any:
    return server.http
