"""The page for everybody: axe-core on its screens, the keyboard alone, hostile texts, roles, Firefox."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import Server, running
from tests.signin.test_servers import setup_code
from tests.web.test_page import needs_browser
from tests.web.test_signing_in import follow

FIREFOX = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")

slow = pytest.mark.slow
TOKEN = {"AUTH_MODE": "token", "TRUSTED_PROXIES": "1", "GUEST_NETWORKS": "198.51.100.0/24"}


@contextmanager
def signed(folder: Path) -> Iterator[tuple[Server, str]]:
    """A server on which one signs in, and the link for its first administrator."""
    with running("eventlet", data_dir=folder, env=TOKEN) as server:
        yield server, f"{server.url}/#setup={setup_code(server)}"


@needs_browser
@pytest.mark.timeout(400)
def test_axe_on_the_main_screens(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/accessibility.mjs", server.url, "short")


@needs_browser
@slow
@pytest.mark.timeout(2_400)
@pytest.mark.parametrize("language", ["ko-KR", "en-GB"])
def test_axe_on_every_screen(tmp_path: Path, language: str) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/accessibility.mjs", server.url, f"language={language}", seconds=2_300)


@needs_browser
@slow
@pytest.mark.timeout(1_200)
def test_axe_where_one_signs_in(tmp_path: Path) -> None:
    with signed(tmp_path) as (server, link):
        follow(server, "e2e/accessibility.mjs", server.url, link, seconds=1_100)


@needs_browser
@slow
@pytest.mark.timeout(400)
def test_a_day_with_the_keyboard_alone(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/keyboard.mjs", server.url)


@needs_browser
@pytest.mark.timeout(400)
@pytest.mark.parametrize("how", ["short", pytest.param("", marks=slow)])
def test_hostile_texts(tmp_path: Path, how: str) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/hostile.mjs", server.url, how)


@needs_browser
@slow
@pytest.mark.timeout(400)
def test_hostile_names_where_one_signs_in(tmp_path: Path) -> None:
    with signed(tmp_path) as (server, link):
        follow(server, "e2e/hostile.mjs", server.url, link)


@slow
@needs_browser
@pytest.mark.timeout(400)
def test_what_each_role_sees_and_loses(tmp_path: Path) -> None:
    with signed(tmp_path) as (server, link):
        follow(server, "e2e/access.mjs", server.url, link)


@needs_browser
@slow
@pytest.mark.skipif(FIREFOX is None, reason="firefox isn't installed")
def test_firefox(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/firefox.mjs", server.url)
