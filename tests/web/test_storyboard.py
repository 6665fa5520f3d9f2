"""Each screen of the page can be made, in both languages and themes, wide and on a phone."""

from pathlib import Path

import pytest

from tests.screenshots import make
from tests.servers import ROOT
from tests.web.test_page import needs_browser

SHOWN = ROOT / "docs" / "screenshots"
MOST_BYTES = 1_500_000


@needs_browser
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_screen_can_be_made(tmp_path: Path, language: str) -> None:
    make(tmp_path, languages=(language,))
    made = {file.name for file in tmp_path.glob("*.webp")}
    assert not [name for name in made if name.startswith("failed-")]
    # What the documentation shows is among them.
    assert {file.name for file in SHOWN.glob(f"*.{language}.webp")} <= made


def test_the_pictures_of_the_documentation_are_small() -> None:
    kept = (SHOWN / ".gitignore").read_text("utf-8").splitlines()
    files = [SHOWN / line[1:] for line in kept if line.startswith("!") and line.endswith(".webp")]
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
