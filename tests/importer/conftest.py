"""The fixture `migration`: files, tables and the command, in a folder of its own."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.importer.migration import Migration


@pytest.fixture
def migration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Migration]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Migration(tmp_path, capsys)
    root.handlers[:], root.level = handlers, level  # the command replaces them
