"""Packs all that a server needs, the page built, into team-calendar-<version>.zip. `make release` runs it.

Unpacked it runs on EC2 or Windows; Elastic Beanstalk takes the file as it is.
"""

import re
import subprocess
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = (
    "tests/",
    "benchmarks/",
    "web/e2e/",
    "web/test/",
    "web/sync/test/",
    ".ci/",
    ".gitignore",
    "requirements-dev.txt",
)
BEANSTALK = "deploy/elasticbeanstalk/"


def files() -> dict[str, Path]:
    """Name in the archive → file: what git tracks, and the built page. Beanstalk's files also at its root."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    names = [name for name in tracked.split("\0") if name and not name.startswith(LEFT_OUT)]
    dist = ROOT / "web" / "dist"
    names += [path.relative_to(ROOT).as_posix() for path in sorted(dist.rglob("*")) if path.is_file()]
    packed = {name: ROOT / name for name in names if (ROOT / name).is_file()}
    return packed | {
        name.removeprefix(BEANSTALK): path for name, path in packed.items() if name.startswith(BEANSTALK)
    }


def main() -> None:
    version = re.search(r'VERSION = "([^"]+)"', (ROOT / "teamcal" / "__init__.py").read_text("utf-8"))
    if version is None or not (ROOT / "web" / "dist" / "index.html").is_file():
        raise SystemExit("make release")
    target = ROOT / f"team-calendar-{version[1]}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files().items():
            archive.write(path, name)
    print(f"{target.name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
