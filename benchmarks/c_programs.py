"""The programs in C: compiled from their folder of sources when they are needed."""

import shutil
import subprocess
from pathlib import Path

from benchmarks.servers import Missing


def compiled(sources: Path, scratch: Path) -> Path:
    """The program of a folder of sources, compiled again if one is newer. Raises Missing without gcc."""
    program = scratch / f"{sources.name}.program"
    newest = max(path.stat().st_mtime for path in sources.iterdir())
    if program.exists() and program.stat().st_mtime > newest:
        return program
    if not shutil.which("gcc"):
        raise Missing("gcc is not installed")
    scratch.mkdir(parents=True, exist_ok=True)
    # A measurement shouldn't rest on code that the compiler warns of.
    command = ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(program)]
    command += [str(path) for path in sorted(sources.glob("*.c"))]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        raise RuntimeError(process.stderr)
    return program
