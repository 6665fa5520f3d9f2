"""Each feature of the page by mouse and by keyboard, with a second person in a browser of his own."""

from pathlib import Path

import pytest

from tests.servers import running
from tests.web.test_page import needs_browser
from tests.web.test_signing_in import follow

PARTS = [
    "making",
    *(
        pytest.param(part, marks=pytest.mark.slow)
        for part in ("views", "changing", "others", "departments", "finding")
    ),
]


@needs_browser
@pytest.mark.timeout(400)
@pytest.mark.parametrize("part", PARTS)
def test_by_mouse_and_by_keyboard(tmp_path: Path, part: str) -> None:
    """The features are listed in web/e2e/features/list.mjs."""
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, "e2e/features.mjs", server.url, part)


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("script", ["bugs", "bar", "phone", "old-client"])
def test_scripts(tmp_path: Path, script: str) -> None:
    """Old bugs and their kinds, a bar of any width, a phone, and a client of the old kind beside the page."""
    with running("eventlet", data_dir=tmp_path) as server:
        follow(server, f"e2e/{script}.mjs", server.url)
