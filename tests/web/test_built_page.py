"""What the build has made: how much of it `/` loads, and that it is all there."""

import gzip
import re
from pathlib import Path

import pytest

from teamcal.rest.page import WEB

DIST = WEB / "dist"
MOST = 150 * 1024
"""Bytes that a first look may load in all, as gzip sends them."""

pytestmark = pytest.mark.skipif(not (DIST / "index.html").is_file(), reason="run `make page`")


def loaded_first() -> set[Path]:
    """The page, what its head names, and the larger of the two languages' first texts."""
    page = (DIST / "index.html").read_text("utf-8")
    named = {
        DIST / name for name in re.findall(r'(?:src|href)="\./(web/[^"]+)"', page) if "licences" not in name
    }
    scripts = "".join(file.read_text("utf-8") for file in named if file.suffix == ".js")
    texts = {DIST / "web" / name for name in re.findall(r"messages-[\w-]+\.js", scripts)}
    return named | {DIST / "index.html", max(texts, key=packed)}


def packed(file: Path) -> int:
    return file.with_name(file.name + ".gz").stat().st_size


def test_a_first_look_loads_at_most_150_kilobytes() -> None:
    sizes = {file.name: packed(file) for file in loaded_first()}
    assert len(sizes) > 4
    assert sum(sizes.values()) <= MOST, sizes


def test_every_file_has_its_compressed_copies() -> None:
    files = [file for file in DIST.rglob("*") if file.suffix in (".html", ".js", ".css", ".svg", ".txt")]
    assert len(files) > 10
    for file in files:
        packed_copy = file.with_name(file.name + ".gz").read_bytes()
        assert gzip.decompress(packed_copy) == file.read_bytes()
        assert file.with_name(file.name + ".br").is_file()


def test_the_page_holds_nothing_that_its_policy_forbids() -> None:
    page = (DIST / "index.html").read_text("utf-8")
    assert not re.search(
        r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|(?:src|href)=\"(?:https?:|data:)", page
    )
    for file in (DIST / "web").glob("*.css"):
        assert "data:" not in file.read_text("utf-8"), file.name


def test_the_licences_of_what_is_bundled_are_told() -> None:
    (file,) = re.findall(r'rel="license" href="\./(web/[^"]+)"', (DIST / "index.html").read_text("utf-8"))
    text = (DIST / file).read_text("utf-8")
    for name in ("fullcalendar", "preact", "socket.io-client", "engine.io-client"):
        assert re.search(rf"^{name} \d", text, re.MULTILINE), name
