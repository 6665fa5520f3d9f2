"""The README and the documentation's pages: their code blocks, headings, tables, links and examples."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README, KOREAN = ROOT / "README.md", ROOT / "README.ko.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROSE = re.compile(r"# [^ {].*\n?")
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TOKEN = r"[0-9a-f]{64}|tcs_[0-9a-f]{40}"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
_STAMP = r"\b\d{8}T\d{6}Z\b"
"""A moment in iCalendar."""
LEFT_OUT = "…"
"""A key of a shown object that stands for fields left out."""


def korean(page: Path) -> Path:
    return page.with_name(f"{page.name.removesuffix('.md')}.ko.md")


def pairs() -> list[tuple[Path, Path]]:
    """The pages that exist in both languages and say the same: (English, Korean).

    performance.md is written by the benchmark and only explained in Korean. The English page about
    contributing includes CONTRIBUTING.md.
    """
    different = (DOCS / "performance.md", DOCS / "develop" / "contributing.md")
    english = [page for page in sorted(DOCS.rglob("*.md")) if not page.name.endswith(".ko.md")]
    same = [(page, korean(page)) for page in english if page not in different]
    return [(README, KOREAN), (ROOT / "CONTRIBUTING.md", korean(different[1])), *same]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


class Block(NamedTuple):
    language: str
    text: str

    @property
    def code(self) -> str:
        """The text without what is translated: comments in prose, and descriptions of files."""
        if self.text.startswith("app.py "):
            return "\n".join(re.split(r"(?<=\S) {2,}(?! *\w+/)", line)[0] for line in self.text.splitlines())
        return "".join(line for line in self.text.splitlines(keepends=True) if not _PROSE.fullmatch(line))


def blocks(page: Path, language: str | None = None) -> list[Block]:
    """The fenced code blocks of a page, in order."""
    found = [Block(*match) for match in _BLOCK.findall(page.read_text("utf-8"))]
    return [block for block in found if language in (None, block.language)]


def without_code(page: Path) -> str:
    return _BLOCK.sub("", page.read_text("utf-8"))


def headings(page: Path) -> list[tuple[int, str]]:
    """(level, text) of each heading."""
    matches = re.findall(r"^(#+) (.+)$", without_code(page), re.MULTILINE)
    return [(len(marks), text) for marks, text in matches]


def anchors(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub and the site make them."""
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for _, text in headings(page)}


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", without_code(page))


def rows(page: Path, pattern: str) -> list[Any]:
    """The table rows that match `pattern`, as `re.findall` returns them."""
    return re.findall(pattern, without_code(page), re.MULTILINE)


class Example(NamedTuple):
    """A request and the answer that the page shows: JSON, or a text."""

    command: str
    answer: Any


def examples(page: Path) -> list[Example]:
    """The `curl` commands of a page with their answers: the next block, or comments below the command.

    The answer is a text if the next block is one.
    """
    shown = blocks(page)
    found: list[Example] = []
    for block, following in zip(shown, [*shown[1:], None], strict=True):
        if block.language != "bash" or "curl " not in block.text:
            continue
        if following is not None and following.language == "json":
            found.append(Example(block.text, json.loads(following.text)))
        elif following is not None and following.language == "text":
            found.append(Example(block.text, following.text))
        else:
            found += _commented(block.text)
    return found


def _commented(text: str) -> Iterator[Example]:
    command, answer = "", ""
    for line in [*text.splitlines(keepends=True), "\n"]:
        if line.startswith(("# {", "#   ")):
            answer += line[2:]
            continue
        if answer:
            yield Example(command, json.loads(answer))
            command = answer = ""
        if not line.startswith("#"):
            command += line
    assert not command.strip(), f"no answer is shown for {command}"


class Comparison:
    """Compares answers with those shown, and learns which real id stands for which shown one on the way."""

    def __init__(self) -> None:
        self.real: dict[str, str] = {}

    def translated(self, text: str) -> str:
        """Returns `text` with the page's ids replaced by the real ones."""
        for shown, real in self.real.items():
            text = text.replace(shown, real)
        return text

    def check(self, shown: Any, real: Any, at: str = "") -> None:
        """Raises AssertionError where `real` isn't what was shown."""
        if isinstance(shown, dict):
            self._check_object(shown, real, at)
        elif isinstance(shown, list):
            assert isinstance(real, list), at
            assert len(shown) == len(real), at
            for index, pair in enumerate(zip(shown, real, strict=True)):
                self.check(*pair, f"{at}[{index}]")
        elif isinstance(shown, str):
            self._check_text(shown, real, at)
        else:
            assert shown == real, at

    def check_document(self, shown: str, real: str) -> None:
        """Raises AssertionError where lines of `real`, an answer that isn't JSON, aren't what was shown."""
        lines = real.replace("\r", "").removeprefix("\ufeff").splitlines()
        assert [re.sub(_STAMP, "", line) for line in lines] == [
            re.sub(_STAMP, "", self.translated(line)) for line in shown.splitlines()
        ]

    def _check_object(self, shown: dict[str, Any], real: Any, at: str) -> None:
        assert isinstance(real, dict), at
        shown = {self.real.get(name, name): value for name, value in shown.items()}
        named = set(shown) - {LEFT_OUT}
        if LEFT_OUT in shown:
            assert named < set(real), at
        else:
            assert named == set(real), at
        for name in shown:
            if name != LEFT_OUT:
                self.check(shown[name], real[name], f"{at}.{name}")

    def _check_text(self, shown: str, real: Any, at: str) -> None:
        assert isinstance(real, str), at
        if re.fullmatch(_TIME, shown):
            assert re.fullmatch(_TIME, real), at
        elif pattern := next((one for one in (_UUID, _TOKEN) if re.fullmatch(one, shown)), None):
            assert re.fullmatch(pattern, real), at
            assert self.real.setdefault(shown, real) == real, at
        elif at.endswith("cursor"):
            assert re.fullmatch(r"[\w-]{20,}", real), at
            self.real[shown] = real
        else:
            assert self.translated(shown) == real, at
