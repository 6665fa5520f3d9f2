"""Series in real browsers: made, edited and deleted in the page; files that are dropped; subscriptions."""

from pathlib import Path

import pytest

from tests.servers import running
from tests.signin.test_servers import setup_code
from tests.web.test_page import needs_browser
from tests.web.test_signing_in import follow


@needs_browser
def test_a_weekly_series_and_one_of_its_days(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/series.mjs", server.url)


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_can_be_done_with_series_and_times(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/series-edits.mjs", server.url)


@needs_browser
@pytest.mark.slow
def test_files_that_are_imported_and_an_address_to_subscribe_to(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/exchange.mjs", server.url)


@needs_browser
@pytest.mark.slow
def test_an_address_with_a_token_is_shown_once(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path, env={"AUTH_MODE": "token"}) as server:
        follow(server, "e2e/exchange.mjs", server.url, f"{server.url}/#setup={setup_code(server)}")
