"""What the files at the root import; import-linter, which holds the rest, reads packages only."""

import ast

import pytest

from tests.docs.pages import ROOT

ALLOWED: dict[str, set[str]] = {
    "models.py": {
        "teamcal.deadline", "teamcal.domain", "teamcal.errors", "teamcal.metrics", "teamcal.settings",
        "teamcal.storage",
    },
    "app.py": {
        "models", "teamcal.allocator", "teamcal.commands", "teamcal.dev_server", "teamcal.errors",
        "teamcal.factory", "teamcal.http", "teamcal.library_internals", "teamcal.logs", "teamcal.settings",
    },
}  # fmt: skip
FORBIDDEN = {"migrate_to_dynamodb.py": {"app", "teamcal.factory", "teamcal.realtime", "teamcal.rest"}}


def imported_by(file: str) -> set[str]:
    """Rooms (`teamcal.storage`, not its modules) and files of this repository."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return {
        ".".join(name.split(".")[:2])
        for name in found
        if name.split(".")[0] in ("teamcal", "localdynamo", "models", "app", "migrate_to_dynamodb")
    }


@pytest.mark.parametrize("file", ALLOWED)
def test_it_imports_what_it_may(file: str) -> None:
    assert imported_by(file) <= ALLOWED[file]


@pytest.mark.parametrize("file", FORBIDDEN)
def test_it_needs_no_server(file: str) -> None:
    assert not imported_by(file) & FORBIDDEN[file]
