"""The pages: short, complete, the same in both languages, with links that lead somewhere."""

import ast
import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, KOREAN, README, ROOT, anchors, blocks, headings, links, name_of, pairs
from tests.house import Server

each_pair = pytest.mark.parametrize(("english", "translation"), pairs(), ids=name_of)
BESIDE_THE_SITE = [README, KOREAN, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
SECTIONS = [
    "Start", "Environment", "Tables", "Migration", "Running the server", "REST API", "Socket.IO",
    "Reliable sync and conflict detection", "Project structure", "Database schema", "Troubleshooting",
    "Deployment", "Development", "Cost", "Licence",
]  # fmt: skip
STATIONS = DOCS / "develop" / "architecture.md"


@pytest.mark.parametrize("page", [README, KOREAN], ids=name_of)
def test_the_readme_is_short(page: Path) -> None:
    assert len(page.read_text("utf-8").splitlines()) <= 450


def test_the_readme_has_its_sections_in_the_order_of_a_newcomers_day() -> None:
    assert [text for level, text in headings(README) if level == 2] == SECTIONS


def test_every_page_is_in_both_languages() -> None:
    pages = {name_of(page) for page in DOCS.rglob("*.md")}
    korean = {name for name in pages if name.endswith(".ko.md")}
    assert {name.replace(".ko.md", ".md") for name in korean} == pages - korean


@each_pair
def test_the_two_languages_have_the_same_headings(english: Path, translation: Path) -> None:
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(translation)]


@each_pair
def test_the_two_languages_have_the_same_examples(english: Path, translation: Path) -> None:
    here, there = blocks(english), blocks(translation)
    assert [block.language for block in here] == [block.language for block in there]
    for ours, theirs in zip(here, there, strict=True):
        assert ours.code == theirs.code


@each_pair
def test_the_two_languages_have_the_same_tables(english: Path, translation: Path) -> None:
    def shapes(page: Path) -> list[int]:
        lines = re.findall(r"^\|.*\|$", page.read_text("utf-8"), re.MULTILINE)
        return [len(re.findall(r"(?<!\\)\|", line)) for line in lines]

    assert shapes(english) == shapes(translation)


@pytest.mark.parametrize("page", BESIDE_THE_SITE, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = ROOT / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", [*BESIDE_THE_SITE, *sorted(DOCS.rglob("*.md"))], ids=name_of)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """A name in backticks that is a path from the root; one with braces names several and is left out."""
    folders = "teamcal|tests|docs|examples|web|deploy|localdynamo|benchmarks"
    for path in re.findall(rf"`((?:{folders})/[\w./-]+\.\w+)`", page.read_text("utf-8")):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", ["operate/aws.md", "operate/elastic-beanstalk.md"])
def test_the_readme_and_the_page_show_the_same_commands(page: str) -> None:
    (script,) = [block for block in blocks(DOCS / page, "bash") if len(block.text.splitlines()) > 3]
    assert script in blocks(README, "bash")


def test_every_station_of_a_walk_is_a_function() -> None:
    walks = re.findall(r"<!-- stations: (\w+) -->\n```text\n(.*?)```", STATIONS.read_text("utf-8"), re.DOTALL)
    assert [request for request, _ in walks] == ["write", "read", "join"]
    for request, walk in walks:
        stations = re.findall(r"^ *\d+ (\S+\.py):(\S+)$", walk, re.MULTILINE)
        assert len(stations) == len(walk.splitlines()) > 10, request
        for file, function in stations:
            assert function in functions_of(file), (request, file, function)


def functions_of(file: str) -> set[str]:
    """The qualified names of a file's functions, as `co_qualname` has them."""
    path = ROOT / file if file == "models.py" else ROOT / "teamcal" / file
    names = set()

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                visit(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.FunctionDef):
                names.add(prefix + child.name)
                visit(child, f"{prefix}{child.name}.<locals>.")
            else:
                visit(child, prefix)

    visit(ast.parse(path.read_text("utf-8")), "")
    return names


@pytest.mark.parametrize("page", ["develop/testing.md", "develop/testing.ko.md"])
def test_the_example_of_a_test_passes(page: str, server: Server) -> None:
    (example,) = blocks(DOCS / page, "python")
    namespace: dict[str, object] = {}
    exec(example.text, namespace)  # noqa: S102 -- the page's own code
    (test,) = [value for name, value in namespace.items() if name.startswith("test_")]
    test(server)  # type: ignore[operator]
