"""The embedded engine can't write: the server's own log says so and names the folder."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from localdynamo.reports import disk_trouble
from models import DynamoDBDatabase
from teamcal.settings import Settings
from tests.engine import client, error
from tests.house import House, Server, right_now
from tests.servers import ROOT

WRITE_UNTIL_IT_FAILS = """
import resource
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))  # the engine inherits it
from models import DynamoDBDatabase
from teamcal.deadline import within
from teamcal.errors import StorageUnavailable
from teamcal.settings import storage_settings
database = DynamoDBDatabase(storage_settings())
database.create_tables()
table = database.settings.departments_table
def put(number):
    item = {"id": {"S": str(number)}, "name": {"S": "x" * 10_000}}
    put = {"Put": {"TableName": table, "Item": item}}
    with within(5):
        database.dynamodb.call("transact_write_items", TransactItems=[put])
try:
    for number in range(100):
        put(number)
except StorageUnavailable:
    print(number, database.read_department(str(number - 1))["id"], database.read_department(str(number)))
"""


def test_a_log_that_can_not_grow_is_told_by_its_user(tmp_path: Path) -> None:
    # Not measured: coverage's own file would meet the limit as well.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    env |= {"DYNAMODB_ENDPOINT_URL": "embedded", "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", WRITE_UNTIL_IT_FAILS],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    line = next(
        line for line in done.stderr.splitlines() if line.startswith("✗ DynamoDB 연결 실패: 내장 엔진")
    )
    assert str(tmp_path) in line
    assert "File too large" in line
    failed, last, missing = done.stdout.split()
    assert int(failed) == int(last) + 1 > 5
    assert missing == "None"
    assert "Traceback" not in done.stderr


@pytest.mark.deadline
def test_a_full_disk_is_told_with_its_folder(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = disk_trouble(tmp_path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    full = error("InternalServerError", trouble, status=500)
    low_level = client(before=lambda action, body: full if action == "TransactWriteItems" else None)
    storage = replace(house.storage, endpoint_url="embedded", data_dir=tmp_path)
    server = Server(
        Settings(storage, "only-the-tests-know-it"), DynamoDBDatabase(storage, low_level), right_now
    )
    answer = server.http.post("/api/departments", json={"name": "개발팀"})
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert f"디스크가 가득 찼습니다: {tmp_path}" in caplog.text
    assert str(tmp_path) not in answer.text
    assert server.http.get("/api/departments").status_code == 200


def test_a_folder_that_can_not_be_made_is_named(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("not a folder")
    folder = tmp_path / "file" / "data"
    storage = replace(house.storage, endpoint_url="embedded", data_dir=folder)
    server = Server(Settings(storage, "only-the-tests-know-it"), DynamoDBDatabase(storage), right_now)
    answer = server.http.get("/api/departments")
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert f"데이터 폴더에 쓸 수 없습니다: {folder}" in caplog.text
    assert "Traceback" not in caplog.text
