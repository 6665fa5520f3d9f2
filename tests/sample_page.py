"""A small page as the build leaves one in web/dist: tests inside this process need no Node."""

import gzip
from pathlib import Path

SCRIPT, STYLE, ICON = "/web/index-Ab_c-123.js", "/web/index-Zz9.css", "/web/icon-0.svg"
BROTLI = b"\x1b\x03\x00\xf8as brotli"
CONTENTS = {
    "index.html": b"<!doctype html><title>page</title>",
    "sw.js": b"self.oninstall = null;",
    SCRIPT[1:]: b"export {};",
    STYLE[1:]: b"body {}",
    ICON[1:]: b"<svg/>",
    "web/licences-1.txt": b"MIT",
    "builds.json": b"[]",
}


def lay(folder: Path) -> Path:
    """Returns `folder` with the page and the compressed copies of its files."""
    (folder / "web").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
        (folder / f"{name}.br").write_bytes(BROTLI)
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    return folder
