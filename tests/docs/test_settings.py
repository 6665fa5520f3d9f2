"""Every setting is explained, and commands and operators' messages stand in the pages as they are."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from dotenv import dotenv_values

from teamcal import settings
from teamcal.storage.operator_messages import CREDENTIALS_TEXT, EXPLANATION_TEXT, TABLE_TEXT
from tests.docs.pages import DOCS, README, ROOT, blocks, name_of, rows

EXAMPLE = ROOT / ".env.example"
COMMANDS = [
    "pip install -r requirements.txt",
    'python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"',
    "python migrate_to_dynamodb.py",
    "FLASK_ENV=development flask run --host=0.0.0.0 --port=5000",
    "gunicorn --worker-class eventlet -w 1 app:app --bind 0.0.0.0:8000",
]


def both(page: Path) -> list[Path]:
    return [page, page.with_name(f"{page.stem}.ko.md")]


def test_the_example_names_every_setting_with_a_comment() -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    named = {}
    for before, line in pairwise(lines):
        if "=" in line and not line.startswith("#"):
            named[line.split("=")[0]] = before
    assert set(named) == set(settings.NAMES)
    assert all(comment.startswith("# ") for comment in named.values()), named


def test_the_example_is_what_happens_without_it() -> None:
    values = {name: value or "" for name, value in dotenv_values(EXAMPLE).items()}
    assert values["SECRET_KEY"] == settings.EXAMPLE_SECRET
    assert settings.storage_settings(values) == settings.storage_settings({})
    secret = {"SECRET_KEY": "long and random"}
    assert settings.load_settings(values | secret) == settings.load_settings(secret)
    with pytest.raises(settings.SettingsError, match="SECRET_KEY"):
        settings.load_settings(values)


@pytest.mark.parametrize("page", [*both(README), *both(DOCS / "settings.md")], ids=name_of)
def test_the_page_explains_every_setting_and_its_default(page: Path) -> None:
    shown = {}
    for names, defaults in rows(page, r"^\| (`[A-Z][A-Z_`, ]+`) \| ([^|]*) \|"):
        several = re.findall(r"`(\w+)`", names)
        values = [default.strip("` –") for default in defaults.strip().split(", ")]
        shown |= dict(zip(several, values * (len(several) if len(values) == 1 else 1), strict=True))
    example = dotenv_values(EXAMPLE) | {"SECRET_KEY": ""}
    assert shown == example


@pytest.mark.parametrize("page", [*both(README), *both(DOCS / "index.md")], ids=name_of)
def test_the_commands_stand_there_as_they_are(page: Path) -> None:
    lines = [line for block in blocks(page, "bash") for line in block.text.splitlines()]
    for command in COMMANDS:
        assert command in lines


@pytest.mark.parametrize("page", both(DOCS / "operate" / "troubleshooting.md"), ids=name_of)
def test_the_operators_messages_are_word_for_word(page: Path) -> None:
    texts = [block.text for block in blocks(page, "text")]
    reasons = EXPLANATION_TEXT.format(explanation="Unable to locate credentials")
    assert CREDENTIALS_TEXT.format(reason="NoCredentialsError", reasons=reasons) + "\n" in texts
    assert TABLE_TEXT.format(table="departments") + "\n" in texts


@pytest.mark.parametrize("page", both(README), ids=name_of)
def test_the_readme_names_the_operators_messages(page: Path) -> None:
    text = page.read_text("utf-8")
    for message in (CREDENTIALS_TEXT, TABLE_TEXT.format(table="departments")):
        assert message.splitlines()[0].split(" (")[0].split(" 다음")[0] in text
