"""The list of library internals is complete; each is tried at start; each fallback works and is logged."""

import ast
import logging
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from teamcal.library_internals import NO_START, Internal
from teamcal.realtime import start_check
from teamcal.realtime.start_check import missing_internals, used_internals
from tests.realtime.changed_library import CHANGES
from tests.servers import ROOT, environment_of

MODES: tuple[Any, ...] = ("threading", "gevent", "eventlet")
INTERNALS = {internal.name: internal for mode in MODES for internal in used_internals(mode)}


def mode_of(internal: Internal) -> str:
    """A worker that relies on it."""
    return next(mode for mode in MODES if internal in used_internals(mode))


def run_changed(internal: Internal) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "ignore", "-m", "tests.realtime.changed_library"]
    command += [mode_of(internal), internal.name]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)


@pytest.mark.parametrize("name", [name for name, one in INTERNALS.items() if one.without_it != NO_START])
def test_without_an_internal_messages_arrive_and_the_fallback_is_logged(name: str) -> None:
    internal = INTERNALS[name]
    result = run_changed(internal)
    assert result.stdout.endswith("received\n"), result.stderr
    (line,) = [line for line in result.stderr.splitlines() if f"has changed: {name} isn't" in line]
    assert line.startswith(f"WARNING {internal.library} {version(internal.library)} ")
    assert line.endswith(f"Instead: {internal.without_it}")
    assert "internals have changed" in result.stderr


@pytest.mark.parametrize("name", [name for name, one in INTERNALS.items() if one.without_it == NO_START])
def test_without_a_necessary_internal_the_start_ends_with_its_name(name: str) -> None:
    result = run_changed(INTERNALS[name])
    assert result.returncode == 1
    last_line = result.stderr.splitlines()[-1]
    assert "LibraryChanged: the installed " in last_line
    assert name.split(".")[-1] in last_line


def test_the_server_process_ends_with_one_line_without_a_necessary_internal(tmp_path: Path) -> None:
    script = (
        "import sys; from tests.realtime.changed_library import CHANGES, ChangingFinder\n"
        "sys.meta_path.insert(0, ChangingFinder(CHANGES['Server._send_packet']))\n"
        "import app"
    )
    environment = environment_of("gthread", 1, tmp_path, {"DYNAMODB_ENDPOINT_URL": "http://127.0.0.1:1"})
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200
    )
    assert result.returncode == 4
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1].endswith("lack python-socketio's Server._send_packet")


@pytest.fixture
def first_check() -> Iterator[None]:
    """The check hasn't run in this process."""
    missing_internals.cache_clear()
    yield
    missing_internals.cache_clear()


def test_the_versions_are_logged_once(first_check: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, start_check.__name__):
        assert not missing_internals("threading")
        assert not missing_internals("threading")
    (line,) = caplog.messages
    assert line.endswith(": as checked")
    for library in ("python-engineio", "python-socketio", "Flask-SocketIO", "simple-websocket"):
        assert f"{library} {version(library)}" in line


def test_each_internal_can_be_taken_away() -> None:
    assert CHANGES.keys() == INTERNALS.keys()


# Completeness: what the source does to objects of other libraries

SOURCES = [*(ROOT / "teamcal" / "realtime").glob("*.py"), ROOT / "teamcal" / "dev_server.py"]
OWN = {
    *("on_close", "size", "_outbox", "muted", "before_read", "unhandled"),
    *("news", "changed", "sent", "due", "number", "heard_at"),  # presence
}
"""Attributes of this program's own objects."""
STANDARD_LIBRARY = {"levelno", "levelname", "msg", "args", "exc_info", "_replace"}
"""Attributes of a log record, and of a named tuple, which are documented."""
LISTED = {part for name in INTERNALS for names in name.split(", ") for part in names.split(".")}


def foreign_attributes(tree: ast.AST) -> Iterator[str]:
    """Private attributes of other objects than `self`, and attributes of others that are assigned to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") != "self":
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            if private or isinstance(node.ctx, ast.Store):
                yield node.attr
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("getattr", "hasattr", "setattr"):
            for argument in node.args:
                if isinstance(argument, ast.Constant) and str(argument.value).startswith("_"):
                    yield str(argument.value)


def own_methods(tree: ast.AST) -> set[str]:
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_private_or_replaced_attribute_of_a_library_is_listed(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    known = LISTED | OWN | STANDARD_LIBRARY | own_methods(tree)
    assert set(foreign_attributes(tree)) - known == set()


def test_an_unlisted_internal_would_be_noticed() -> None:
    tree = ast.parse("ws._secret\nengine.socket = 1\ngetattr(ws, '_hidden')\nself._own = 2")
    assert set(foreign_attributes(tree)) == {"_secret", "socket", "_hidden"}


def test_each_entry_is_complete() -> None:
    for internal in INTERNALS.values():
        assert all(internal), internal
        assert version(internal.library)
