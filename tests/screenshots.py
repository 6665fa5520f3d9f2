"""Pictures of the page's screens, in both languages and themes, wide and on a phone.

python -m tests.screenshots FOLDER [options of web/storyboard/make.mjs]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers import ROOT, running


def make(folder: Path, *options: str, languages: tuple[str, ...] = ("ko", "en")) -> None:
    """Raise CalledProcessError when a screen can't be made; what it prints says which."""
    for language in languages:
        with tempfile.TemporaryDirectory() as data, running("eventlet", data_dir=data) as server:
            command = ["node", "storyboard/make.mjs", server.url, language, str(folder.resolve()), *options]
            subprocess.run(command, cwd=ROOT / "web", check=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]), *sys.argv[2:])
