"""How fast the page is with much to show, and what it takes of the browser."""

from pathlib import Path

import pytest

from tests.servers import running
from tests.web.test_page import needs_browser, run


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_page_is_fast_with_thousands_of_events(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        print(run("e2e/speed.mjs", server.url, seconds=380))
