"""The tables of texts on the page about times say what the server understands."""

import re
from pathlib import Path

import pytest

from teamcal.domain.recurrence import canonical, rule_from
from teamcal.domain.time_texts import Times, times_from
from tests.docs.pages import DOCS, korean, name_of, rows

ENGLISH = DOCS / "calendar.md"
each_page = pytest.mark.parametrize("page", [ENGLISH, korean(ENGLISH)], ids=name_of)
TEXTS = r"^\| (`[^|]+`) \| "


def texts_in(cell: str) -> list[str]:
    return re.findall("`([^`]+)`", cell)


@each_page
def test_a_text_is_understood_as_shown(page: Path) -> None:
    shown = rows(page, TEXTS + r"(\d\d:\d\d|–) \| (\d\d:\d\d|–) \|$")
    assert len(shown) == 8
    for cell, start, end in shown:
        expected = Times(*(None if time == "–" else time for time in (start, end)))
        assert {times_from(text) for text in texts_in(cell)} == {expected}, cell


@pytest.mark.parametrize(
    ("page", "header"),
    [(ENGLISH, "why it stays a text"), (korean(ENGLISH), "글로 남는 이유")],
    ids=["en", "ko"],
)
def test_a_text_that_stays_one(page: Path, header: str) -> None:
    _, _, after = page.read_text("utf-8").partition(header)
    cells = re.findall(TEXTS, after.partition("\n\n")[0], re.MULTILINE)
    assert len(cells) == 5
    for text in [text for cell in cells for text in texts_in(cell)]:
        assert times_from(text) is None, text


@each_page
def test_a_rule_is_accepted_and_canonical(page: Path) -> None:
    rules = rows(page, r"\| `(FREQ=[^`]+)` \|$")
    assert len(rules) == 6
    for rule in rules:
        assert sorted(canonical(rule_from(rule)).split(";")) == sorted(rule.split(";")), rule
