"""`make docs`: the site that is built from the pages."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT

FOREIGN = re.compile(r"""(?:src|data-src|action)=["']?(?:https?:)?//|<link[^>]+href=["']?(?:https?:)?//""")
"""What a browser fetches when it shows a page: scripts, pictures, styles, icons."""


def build(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)],
        cwd=folder,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=250,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    done = build(ROOT, target)
    assert done.returncode == 0, done.stderr
    return target


def test_every_page_is_built_in_both_languages(site: Path) -> None:
    for page in DOCS.rglob("*.md"):
        name = str(page.relative_to(DOCS)).removesuffix(".md")
        language = "ko" if name.endswith(".ko") else ""
        name = re.sub(r"(^|/)index$", r"\1", name.removesuffix(".ko"))
        built = site / language / name / "index.html"
        assert built.exists(), page
        assert f'lang="{language or "en"}"' in built.read_text("utf-8"), page


def test_a_page_asks_no_other_server(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        assert not FOREIGN.search(page.read_text("utf-8")), page
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//", style.read_text("utf-8")), style


def test_the_search_knows_both_languages(site: Path) -> None:
    index = (site / "search" / "search_index.json").read_text("utf-8")
    assert '"lang":["en","ko"]' in index
    assert "ko/reliable-sync/" in index
    assert (site / "assets/javascripts/lunr/min/lunr.ko.min.js").exists()


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("rest.md", "settings.md#no-such-heading"),
        ("rest.ko.md", "settings.ko.md#없음"),
        ("rest.md", "/rest/"),
    ],
)
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path, page: str, link: str) -> None:
    for name in ("mkdocs.yml", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(DOCS, tmp_path / "docs")
    with (tmp_path / "docs" / page).open("a", encoding="utf-8") as text:
        text.write(f"\n[there]({link})\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode == 1
    assert link in done.stderr


def test_make_builds_it_strictly() -> None:
    """Quietly it would count no warnings, and no link would fail it."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "mkdocs build --strict\n" in makefile
    assert re.search(r"^make .* docs( |$)", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
