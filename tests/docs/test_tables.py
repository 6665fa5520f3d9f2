"""The README's `aws` commands give the tables that `create_tables()` gives."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3

from models import DynamoDBDatabase
from teamcal.settings import storage_settings
from tests.docs.pages import README, blocks
from tests.storage.engines import embedded_endpoint

KEYS = {"AWS_ACCESS_KEY_ID": "embedded", "AWS_SECRET_ACCESS_KEY": "embedded"}
TABLES = ("departments", "events", "changes")
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


def described(endpoint: str) -> dict[str, Any]:
    client = boto3.client(
        "dynamodb", endpoint_url=endpoint, region_name="ap-northeast-2",
        aws_access_key_id="embedded", aws_secret_access_key="embedded",
    )  # fmt: skip
    assert sorted(client.list_tables()["TableNames"]) == sorted(TABLES)
    return {
        name: (
            without_names(client.describe_table(TableName=name)["Table"]),
            client.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
        )
        for name in TABLES
    }


def run_the_readme(endpoint: str) -> None:
    (script,) = [block.text for block in blocks(README, "bash") if block.text.startswith("aws ")]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment = inherited | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": endpoint,
        **KEYS,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
    }
    done = subprocess.run(
        ["bash", "-e", "-c", script], env=environment, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr


def test_the_cli_and_python_make_the_same_tables(tmp_path: Path) -> None:
    with embedded_endpoint(tmp_path / "cli") as by_cli, embedded_endpoint(tmp_path / "python") as by_python:
        run_the_readme(by_cli)
        DynamoDBDatabase(storage_settings({"DYNAMODB_ENDPOINT_URL": by_python, **KEYS})).create_tables()
        assert described(by_cli) == described(by_python)
