"""Files in every encoding and form that an office PC may have them in, and files that can't be read."""

import codecs
import ctypes
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from teamcal.importer import json_file
from tests.importer.migration import DEPARTMENTS, MEETING, Migration
from tests.servers import ROOT, environment_of, make_tables

EVENTS = {"2024-01-20": [MEETING], "2024-01-21": [{**MEETING, "Title": "뷁똠 방문, 카페 ①"}]}


def text_of(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2).replace("\n", "\r\n")


ENCODINGS = {
    "UTF-8 with a byte order mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16 LE with a byte order mark": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16 BE with a byte order mark": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 LE": lambda text: text.encode("utf-16-le"),
    "UTF-16 BE": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "CP949": lambda text: text.encode("cp949"),
}


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("which", ["departments", "events", "both"])
def test_files_are_read_in_every_encoding_that_is_certain(
    migration: Migration, name: str, which: str
) -> None:
    plain: Callable[[str], bytes] = str.encode
    first, second = (
        ENCODINGS[name] if which in (one, "both") else plain for one in ("departments", "events")
    )
    migration.write_files(second(text_of(EVENTS)), first(text_of({"departments": DEPARTMENTS})))

    run = migration.run()

    assert run.status == 0, run.err
    assert [event["title"] for event in migration.events()] == ["팀 회의", "뷁똠 방문, 카페 ①"]
    assert set(migration.departments()) == {"개발팀", "마케팅팀"}
    warnings = [line for line in run.err.splitlines() if "UTF-8이 아" in line]
    assert len(warnings) == (0 if "UTF-8" in name else 2 if which == "both" else 1)
    assert all(("CP949" if name == "CP949" else name[:6]) in line for line in warnings)


def test_a_file_saved_again_in_another_encoding_is_the_same(migration: Migration) -> None:
    migration.write_files(text_of(EVENTS).encode("cp949"), text_of(DEPARTMENTS).encode("utf-16"))
    assert migration.run().status == 0
    before = migration.house.dump()
    migration.write_files(EVENTS, DEPARTMENTS)

    assert migration.run().status == 0
    assert migration.house.dump() == before


KOREAN = json.dumps(
    {"2024-01-20": [{**MEETING, "Description": "회의 자료를 미리 읽어 주세요. " * 20}]}, ensure_ascii=False
)


