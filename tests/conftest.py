"""Fixtures that several folders use. What holds for every session is in session_rules.py."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from teamcal import deadline
from teamcal.calendar import imports
from teamcal.http import callers, setup_link
from teamcal.realtime import handlers, handshake
from teamcal.rest import page
from tests import guests, sample_page
from tests.house import House, Server
from tests.tls_server import Real, real_server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if guests.CALLERS_ARE_GUESTS:
        guests.skip_what_guests_may_not(items)


@pytest.fixture(scope="session", autouse=True)
def sample_of_the_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Servers in this process have a small page of their own; those in others have the built one."""
    page.DIST = sample_page.lay(tmp_path_factory.mktemp("page") / "dist")


PATIENT_SECONDS = 5 * deadline.REQUEST_SECONDS


@pytest.fixture(autouse=True)
def patient_requests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests inside this process may take five times as long: the machine may be busy with something else.

    Tests of the deadline itself are marked `deadline`.
    """
    if request.node.get_closest_marker("deadline") is None:
        for module in (deadline, imports, callers, setup_link, handlers, handshake):
            monkeypatch.setattr(module, "REQUEST_SECONDS", PATIENT_SECONDS)


@pytest.fixture(autouse=True)
def own_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """`caplog` has nothing of a thread of an earlier test: it may still miss a Redis that has ended."""
    earlier = set(threading.enumerate()) - {threading.current_thread()}

    def of_this_test(record: logging.LogRecord) -> bool:
        return threading.current_thread() not in earlier

    caplog.handler.addFilter(of_this_test)
    yield
    caplog.handler.removeFilter(of_this_test)


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
