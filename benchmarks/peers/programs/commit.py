"""commit.py FOLDER: commits its .ics files, with the git library that Xandikos brings along."""

import sys
from pathlib import Path

from dulwich import porcelain  # type: ignore[import-not-found] # it is in the peer's environment only

folder = Path(sys.argv[1])
porcelain.add(str(folder), [str(path) for path in folder.glob("*.ics")])
who = b"benchmark <benchmark@localhost>"
porcelain.commit(str(folder), message=b"Events", author=who, committer=who)
