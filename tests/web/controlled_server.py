"""A server that a browser's script kills, freezes, restores and deploys anew while it watches the page.

The script prints a line like `!kill`; when that is done it reads `done` on its standard input.
"""

import os
import re
import shutil
import signal
import subprocess
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from tests.servers import ROOT, Server, command_of, free_port, running
from tests.test_kill import engines_of
from tests.web.test_page import CHROMIUM, NODE, WEB

_CODE = ("app.py", "models.py", "gunicorn.conf.py")


class ControlledServer:
    """`folder`: where the data, a copy of the program and the browsers' profiles are.

    `builds`: the page that is deployed is built from changed sources, which takes a while; else one of its
    files has another name.
    """

    def __init__(self, folder: Path, env: dict[str, str] | None = None, builds: bool = False) -> None:
        self._folder, self._env, self._builds = folder, env, builds
        self._data, self._backup, self._program = folder / "data", folder / "backup", folder / "program"
        self._port = free_port()
        self._running: AbstractContextManager[Server] | None = None
        self._server: Server | None = None
        self._frozen = False

    def follow(self, script: str, *arguments: str, seconds: float) -> None:
        """Starts the server, and does what a script in web/ asks for until it ends.

        Raises AssertionError if the script fails.
        """
        self.start()
        assert self._server
        env = {**os.environ, "CHROMIUM": CHROMIUM or ""}
        command = [NODE or "node", script, self._server.url, str(self._folder / "profile"), *arguments]
        script_run = subprocess.Popen(
            command,
            cwd=WEB,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            output = self._obey(script_run)
            assert script_run.wait(seconds) == 0, output + (self._server.log() if self._server else "")
        finally:
            script_run.kill()
            self.stop()

    def _obey(self, script_run: subprocess.Popen[str]) -> str:
        assert script_run.stdin
        assert script_run.stdout
        output = ""
        for line in script_run.stdout:
            print(line, end="")
            output += line
            if not re.fullmatch(r"!\w+\n", line):
                continue
            getattr(self, line[1:-1])()
            with suppress(BrokenPipeError):
                script_run.stdin.write("done\n")
                script_run.stdin.flush()
        return output

    def start(self) -> None:
        command = None
        if self._program.exists():
            gunicorn, *rest = command_of("eventlet", self._port)
            command = [gunicorn, "--chdir", str(self._program), *rest]
        self._running = running(
            "eventlet",
            data_dir=self._data,
            port=self._port,
            env=self._env,
            command=command,
            tables=not self._data.exists(),
        )
        self._server = self._running.__enter__()

    def kill(self) -> None:
        """The server dies, and its engine, as in a power failure."""
        assert self._server
        self._server.kill()
        for pid in engines_of(self._data):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        if self._frozen:
            self.thaw()
        if self._running:
            self._running.__exit__(None, None, None)
        self._running = None

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)
        self._frozen = True

    def thaw(self) -> None:
        self._frozen = False
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._server
        with suppress(ProcessLookupError):
            os.killpg(self._server.pid, number)

    def backup(self) -> None:
        """A copy of the tables, as the server leaves them when it ends."""
        self.kill()
        shutil.copytree(self._data, self._backup)
        self.start()

    def restore(self) -> None:
        """The tables of the copy, while the server is away."""
        shutil.rmtree(self._data)
        shutil.copytree(self._backup, self._data)

    def deploy(self) -> None:
        """Another build of the page, while the server is away. The files of the one before stay."""
        if not self._program.exists():
            ignored = shutil.ignore_patterns("__pycache__")
            for name in ("teamcal", "localdynamo"):
                shutil.copytree(ROOT / name, self._program / name, ignore=ignored)
            for name in _CODE:
                shutil.copy(ROOT / name, self._program)
            shutil.copytree(WEB, self._program / "web", ignore=shutil.ignore_patterns("node_modules"))
        if self._builds:
            _build(self._program / "web")
        else:
            _rename(self._program / "web" / "dist")


def _build(web: Path) -> None:
    """A change of the page's code and of its look, built as `make page` does."""
    modules = web / "node_modules"
    if not modules.exists():
        modules.symlink_to(WEB / "node_modules")
    with (web / "page" / "main.js").open("a", encoding="utf-8") as code:
        code.write("\nglobalThis.builds = (globalThis.builds ?? 0) + 1;\n")
    with (web / "page" / "style.css").open("a", encoding="utf-8") as look:
        look.write("\n.another-build { color: red; }\n")
    command = [NODE or "node", "node_modules/vite/bin/vite.js", "build", "--logLevel=error"]
    subprocess.run(command, cwd=web, check=True, timeout=240)


def _rename(dist: Path) -> None:
    """The page's first style sheet gets another name, as a change of it would."""
    index = (dist / "index.html").read_text(encoding="utf-8")
    (name,) = re.findall(r"web/(index-[\w-]+\.css)", index)[:1]
    renamed = f"index-Z{name[7:]}"
    shutil.copy(dist / "web" / name, dist / "web" / renamed)
    for file in (dist / "index.html", dist / "sw.js"):
        text = file.read_text(encoding="utf-8").replace(name, renamed)
        file.write_text(re.sub(r'BUILD = "', 'BUILD = "Z', text), encoding="utf-8")
        for encoding in (".br", ".gz"):
            file.with_name(file.name + encoding).unlink(missing_ok=True)
