"""Users of an engine start, join, restart and leave it: with plain threads, eventlet, gevent and fork."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from localdynamo import EngineFailed, credentials_of, endpoint_of, launch, lease, users
from localdynamo import folder as files
from localdynamo.key import make_key
from localdynamo.signature import sign
from tests.localdynamo.engines import ROOT, client, flip_bit, is_alive, wait_until
from tests.localdynamo.stores import CHANGES

USER = """
import sys, time
{patch}
from pathlib import Path
from localdynamo import endpoint_of, launch
launch.GRACE_SECONDS = {grace}
url = endpoint_of(Path(sys.argv[1]))
print(url, flush=True)
{then}
"""
WAIT = "sys.stdin.read()"
GRACE_SECONDS = 2.0
"""An engine that has no user for so long ends."""
PATCHES = {
    "plain": "",
    "eventlet": "import eventlet; eventlet.monkey_patch()",
    "gevent": "from gevent import monkey; monkey.patch_all()",
}


class User:
    """A process that uses the folder's engine until its standard input ends or it is killed."""

    def __init__(self, folder: Path, patch: str = "", then: str = WAIT) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore",
                "-c",
                USER.format(grace=GRACE_SECONDS, patch=patch, then=then),
                str(folder),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def folders() -> Iterator[list[Path]]:
    """The folders of all tests of this module; at the end no process may be left for any."""
    used: list[Path] = []
    yield used
    for folder in used:
        wait_until(lambda folder=folder: not processes_of(folder))


def processes_of(folder: Path) -> list[str]:
    commands = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            commands.append(path.read_bytes())
    return [str(command) for command in commands if str(folder).encode() in command]


@pytest.fixture
def start(tmp_path: Path, folders: list[Path]) -> Iterator[Any]:
    started: list[User] = []
    folders.append(tmp_path)

    def start_it(patch: str = "", then: str = WAIT, name: str = "data") -> User:
        started.append(User(tmp_path / name, patch, then))
        return started[-1]

    yield start_it
    for user in started:
        user.kill()


def pid_of(folder: Path) -> int:
    pid: int = files.read_address(folder)["pid"]
    return pid


def answers(url: str, folder: Path) -> bool:
    """Whether the folder's engine answers at this address."""
    key = credentials_of(folder).secret_access_key
    headers = sign(key, url.removeprefix("http://"), "DynamoDB_20120810.ListTables", b"{}")
    try:
        with urllib.request.urlopen(urllib.request.Request(url, b"{}", headers), timeout=20) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_one_engine_for_servers_that_start_at_the_same_instant(start: Any, tmp_path: Path) -> None:
    everyone = [start() for _ in range(4)]
    assert len({user.line() for user in everyone}) == 1
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("patch", PATCHES)
def test_a_dead_engine_is_restarted_at_the_same_address(start: Any, tmp_path: Path, patch: str) -> None:
    folder = tmp_path / "data"
    url = start(PATCHES[patch], then="while True: time.sleep(0.1)").line()
    client(folder).create_table(**CHANGES)
    pid, keys = pid_of(folder), credentials_of(folder)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pid_of(folder) != pid and answers(url, folder))
    assert client(folder).list_tables()["TableNames"] == ["changes"]
    assert credentials_of(folder) == keys  # which the clients of the dead engine have


def test_the_engine_ends_after_its_last_user_was_killed(start: Any, tmp_path: Path) -> None:
    first, second = start(), start()
    first.line()
    second.line()
    pid = pid_of(tmp_path / "data")
    first.kill()
    time.sleep(1.5 * GRACE_SECONDS)
    assert is_alive(pid)
    second.kill()
    wait_until(lambda: not is_alive(pid))


def test_signals_of_the_terminal_dont_end_the_engine(start: Any, tmp_path: Path) -> None:
    user, other = start(), start()
    url, _ = user.line(), other.line()
    pid = pid_of(tmp_path / "data")
    assert os.getpgid(pid) not in (os.getpgid(user.process.pid), os.getpgid(0))
    for number in (signal.SIGINT, signal.SIGHUP):
        os.killpg(user.process.pid, number)
        os.kill(pid, number)
    os.kill(pid, signal.SIGTERM)  # as a service manager does: the engine waits for its users
    user.process.wait(60)
    assert answers(url, tmp_path / "data")
    assert pid_of(tmp_path / "data") == pid


def test_a_short_program_ends_promptly(start: Any) -> None:
    user = start(then="")
    user.line()
    began = time.monotonic()
    user.process.wait(60)
    assert time.monotonic() - began < 15


FORK = """
import os
if os.fork() == 0:
    print(os.getpid(), flush=True)
while True: time.sleep(0.1)
"""


