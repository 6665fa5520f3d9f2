"""Names and titles without a visible shape, and names that differ only by what nobody sees."""

from typing import Any

import pytest

from tests.house import House

INVISIBLE = {
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "word joiner": "\u2060",
    "invisible times": "\u2062",
    "Hangul filler": "\u3164",
    "choseong and jungseong filler": "\u115f\u1160",
    "halfwidth Hangul filler": "\uffa0",
    "braille blank": "\u2800",
    "right-to-left override": "\u202e",
    "left-to-right isolate": "\u2066\u2069",
    "Arabic letter mark": "\u061c",
    "combining grapheme joiner": "\u034f",
    "Mongolian vowel separator": "\u180e",
    "Khmer inherent vowel": "\u17b4",
    "variation selector": "\ufe0f",
    "supplementary variation selector": "\U000e0100",
    "tags": "\U000e0067\U000e007f",
    "annotation anchor": "\ufff9",
    "shorthand format": "\U0001bca0",
    "musical beam": "\U0001d173",
    "null notehead": "\U0001d159",
    "hieroglyph joiner": "\U00013430",
    "Khitan filler": "\U00016fe4",
    "unassigned ignorable": "\U000e0fff",
    "among spaces": " \u200b\u3000\u3164\n\u2800 ",
}
every_invisible = pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE.keys())


def post(server: Any, name: object) -> Any:
    return server.http.post("/api/departments", json={"name": name})


@every_invisible
def test_what_has_no_visible_shape_is_blank(house: House, text: str) -> None:
    server = house.server()
    department_id = server.department()
    event = server.event(department_id)
    for answer in (
        post(server, text),
        server.http.put(f"/api/departments/{department_id}", json={"name": text}),
        server.http.post(f"/api/events/{department_id}", json={"event_date": "2024-01-20", "title": text}),
        server.http.put(f"/api/events/{event['id']}", json={"title": text}),
    ):
        assert (answer.status_code, answer.json["code"]) == (400, "validation_error")
        assert answer.json["errors"][0]["message"] == "비워 둘 수 없습니다."


@every_invisible
def test_names_that_differ_only_by_it_are_the_same(house: House, text: str) -> None:
    server = house.server()
    server.department("개발팀")
    other = server.department("영업팀")
    inside = "".join(text.split())  # a visible space inside would make another name
    for name in (f"개발팀{text}", f"{text}개발팀", f" {text} 개발팀{text} ", f"개{inside}발팀"):
        assert post(server, name).json["code"] == "department_name_taken", ascii(name)
        answer = server.http.put(f"/api/departments/{other}", json={"name": name})
        assert answer.json["code"] == "department_name_taken", ascii(name)


def test_the_ends_are_trimmed_of_it(house: House) -> None:
    server = house.server()
    name = "\u200b \ufeff개발팀\u3164 \u200b"
    assert post(server, name).json["department"]["name"] == "개발팀"
    event = server.event(server.department("영업팀"), title="\u2800회의\u200b", time="\ufeff14:00\u200b")
    assert (event["title"], event["time"]) == ("회의", "14:00")


@pytest.mark.parametrize(
    "name",
    ["👨‍👩‍👧", "❤️", "개발팀 ❤️‍🔥", "1️⃣", "#️⃣ 공지", "👁️‍🗨️", "👩🏽‍💻", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈 팀", "葛󠄀", "🇰🇷", "می‌خواهم", "क्‍ष"],
)  # fmt: skip
def test_emoji_and_scripts_keep_what_shapes_them(house: House, name: str) -> None:
    server = house.server()
    answer = post(server, name)
    assert answer.json["department"]["name"] == name
    assert server.event(answer.json["department"]["id"], title=name)["title"] == name


def test_emoji_that_look_different_are_different_names(house: House) -> None:
    server = house.server()
    for name in ("👨‍👩‍👧", "👨👩👧", "1️⃣", "1", "🏴", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"):
        assert post(server, name).status_code == 201, ascii(name)
    assert post(server, "1\ufe0f").json["code"] == "department_name_taken"
    assert post(server, "👨‍👩‍👧\u200d").json["code"] == "department_name_taken"


def test_a_separator_inside_a_syllable_makes_no_other_name(house: House) -> None:
    server = house.server()
    server.department("가족")
    assert post(server, "\u1100\u200b\u1161족").json["code"] == "department_name_taken"


def test_stored_names_without_a_shape_stay_usable(house: House) -> None:
    ids = [f"d1d1d1d1-0000-4000-8000-00000000000{number}" for number in range(1, 4)]
    for department_id, name in zip(ids, ("개발팀", "개발팀\u200b", "\u3164"), strict=True):
        house.put_department(id=department_id, name=name, description="")
    event_id = "e1e1e1e1-0000-4000-8000-000000000001"
    house.put_event(
        id=event_id, department_id=ids[1], event_date="2024-01-20", title="\u200b", description=""
    )
    server = house.server()

    listed = server.http.get("/api/departments").json["departments"]
    assert {department["name"] for department in listed} == {"개발팀", "개발팀\u200b", "\u3164"}
    for department in listed[:2]:  # clients send whole objects back
        body = {**department, "description": "설명"}
        edited = server.http.put(f"/api/departments/{department['id']}", json=body).json["department"]
        assert (edited["name"], edited["description"]) == (department["name"], "설명")
    assert server.http.put(f"/api/departments/{ids[2]}", json={"description": "설명"}).status_code == 200
    assert server.http.put(f"/api/departments/{ids[2]}", json={"name": "영업팀"}).status_code == 200
    assert server.http.put(f"/api/events/{event_id}", json={"time": "종일"}).status_code == 200
    assert server.events(ids[1])[0]["title"] == "\u200b"
    for department_id in ids:
        assert server.http.delete(f"/api/departments/{department_id}").status_code == 200


def test_a_name_is_cleaned_when_that_is_free(house: House) -> None:
    department_id = "d1d1d1d1-0000-4000-8000-000000000001"
    house.put_department(id=department_id, name="개발팀\u200b", description="")
    server = house.server()
    answer = server.http.put(f"/api/departments/{department_id}", json={"name": "개발팀"})
    assert answer.json["department"]["name"] == "개발팀"


def test_a_long_run_of_it_is_answered(house: House) -> None:
    server = house.server()
    many = "\u200b" * 80_000
    assert post(server, many).status_code == 400
    assert post(server, many + "개발팀" + many).json["department"]["name"] == "개발팀"
    assert post(server, "a" + many + "b").status_code == 400
