"""The sync library (web/sync) against real servers."""

import subprocess
from pathlib import Path

import pytest

from tests.servers import free_port, running
from tests.web.test_page import NODE, WEB, needs_node, run

needs_packages = pytest.mark.skipif(
    not (WEB / "node_modules" / "socket.io-client").is_dir(), reason="run `npm ci` in web/"
)


@needs_node
@needs_packages
@pytest.mark.slow
@pytest.mark.timeout(200)
def test_nothing_is_written_twice_or_lost_while_everything_fails(tmp_path: Path) -> None:
    port = free_port()
    with running("eventlet", data_dir=tmp_path, port=port) as server:
        follower = subprocess.Popen(
            [NODE or "node", "e2e/sync-faults.mjs", server.url],
            cwd=WEB,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert follower.stdin is not None
        assert follower.stdout is not None
        assert follower.stdout.readline() == "kill\n", follower.stdout.read()
        server.kill()
        with running("eventlet", data_dir=tmp_path, port=port, tables=False) as again:
            follower.stdin.write("go\n")
            follower.stdin.flush()
            output = follower.stdout.read()
            assert follower.wait(120) == 0, output + again.log()


@needs_node
@needs_packages
def test_the_examples_of_the_readmes(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        for name in ("README.md", "README.ko.md"):
            run("e2e/sync-readme.mjs", server.url, name, seconds=100)