def test_a_forks_child_takes_its_own_lease(start: Any, tmp_path: Path) -> None:
    parents = [start(patch, FORK, name) for name, patch in PATCHES.items()]
    urls, children = [], []
    for parent in parents:
        urls.append(parent.line())
        children.append(int(parent.line()))
    try:
        time.sleep(GRACE_SECONDS / 2)
        for parent in parents:
            os.kill(parent.process.pid, signal.SIGKILL)
        time.sleep(1.5 * GRACE_SECONDS)
        assert all(answers(url, tmp_path / name) for url, name in zip(urls, PATCHES, strict=True))
        pids = [pid_of(tmp_path / name) for name in PATCHES]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for name, pid, url in zip(PATCHES, pids, urls, strict=True):
            wait_until(lambda n=name, p=pid, u=url: pid_of(tmp_path / n) != p and answers(u, tmp_path / n))
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)


@pytest.mark.usefixtures("in_process")
def test_a_process_joins_once(tmp_path: Path) -> None:
    addresses: list[str] = []
    calls = [threading.Thread(target=lambda: addresses.append(endpoint_of(tmp_path))) for _ in range(8)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert len(addresses) == 8
    assert len(set(addresses)) == 1
    assert len(launch._started) == 1
    assert endpoint_of(tmp_path, port=1, sync="always") == addresses[0]
    assert answers(addresses[0], tmp_path)


@pytest.mark.usefixtures("in_process")
def test_the_watcher_restarts_a_dead_engine(tmp_path: Path) -> None:
    url = endpoint_of(tmp_path, sync="always")
    client(tmp_path).create_table(**CHANGES)
    pid = pid_of(tmp_path)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pid_of(tmp_path) != pid and answers(url, tmp_path))
    assert endpoint_of(tmp_path) == url


@pytest.mark.usefixtures("in_process")
def test_a_damaged_folder_is_reported_until_it_is_restored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = endpoint_of(tmp_path)
    table = client(tmp_path)
    table.create_table(**CHANGES)
    table.create_table(**{**CHANGES, "TableName": "more"})
    path = files.logs_of(tmp_path)[0][1]
    content = path.read_bytes()
    flip_bit(path, 50)
    os.kill(pid_of(tmp_path), signal.SIGKILL)
    wait_until(lambda: "Damaged" in caplog.text)
    with pytest.raises(EngineFailed, match="손상"):
        for _ in range(50):
            endpoint_of(tmp_path)
            time.sleep(0.1)
    time.sleep(0.5)
    assert caplog.text.count("Damaged data file") == 1
    path.write_bytes(content)
    wait_until(lambda: answers(url, tmp_path))
    assert client(tmp_path).list_tables()["TableNames"] == ["changes", "more"]


@pytest.mark.usefixtures("in_process")
def test_who_leaves_while_a_lease_is_being_taken_gives_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_of(tmp_path)
    taking = threading.Event()

    def slowly(*arguments: Any) -> lease.Lease:
        taking.set()
        taken = launch.obtain(*arguments)
        time.sleep(0.5)
        return taken

    monkeypatch.setattr(users, "obtain", slowly)
    os.kill(pid_of(tmp_path), signal.SIGKILL)
    assert taking.wait(30)
    users._users[tmp_path].leave()
    wait_until(lambda: not processes_of(tmp_path))


@pytest.mark.usefixtures("in_process")
def test_a_first_start_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / files.SNAPSHOT).write_bytes(b"x")
    with pytest.raises(EngineFailed) as caught:
        endpoint_of(tmp_path)
    assert str(tmp_path / files.SNAPSHOT) in str(caught.value)
    (tmp_path / files.SNAPSHOT).unlink()
    assert answers(endpoint_of(tmp_path), tmp_path)


@pytest.mark.usefixtures("in_process")
def test_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(EngineFailed, match=r"pip install -r requirements-embedded\.txt"):
        endpoint_of(tmp_path)


@pytest.mark.usefixtures("in_process")
def test_an_engine_that_never_answers_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "_START_SECONDS", 0.0)
    monkeypatch.setattr(launch, "take_lease", lambda *_: None)
    with pytest.raises(EngineFailed, match="doesn't answer"):
        endpoint_of(tmp_path)


def test_another_program_on_the_remembered_port_gives_no_lease(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        make_key(tmp_path)
        files.write_address(tmp_path, stranger.getsockname()[1])

        def greet() -> None:
            connection, _ = stranger.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
            connection.close()

        thread = threading.Thread(target=greet)
        thread.start()
        assert lease.take_lease(tmp_path, "interval") is None
        thread.join()
    (tmp_path / files.ADDRESS).write_text('{"port": "x"}')
    assert lease.take_lease(tmp_path, "interval") is None
