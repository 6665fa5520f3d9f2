"""The README's example of a migration: its files give its output, character for character."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import README, ROOT, blocks

CREATE_TABLES = "from models import DynamoDBDatabase; DynamoDBDatabase().create_tables()"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {"DYNAMODB_ENDPOINT_URL": "embedded", "DATA_DIR": str(folder / "data")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=250,
    )


def test_the_output_is_as_shown(tmp_path: Path) -> None:
    departments, events = [block.text for block in blocks(README, "json")]
    (tmp_path / "departments.json").write_text(departments, "utf-8")
    (tmp_path / "calendar_events.json").write_text(events, "utf-8")
    (shown,) = [block.text for block in blocks(README, "text") if "마이그레이션" in block.text]

    made = run(tmp_path, "-c", CREATE_TABLES)
    assert made.returncode == 0, made.stderr
    done = run(tmp_path, "migrate_to_dynamodb.py", "--data-dir", str(tmp_path))

    assert (done.returncode, done.stdout) == (0, shown), done.stderr
