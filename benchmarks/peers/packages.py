"""Python peers, each installed from PyPI into a virtual environment of its own in the scratch folder."""

import subprocess
import sys
from pathlib import Path

from benchmarks.servers import Missing, clean_environment


def installed(scratch: Path, name: str, *requirements: str) -> Path:
    """The folder of the environment's programs, installed once. Raises Missing with pip's last words."""
    folder = scratch / f"venv-{name}"
    ready = folder / "ready"
    if not ready.exists():
        python = str(folder / "bin" / "python")
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *requirements])
        ready.touch()
    return folder / "bin"


def version(programs: Path, package: str) -> str:
    """The installed version of a package, '1.2.3'."""
    script = f"import importlib.metadata as m; print(m.version({package!r}))"
    process = subprocess.run(
        [str(programs / "python"), "-c", script], capture_output=True, text=True, check=True
    )
    return process.stdout.strip()


def _run(command: list[str]) -> None:
    try:
        process = subprocess.run(
            command, env=clean_environment(), capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise Missing(str(error)) from error
    if process.returncode:
        raise Missing((process.stderr or process.stdout).strip()[-300:])
