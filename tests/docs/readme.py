"""Reading the README: its code blocks, and comparing an answer with the one that it shows."""

import re
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
README, KOREAN = ROOT / "README.md", ROOT / "README.ko.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Block(NamedTuple):
    language: str
    text: str


def blocks(file: Path, language: str | None = None) -> list[Block]:
    """The fenced code blocks of a file, in order."""
    found = [Block(*match) for match in _BLOCK.findall(file.read_text("utf-8"))]
    return [block for block in found if language in (None, block.language)]


def table(file: Path, first_cells: str) -> list[list[str]]:
    """The rows of all tables whose first cell matches `first_cells`."""
    rows = [line.strip("|").split("|") for line in file.read_text("utf-8").splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in row] for row in rows if re.fullmatch(first_cells, row[0].strip())]


class Comparison:
    """Compares answers with those of the README and learns which id stands for which on the way."""

    def __init__(self) -> None:
        self.real: dict[str, str] = {}

    def translated(self, text: str) -> str:
        """`text` with the README's ids replaced by the real ones."""
        for shown, real in self.real.items():
            text = text.replace(shown, real)
        return text

    def check(self, shown: Any, real: Any, at: str = "") -> None:
        """Raises AssertionError where `real` isn't what was shown."""
        if isinstance(shown, dict):
            assert isinstance(real, dict), at
            assert set(shown) == set(real), at
            for name in shown:
                self.check(shown[name], real[name], f"{at}.{name}")
        elif isinstance(shown, list):
            assert isinstance(real, list), at
            assert len(shown) == len(real), at
            for index, pair in enumerate(zip(shown, real, strict=True)):
                self.check(*pair, f"{at}[{index}]")
        elif isinstance(shown, str):
            self._check_text(shown, real, at)
        else:
            assert shown == real, at

    def _check_text(self, shown: str, real: Any, at: str) -> None:
        assert isinstance(real, str), at
        if re.fullmatch(_TIME, shown):
            assert re.fullmatch(_TIME, real), at
        elif re.fullmatch(_UUID, shown):
            assert re.fullmatch(_UUID, real), at
            assert self.real.setdefault(shown, real) == real, at
        elif at.endswith("cursor"):
            assert re.fullmatch(r"[\w-]{20,}", real), at
            self.real[shown] = real
        else:
            assert shown == real, at
