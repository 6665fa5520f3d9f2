"""Departments, notices, search, history and deleted events on the page, with two people in browsers."""

from pathlib import Path

import pytest

from tests.servers import running
from tests.web.test_page import needs_browser
from tests.web.test_signing_in import follow


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_others_do_and_what_one_finds_again(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/others.mjs", server.url)
