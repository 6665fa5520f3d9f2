"""dynoxide, a DynamoDB-compatible server that is stricter than the embedded engine: a second opinion.

`make test-dynoxide` installs it and sets TEAMCAL_DYNOXIDE to its program; nothing else needs it.

    python -m tests.storage.dynoxide COMMAND…   # runs COMMAND with TEAMCAL_TEST_ENDPOINT naming a new one
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from tests.servers import free_port

PROGRAM = os.environ.get("TEAMCAL_DYNOXIDE", "")
START_SECONDS = 60.0


@contextmanager
def dynoxide(database: Path | None = None) -> Iterator[str]:
    """Runs a server with an empty database, in memory unless a new file is named. Yields its URL."""
    port = free_port()
    command = [PROGRAM, "serve", "--host", "127.0.0.1", "--port", str(port)]
    if database:
        command += ["--db-path", str(database)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until_it_listens(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=1)
            connection.connect()
            connection.close()
        except OSError:
            assert time.monotonic() < ends, "the server doesn't listen"
            time.sleep(0.02)
        else:
            return


def main() -> int:
    with dynoxide() as url:
        environment = os.environ | {"TEAMCAL_TEST_ENDPOINT": url}
        return subprocess.run(sys.argv[1:], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
