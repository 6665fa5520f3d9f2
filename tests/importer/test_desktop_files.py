"""The parser of the desktop client's files: stable ids, and values that are never changed in place."""

import copy
import json
from pathlib import Path
from zoneinfo import ZoneInfo

from teamcal.importer.desktop_files import DesktopFiles, read_desktop_files
from teamcal.importer.identity import department_id_of, event_id_of
from teamcal.importer.repairs import repaired
from tests.importer.migration import MEETING

SEOUL = ZoneInfo("Asia/Seoul")


def read_events(folder: Path, text: str) -> DesktopFiles:
    path = folder / "calendar_events.json"
    path.write_text(text, "utf-8")
    return read_desktop_files(None, path, SEOUL)


def test_ids_are_the_same_in_every_version(tmp_path: Path) -> None:
    records = [
        MEETING,
        {**MEETING, "Url": "www.naver.com"},
        {"Title": None, "LastModified": {"a": 1}},
    ]

    events = read_events(tmp_path, json.dumps({"2024-01-20": records})).events

    assert [event.earlier_id for event in events] == [
        "f721ed09-6787-575b-99de-9a2638660b47",
        "c577e5ce-98cf-58fd-9704-9081c2aa9839",
        "c9b8f44f-f1d8-5bc3-941d-1034a514b5fa",
    ]
    department_id = "22f8b827-660b-5783-8f52-05d67f3f1a0b"
    assert [event_id_of(department_id, event.content) for event in events] == [
        "8491446c-c314-5b42-b43d-5bdb0a7b188b",
        "558c9966-50b9-5dbf-9bef-933411aa9dea",
        "f5af8c83-2ab1-55b0-b30f-8f23138371f1",
    ]
    assert department_id_of("개발팀") == "22f8b827-660b-5783-8f52-05d67f3f1a0b"


def test_a_repair_returns_new_fields() -> None:
    fields = {"title": " ", "description": None, "time": "", "url": "3층 회의실", "event_date": "2024-01-20"}
    before = copy.deepcopy(fields)

    new_fields, repairs = repaired(fields)

    assert fields == before
    assert (new_fields["title"], new_fields["url"]) == ("(제목 없음)", "")
    assert new_fields["description"] == "3층 회의실"
    assert len(repairs) == 2


def test_a_record_with_a_repeated_key_is_refused(tmp_path: Path) -> None:
    files = read_events(tmp_path, '{"2024-01-20": [{"Title": "가", "Title": "나"}]}')

    assert files.events == []
    assert files.problems[1:] == ['calendar_events.json: "2024-01-20"[0]: 같은 이름의 항목이 두 번 있습니다.']


def test_no_key_of_a_record_has_a_special_meaning(tmp_path: Path) -> None:
    files = read_events(tmp_path, '{"2024-01-20": [{"Title": "가", "\\u0000repeated": []}]}')

    assert [event.fields["title"] for event in files.events] == ["가"]
