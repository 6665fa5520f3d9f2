"""Making, changing, moving and taking back in a real browser."""

from pathlib import Path

import pytest

from tests.servers import running
from tests.web.test_page import needs_browser
from tests.web.test_signing_in import follow


@needs_browser
@pytest.mark.slow
def test_making_changing_moving_and_taking_back(tmp_path: Path) -> None:
    with running("gthread", data_dir=tmp_path) as server:
        follow(server, "e2e/making.mjs", server.url)
