"""Fixtures: a store in this process, engines in processes of their own, and this process as their user."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ministack.core import responses

from localdynamo import launch, users
from tests.localdynamo.engines import EngineProcess, RunEngine
from tests.localdynamo.stores import OpenStore, StoreClient


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[OpenStore]:
    """Opens the store in tmp_path; opening it again recovers it from the files."""
    opened: list[StoreClient] = []
    # A region of its own, since other tests may use ministack in this process too.
    region = responses._request_region.set("xx-embedded-1")

    def open_folder(folder: Path = tmp_path) -> StoreClient:
        while opened:
            opened.pop().close()
        opened.append(StoreClient(folder))
        return opened[-1]

    yield open_folder
    while opened:
        opened.pop().close()
    responses._request_region.reset(region)


@pytest.fixture
def run_engine(tmp_path: Path) -> Iterator[RunEngine]:
    started: list[EngineProcess] = []

    def run_in(*arguments: str, folder: Path | None = None, grace: float = 60) -> EngineProcess:
        started.append(EngineProcess(folder or tmp_path / "data", *arguments, grace=grace))
        return started[-1]

    yield run_in
    for engine in started:
        if engine.process.poll() is None:
            engine.kill()
        assert engine.process.stderr is not None
        engine.process.stderr.close()


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes this process a user that gives all its leases back at the end."""
    monkeypatch.setattr(launch, "GRACE_SECONDS", 0.5)
    monkeypatch.setattr(users, "_users", {})
    monkeypatch.setattr(users, "_RETRY_SECONDS", (0.1, 0.2))
    yield
    for user in users._users.values():
        user.leave()
    for process in launch._started:
        process.wait(60)
