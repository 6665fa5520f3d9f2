"""examples/csharp compiles: here by Mono against what the sources of both versions declare.

With `dotnet` one would build the projects themselves; see tests/examples/csharp for what stands in for them.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import ROOT

EXAMPLES, SURFACES = ROOT / "examples" / "csharp", ROOT / "tests" / "examples" / "csharp"
OTHER = {"3": "4", "4": "3"}


def compiled(example: str, library: str, folder: Path) -> subprocess.CompletedProcess[str]:
    sources = [
        *EXAMPLES.glob("Shared/*.cs"), EXAMPLES / f"SocketIOClient{example}" / "Program.cs",
        SURFACES / "Json.cs", SURFACES / f"SocketIOClient{library}.cs",
    ]  # fmt: skip
    command = ["mcs", "-langversion:latest", "-r:System.Net.Http.dll", "-target:library"]
    command += [f"-out:{folder / 'example.dll'}"]
    return subprocess.run([*command, *map(str, sources)], capture_output=True, text=True, timeout=200)


@pytest.mark.parametrize(("version", "package"), [("3", "3.1."), ("4", "4.")])
def test_it_names_its_version(version: str, package: str) -> None:
    project = (EXAMPLES / f"SocketIOClient{version}" / f"SocketIOClient{version}.csproj").read_text("utf-8")
    assert f'Include="SocketIOClient" Version="{package}' in project


if shutil.which("mcs"):  # Debian's mono-mcs; it takes a second, and needn't be there

    @pytest.mark.parametrize("version", ["3", "4"])
    def test_it_compiles_for_its_version_only(version: str, tmp_path: Path) -> None:
        done = compiled(version, version, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in done.stderr
        assert compiled(version, OTHER[version], tmp_path).returncode != 0