@pytest.mark.parametrize(
    "raw",
    [
        KOREAN.encode()[:300] + b"\xff" + KOREAN.encode()[300:],
        KOREAN.encode().replace("회의".encode(), b"\xed\x9a"),
        KOREAN.encode() + KOREAN.encode("cp949"),
        codecs.BOM_UTF8 + KOREAN.encode("cp949"),
        '{"2024-01-20": [{"Title": "Café"}]}'.encode("latin-1"),
        '{"2024-01-20": [{"Title": "會議室の予約を確認する"}]}'.encode("shift-jis"),
    ],
    ids=["one byte", "cut characters", "two encodings", "wrong mark", "Latin-1", "Shift-JIS"],
)  # fmt: skip
def test_damaged_text_is_refused_and_not_guessed(migration: Migration, raw: bytes) -> None:
    migration.write_files(raw)

    run = migration.run()

    assert run.status == 1
    assert "번째 바이트: UTF-8이 아닙니다. 메모장에서 열고 '다른 이름으로 저장'" in run.err
    assert not migration.events()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (codecs.BOM_UTF16_LE + KOREAN.encode("utf-16-le")[:-1], "UTF-16 파일이 손상되었습니다."),
        (b"\0" * 4096, "0만 들어 있는 손상된 파일입니다."),
        (KOREAN.encode()[:-20] + b"\0" * 20, "올바른 JSON이 아닙니다"),
        (b"   \r\n", "올바른 JSON이 아닙니다"),
        (codecs.BOM_UTF8, "올바른 JSON이 아닙니다"),
        (codecs.BOM_UTF16_LE, "올바른 JSON이 아닙니다"),
        (b'{"2024-01-20": ' * 100_000, "올바른 JSON이 아닙니다"),
        (b'{"2024-01-20": [{"Id": ' + b"1" * 5_000 + b"}]}", "올바른 JSON이 아닙니다"),
        (KOREAN.encode() + b"}", "올바른 JSON이 아닙니다"),
        (b"// comment\n{}", "1행 1열: 올바른 JSON이 아닙니다"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_told(migration: Migration, raw: bytes, reason: str) -> None:
    migration.write_files(raw)

    run = migration.run()

    assert run.status == 1
    assert f"✗ calendar_events.json: {reason}" in run.err or reason in run.err
    assert "✅ 부서 데이터 마이그레이션 완료: 2개" in run.out
    assert "Traceback" not in run.err


def test_text_that_was_lost_before_is_told(migration: Migration) -> None:
    migration.write_files({"2024-01-20": [{**MEETING, "Title": "팀 \ufffd\ufffd"}]})

    run = migration.run()

    assert run.status == 0
    assert "⚠️ calendar_events.json: 알아볼 수 없게 깨진 글자(�)가 2개 있습니다." in run.err


@pytest.mark.parametrize("depth", [100, 700, 900, 990, 20_000])
def test_deep_nesting_in_a_record_takes_no_other_with_it(migration: Migration, depth: int) -> None:
    nested = f'{{"Title": "가", "LastModified": {"[" * depth}{"]" * depth}}}'
    repeated = f'{{"Title": "나", "A": {"[" * depth}1{"]" * depth}, "a": {"[" * depth}2{"]" * depth}}}'
    migration.write_files(f'{{"2024-01-20": [{nested}, {repeated}, {json.dumps(MEETING)}]}}'.encode())

    run = migration.run()

    assert run.status == 1
    assert "Traceback" not in run.err
    assert "RecursionError" not in run.err
    assert (
        "팀 회의" in [event["title"] for event in migration.events()] or "올바른 JSON이 아닙니다" in run.err
    )


def test_odd_numbers_are_taken_as_they_are_or_listed(migration: Migration) -> None:
    records = [
        '{"Id": NaN, "DepartmentId": "1", "Title": "a"}',
        '{"Id": Infinity, "DepartmentId": 1.0, "Title": "b"}',
        '{"Id": 1e308, "DepartmentId": " 1 ", "Title": "c"}',
        '{"Id": -0.0, "DepartmentId": true, "Title": NaN}',
    ]
    migration.write_files(f'{{"2024-01-20": [{", ".join(records)}]}}'.encode())

    run = migration.run()

    assert run.status == 1
    assert [event["title"] for event in migration.events()] == ["a", "b", "c"]
    assert '✗ calendar_events.json: "2024-01-20"[3]: title: 문자열이어야 합니다.' in run.err


# Metadata of serialisers


def test_metadata_of_serialisers_is_unwrapped(migration: Migration) -> None:
    meeting = {"$id": "4", "$type": "Calendar.Event, Calendar", **MEETING}
    other = {"$id": "5", **MEETING, "Title": "둘째"}
    events = {
        "$id": "1",
        "$type": "System.Collections.Generic.Dictionary`2[[System.DateTime],[System.Object]], mscorlib",
        "2024-01-20T00:00:00": {"$id": "2", "$values": [meeting, other]},
        "2024-01-21T00:00:00": {"$type": "System.Object[]", "$values": [{"$ref": "4"}]},
        "2024-01-22T00:00:00": {"$ref": "2"},
        "2024-01-23T00:00:00": [{"$ref": "5"}],
    }
    departments = {"$id": "1", "departments": {"$id": "2", "$values": [{"$id": "3", **DEPARTMENTS[0]}]}}
    migration.write_files(events, departments)

    run = migration.run()

    assert run.status == 0, run.err
    assert "⚠️" not in run.err
    assert [(event["event_date"][-2:], event["title"]) for event in migration.events()] == [
        ("20", "둘째"), ("20", "팀 회의"), ("21", "팀 회의"), ("22", "둘째"), ("22", "팀 회의"),
        ("23", "둘째"),
    ]  # fmt: skip


def test_records_with_metadata_are_the_records_without(migration: Migration) -> None:
    migration.write_files(EVENTS)
    migration.run()
    before = migration.house.dump()
    wrapped = {
        key: {"$id": key, "$values": [{"$id": "9", "$type": "E", **record} for record in records]}
        for key, records in EVENTS.items()
    }
    migration.write_files({"$id": "1", **wrapped}, {"$values": DEPARTMENTS})

    assert migration.run().status == 0
    assert migration.house.dump() == before


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([{"$ref": "99"}], '"2024-01-20"[0]: JSON 객체가 아닙니다.'),
        ({"$ref": "99"}, '"2024-01-20": 이벤트 목록이 아닙니다.'),
        ({"$id": "7", "$values": [{"$ref": "7"}]}, '"2024-01-20"[0]: JSON 객체가 아닙니다.'),
        ({"$values": 5}, '"2024-01-20": 이벤트 목록이 아닙니다.'),
        ([{"$id": "3", "Title": {"$ref": "3"}}], '"2024-01-20"[0]: title: 문자열이어야 합니다.'),
    ],
)
def test_a_reference_to_nothing_is_listed(migration: Migration, value: Any, reason: str) -> None:
    migration.write_files({"2024-01-20": value, "2024-01-21": [MEETING]})

    run = migration.run()

    assert run.status == 1
    assert f"✗ calendar_events.json: {reason}" in run.err
    assert len(migration.events()) == 1


