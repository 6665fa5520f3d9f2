"""Every setting is explained, and the two READMEs say the same."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from dotenv import dotenv_values

from teamcal import settings
from teamcal.storage.operator_messages import CREDENTIALS_TEXT, TABLE_TEXT
from tests.docs.readme import KOREAN, README, ROOT, blocks

EXAMPLE = ROOT / ".env.example"
COMMANDS = [
    "pip install -r requirements.txt",
    'python -c "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"',
    "python migrate_to_dynamodb.py",
    "FLASK_ENV=development flask run --host=0.0.0.0 --port=5000",
    "gunicorn --worker-class eventlet -w 1 app:app --bind 0.0.0.0:8000",
]
both = pytest.mark.parametrize("file", [README, KOREAN], ids=lambda file: file.name)


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


@both
def test_the_readme_explains_every_setting_and_its_default(file: Path) -> None:
    rows = re.findall(r"^\| (`[A-Z][A-Z_`, ]+`) \| ([^|]*) \|", file.read_text("utf-8"), re.MULTILINE)
    shown = {}
    for names, defaults in rows:
        several = re.findall(r"`(\w+)`", names)
        values = [default.strip("` –") for default in defaults.strip().split(", ")]
        shown |= dict(zip(several, values * (len(several) if len(values) == 1 else 1), strict=True))
    example = dotenv_values(EXAMPLE) | {"SECRET_KEY": ""}
    assert shown == example


@both
def test_the_commands_stand_there_as_they_are(file: Path) -> None:
    lines = [line for block in blocks(file, "bash") for line in block.text.splitlines()]
    for command in COMMANDS:
        assert command in lines


@both
def test_the_operators_messages_are_word_for_word(file: Path) -> None:
    texts = [block.text for block in blocks(file, "text")]
    assert CREDENTIALS_TEXT.format(reason="NoCredentialsError") + "\n" in texts
    assert TABLE_TEXT.format(table="departments") + "\n" in texts


def test_the_two_languages_have_the_same_code() -> None:
    assert blocks(README) == blocks(KOREAN)


@both
def test_every_link_leads_somewhere(file: Path) -> None:
    text = file.read_text("utf-8")
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL).splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif not target.startswith("http"):
            assert (ROOT / target).exists(), target
