"""A month on paper, and a display on a wall that runs for a week."""

from pathlib import Path

import pytest

from tests.servers import running
from tests.web.test_page import needs_browser
from tests.web.test_signing_in import follow


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_month_is_one_sheet_with_all_events(tmp_path: Path, language: str) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/print.mjs", server.url, language, str(tmp_path))


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_display_on_a_wall_runs_for_a_week(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/wall.mjs", server.url)