# Files and folders that can't be read


def test_a_huge_file_is_refused_before_it_is_read(migration: Migration) -> None:
    migration.write_files()
    os.truncate(migration.folder / "calendar_events.json", json_file.MAX_FILE_BYTES + 1)  # sparse

    run = migration.run()

    assert run.status == 1
    assert "✗ calendar_events.json: 파일이 너무 큽니다. 256 MB까지 읽습니다." in run.err


def test_a_folder_or_pipe_with_the_files_name_is_no_file(migration: Migration) -> None:
    (migration.folder / "departments.json").mkdir()
    os.mkfifo(migration.folder / "calendar_events.json")

    run = migration.run()

    assert run.status == 1
    assert "✗ departments.json: 파일이 아닙니다." in run.err
    assert "✗ calendar_events.json: 파일이 아닙니다." in run.err


def test_a_name_that_no_folder_can_have_is_told(migration: Migration) -> None:
    migration.folder /= "x" * 300

    run = migration.run()

    assert run.status == 1
    assert run.err.startswith(f"✗ {migration.folder}: 읽을 수 없습니다 (File name too long).")


def without_privileges() -> None:
    """Takes from the process that is about to start what lets root read everything."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; fails for everybody but root


def closed_run(folder: Path, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "migrate_to_dynamodb.py", "--data-dir", str(folder)],
        cwd=ROOT,
        env=environment_of("python", 0, data, None),
        capture_output=True,
        text=True,
        preexec_fn=without_privileges,
        timeout=120,
    )


def test_a_closed_folder_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "departments.json").write_text("[]")
    folder.chmod(0)
    try:
        done = closed_run(folder, tmp_path / "data")
    finally:
        folder.chmod(stat.S_IRWXU)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"✗ {folder}: 읽을 수 없습니다 (Permission denied).\n"


def test_a_closed_file_is_told(tmp_path: Path) -> None:
    make_tables(environment_of("python", 0, tmp_path / "data", None))
    (tmp_path / "departments.json").write_text(json.dumps(DEPARTMENTS), "utf-8")
    (tmp_path / "calendar_events.json").write_text("{}")
    (tmp_path / "calendar_events.json").chmod(0)

    done = closed_run(tmp_path, tmp_path / "data")

    assert done.returncode == 1
    assert "✗ calendar_events.json: 읽을 수 없습니다 (Permission denied).\n" in done.stderr
    assert "✅ 부서 데이터 마이그레이션 완료: 2개" in done.stdout
