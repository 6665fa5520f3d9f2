"""The README's `aws` commands give the tables that `create_tables()` gives."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from models import DynamoDBDatabase
from tests.docs.pages import README, blocks
from tests.localdynamo.engines import client as engine_client
from tests.servers import ROOT
from tests.storage.engines import embedded_endpoint

ENGINE = ROOT / "docs" / "embedded-engine.md"
TABLES = ("departments", "events", "changes", "access")
_OWN = ("Arn", "Id", "DateTime", "CreationDateTime")


def without_names(description: Any) -> Any:
    """A table's description minus ARNs, dates, ids and counters."""
    if isinstance(description, dict):
        return {
            name: without_names(value)
            for name, value in sorted(description.items())
            if not name.endswith(_OWN) and name not in ("TableSizeBytes", "ItemCount", "IndexSizeBytes")
        }
    if isinstance(description, list):
        return sorted((without_names(one) for one in description), key=str)
    return description


def described(folder: Path) -> dict[str, Any]:
    client = engine_client(folder)
    assert sorted(client.list_tables()["TableNames"]) == sorted(TABLES)
    return {
        name: (
            without_names(client.describe_table(TableName=name)["Table"]),
            client.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
        )
        for name in TABLES
    }


def run_the_readme(folder: Path) -> None:
    (credentials,) = [block.text for block in blocks(ENGINE, "bash") if "--credentials" in block.text]
    (script,) = [block.text for block in blocks(README, "bash") if block.text.startswith("aws ")]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment = inherited | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
    }
    done = subprocess.run(
        ["bash", "-e", "-c", credentials.replace(".data", str(folder)) + script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr


def test_the_cli_and_python_make_the_same_tables(tmp_path: Path) -> None:
    by_cli, by_python = tmp_path / "cli", tmp_path / "python"
    with embedded_endpoint(by_cli), embedded_endpoint(by_python) as settings:
        run_the_readme(by_cli)
        DynamoDBDatabase(settings).create_tables()
        assert described(by_cli) == described(by_python)
