"""/api/holidays over REST, with and without the fast path, of one and of several servers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models import DynamoDBDatabase
from teamcal.calendar.holidays import MAX_DAYS
from teamcal.domain.holidays import MAX_OWN
from teamcal.factory import create_app
from teamcal.settings import Settings, SettingsError
from tests.house import House, together
from tests.rest.test_people import Desk

YEAR = "from=2026-01-01&to=2026-12-31"
OWN = {"date": "2026-10-08", "name": "창립기념일", "name_en": "창립기념일", "kind": "own"}
HANGUL_DAY = {"date": "2026-10-09", "name": "한글날", "name_en": "Hangul Day", "kind": "public"}


@pytest.fixture(params=[True, False], ids=["fast path", "Flask"])
def http(request: pytest.FixtureRequest, house: House) -> Any:
    return house.server(fast_path=request.param).http


def own(http: Any, query: str = YEAR) -> list[tuple[str, str]]:
    answer = http.get(f"/api/holidays?{query}")
    assert answer.status_code == 200, answer.text
    return [(one["date"], one["name"]) for one in answer.json["holidays"] if one["kind"] == "own"]


def problem(answer: Any) -> tuple[int, str, str]:
    (problem,) = answer.json["errors"]
    return answer.status_code, problem["field"], problem["message"]


def test_the_holidays_of_a_time(http: Any) -> None:
    answer = http.get("/api/holidays?from=2026-10-05&to=2026-10-09")
    assert answer.status_code == 200
    assert answer.json == {
        "success": True,
        "holidays": [
            {
                "date": "2026-10-05",
                "name": "개천절 대체공휴일",
                "name_en": "Alternative holiday for National Foundation Day",
                "kind": "substitute",
            },
            HANGUL_DAY,
        ],
    }


def test_an_unchanged_list_isnt_sent_again(http: Any) -> None:
    address = f"/api/holidays?{YEAR}"
    tag = http.get(address).headers["ETag"]
    unchanged = http.get(address, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    http.put("/api/holidays/2026-10-08", json={"name": "창립기념일"})
    changed = http.get(address, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    http.put("/api/holidays/2027-10-08", json={"name": "다른 해"})
    assert http.get(address, headers={"If-None-Match": changed.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", "2026-01-01", "2027-12-27"),
        ("from=&to=", "2026-01-01", "2027-12-27"),
        ("from=2024-12-01", "2024-12-25", "2025-12-25"),
        ("to=2020-05-05", "2020-01-01", "2020-05-05"),
    ],
)
def test_without_dates_it_is_this_year_and_the_next(house: House, query: str, first: str, last: str) -> None:
    # In Korea 2026 has begun.
    http = house.server(now=lambda: datetime(2025, 12, 31, 15, 30, tzinfo=UTC)).http
    holidays = http.get(f"/api/holidays?{query}").json["holidays"]
    assert (holidays[0]["date"], holidays[-1]["date"]) == (first, last)


def test_the_time_is_bounded(http: Any) -> None:
    assert http.get("/api/holidays?from=2024-01-01&to=2026-12-31").status_code == 200
    assert http.get("/api/holidays?from=2026-05-01&to=2026-01-01").json["holidays"] == []
    answer = http.get("/api/holidays?from=2024-01-01&to=2027-01-03", headers={"Accept-Language": "en"})
    assert problem(answer) == (400, "to", f"At most {MAX_DAYS} days can be asked for at once.")
    for query in ("from=0001-01-01&to=9999-12-31", "from=2026-1-1", "to=tomorrow"):
        assert http.get(f"/api/holidays?{query}").status_code == 400
    assert http.get("/api/holidays?from=9999-01-01").json["holidays"] == []


def test_an_own_holiday_is_added_renamed_and_removed(http: Any) -> None:
    answer = http.put("/api/holidays/2026-10-08", json={"name": "  창립기념일\n"})
    assert (answer.status_code, answer.json) == (200, {"success": True, "holidays": [OWN]})
    assert own(http) == [("2026-10-08", "창립기념일")]
    http.put("/api/holidays/2026-10-08", json={"name": "쉬는 날", "unknown": 1})
    assert own(http) == [("2026-10-08", "쉬는 날")]
    for _ in range(2):
        answer = http.delete("/api/holidays/2026-10-08")
        assert (answer.status_code, answer.json) == (200, {"success": True, "holidays": []})
    assert own(http) == []


def test_a_public_holiday_stays(http: Any) -> None:
    answer = http.put("/api/holidays/2026-10-09", json={"name": "창립기념일"})
    assert answer.json["holidays"] == [HANGUL_DAY, OWN | {"date": "2026-10-09"}]
    assert http.delete("/api/holidays/2026-10-09").json["holidays"] == [HANGUL_DAY]


@pytest.mark.parametrize(
    "day", ["2026-02-30", "20261008", "2026-10-8", "today", "10-08", "2026-W41-4", "٢٠٢٦-10-08"]
)
def test_a_date_is_a_real_one(http: Any, day: str) -> None:
    assert problem(http.put(f"/api/holidays/{day}", json={"name": "x"}))[:2] == (400, "date")
    assert problem(http.delete(f"/api/holidays/{day}"))[:2] == (400, "date")


@pytest.mark.parametrize(
    "body", [{}, {"name": None}, {"name": " "}, {"name": 1}, {"name": "x" * 101}, {"name": "\x00"}]
)
def test_a_name_is_a_line(http: Any, body: Any) -> None:
    assert problem(http.put("/api/holidays/2026-10-08", json=body))[:2] == (400, "name")
    assert own(http) == []


def test_the_list_is_bounded(house: House) -> None:
    server = house.server()
    names = {f"{2001 + number // 28}-01-{number % 28 + 1:02}": "가" * 100 for number in range(MAX_OWN)}
    house.plain.put_item(
        TableName=house.storage.access_table,
        Item={
            "id": {"S": "holidays"},
            "names": {"M": {day: {"S": name} for day, name in names.items()}},
            "version": {"N": "1"},
        },
    )
    assert problem(server.http.put("/api/holidays/2026-10-08", json={"name": "하나 더"}))[:2] == (400, "date")
    assert server.http.put("/api/holidays/2001-01-01", json={"name": "다른 이름"}).status_code == 200
    assert server.http.delete("/api/holidays/2001-01-02").status_code == 200
    assert server.http.put("/api/holidays/2026-10-08", json={"name": "하나 더"}).status_code == 200


def test_every_server_shows_a_change_at_once(house: House) -> None:
    one, other = house.server(), house.server()
    one.http.put("/api/holidays/2026-10-08", json={"name": "창립기념일"})
    assert own(other.http) == [("2026-10-08", "창립기념일")]
    other.http.delete("/api/holidays/2026-10-08")
    assert own(one.http) == []
    assert own(house.server().http) == []


def test_writers_at_once_lose_nothing(house: House) -> None:
    servers = [house.server(), house.server()]
    days = [f"2026-11-{day:02}" for day in range(2, 10)]

    def add(number: int) -> None:
        answer = servers[number % 2].http.put(f"/api/holidays/{days[number]}", json={"name": "x"})
        assert answer.status_code == 200, answer.text

    together(*[lambda number=number: add(number) for number in range(len(days))])
    assert [day for day, _ in own(servers[0].http)] == days


def test_a_write_whose_answer_was_lost_is_made_once(house: House) -> None:
    lost: list[str] = []

    def lose(operation: str, request: Any) -> None:
        if operation == "PutItem" and not lost:
            lost.append(operation)
            raise ConnectionError

    server = house.server(after=lose)
    assert server.http.put("/api/holidays/2026-10-08", json={"name": "창립기념일"}).status_code == 200
    assert lost
    assert own(server.http) == [("2026-10-08", "창립기념일")]


def test_tables_of_an_older_version_have_public_holidays(house: House) -> None:
    house.plain.delete_table(TableName=house.storage.access_table)
    http = house.server().http
    assert http.get("/api/holidays?from=2026-10-09&to=2026-10-09").json["holidays"] == [HANGUL_DAY]
    answer = http.put("/api/holidays/2026-10-08", json={"name": "x"})
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")


# Who may


def test_in_token_mode_administrators_keep_the_list() -> None:
    desk = Desk()
    as_admin, as_user, as_nobody = desk.as_(desk.admin), desk.as_(desk.user("kim")), desk.as_(None)
    path, body = "/api/holidays/2026-10-08", {"name": "창립기념일"}
    assert as_admin("PUT", path, body).status_code == 200
    assert OWN in as_user.get(f"/api/holidays?{YEAR}").json["holidays"]
    for method in ("PUT", "DELETE"):
        assert as_user(method, path, body).json["code"] == "forbidden"
        assert as_nobody(method, path, body).json["code"] == "token_required"
    assert as_nobody.get("/api/holidays").json["code"] == "token_required"
    assert as_admin("DELETE", path).json["holidays"] == []


# HOLIDAYS_FILE


def test_the_file_of_the_installation(house: House, tmp_path: Path) -> None:
    file = tmp_path / "휴일.txt"
    file.write_bytes("# 우리 회사\r\n10-08 창립기념일\r\n2026-12-24 종무식\r\n".encode("cp949"))
    http = house.server(holidays_file=file).http
    assert own(http) == [("2026-10-08", "창립기념일"), ("2026-12-24", "종무식")]
    assert own(http, "from=2027-01-01&to=2027-12-31") == [("2027-10-08", "창립기념일")]
    http.put("/api/holidays/2026-12-24", json={"name": "쉬는 날"})
    assert own(http)[1:] == [("2026-12-24", "종무식"), ("2026-12-24", "쉬는 날")]


def test_a_broken_file_stops_the_start(house: House, tmp_path: Path) -> None:
    file = tmp_path / "holidays.txt"
    file.write_text("10-08 창립기념일\n10월 9일 한글날\n", "utf-8")
    settings = Settings(house.storage, "x", holidays_file=file)
    with pytest.raises(SettingsError, match=r"^HOLIDAYS_FILE: .*holidays\.txt line 2 .*YYYY-MM-DD name"):
        create_app(settings, DynamoDBDatabase(house.storage, house.plain), watch=False)
    file.unlink()
    with pytest.raises(SettingsError, match=r"^HOLIDAYS_FILE: must be a file .*holidays\.txt: No such file"):
        create_app(settings, DynamoDBDatabase(house.storage, house.plain), watch=False)
