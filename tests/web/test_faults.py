"""The page while network and server fail, in real browsers: nothing is lost or twice, all sides agree."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import Server, free_port, running
from tests.signin.test_servers import setup_code
from tests.sync.test_redis_notices import redis_on
from tests.web.controlled_server import ControlledServer
from tests.web.test_page import needs_browser, run


@contextmanager
def serving(tmp_path: Path, **env: str) -> Iterator[Server]:
    """A server whose log is part of a failure's text."""
    with running("eventlet", data_dir=tmp_path / "data", env=env) as server:
        try:
            yield server
        except AssertionError as error:
            error.add_note(server.log())
            raise


@needs_browser
def test_offline_killed_and_opened_again(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        print(run("e2e/offline-core.mjs", server.url, str(tmp_path / "profile"), seconds=200))


@needs_browser
def test_a_server_that_is_killed(tmp_path: Path) -> None:
    ControlledServer(tmp_path).follow("e2e/server-faults.mjs", "0", seconds=60)


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(500)
def test_a_minute_without_a_network(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        print(run("e2e/offline.mjs", server.url, str(tmp_path / "profile"), "60", seconds=480))


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(500)
def test_a_server_that_dies_freezes_and_comes_back(tmp_path: Path) -> None:
    ControlledServer(tmp_path, builds=True).follow("e2e/server-faults.mjs", "20", seconds=60)


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("with_redis", [True, False], ids=["redis", "no redis"])
def test_networks_and_two_servers(tmp_path: Path, with_redis: bool) -> None:
    if not with_redis:
        follow_networks(tmp_path)
    elif shutil.which("redis-server"):
        port = free_port()
        with redis_on(port, tmp_path):
            follow_networks(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}/0")
    else:
        pytest.skip("redis-server isn't installed")


def follow_networks(tmp_path: Path, **env: str) -> None:
    with (
        serving(tmp_path, **env) as one,
        running("eventlet", data_dir=tmp_path / "data", env=env, tables=False) as two,
    ):
        print(run("e2e/networks.mjs", one.url, str(tmp_path / "profile"), two.url, seconds=380))


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_browser_that_stores_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        print(run("e2e/storage.mjs", server.url, str(tmp_path / "profile"), seconds=280))


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_signed_out_while_changes_wait(tmp_path: Path) -> None:
    with serving(tmp_path, AUTH_MODE="token") as server:
        print(
            run("e2e/signed-out.mjs", server.url, str(tmp_path / "profile"), setup_code(server), seconds=280)
        )
