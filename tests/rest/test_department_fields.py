"""Color and position of a department: optional, and absent where they aren't set."""

from typing import Any

import pytest

from tests.house import House, Server

DEPARTMENT = {
    "id": "d1d1d1d1-0000-4000-8000-000000000001", "name": "개발팀", "description": "",
    "created_at": "2023-01-15T10:30:00.000Z", "updated_at": "2023-01-15T10:30:00.000Z",
}  # fmt: skip
PLAIN = {"id", "name", "description", "created_at", "updated_at"}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"color": "teal"}, {"color": "teal"}),
        ({"color": "#3366CC"}, {"color": "#3366cc"}),
        ({"position": 3}, {"position": 3}),
        ({"position": 0}, {"position": 0}),
        ({"position": -1.5, "color": "RED"}, {"position": -1.5, "color": "red"}),
        ({"position": 2.0}, {"position": 2}),
        ({"position": None, "color": None}, {}),
        ({"color": ""}, {}),
    ],
)
def test_they_are_answered_as_they_were_set(house: House, sent: Any, shown: Any) -> None:
    server = house.server()
    made = server.http.post("/api/departments", json={"name": "개발팀", **sent}).json["department"]
    assert {name: made[name] for name in made if name not in PLAIN} == shown
    for reader in (server, house.server()):
        assert reader.http.get(f"/api/departments/{made['id']}").json["department"] == made
        assert reader.http.get("/api/departments").json["departments"] == [made]
    (listed,) = server.http.get("/api/departments").json["departments"]
    assert type(listed.get("position")) is type(shown.get("position"))


@pytest.mark.parametrize("method", ["post", "put"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"color": "mauve"}, {"color": "#12345"}, {"color": "#12345g"}, {"color": 7}, {"color": ["red"]},
        {"color": "red;"}, {"position": "1"}, {"position": True}, {"position": 1e10}, {"position": [1]},
        {"position": -1_000_000_001},
    ],
)  # fmt: skip
def test_what_they_are_not_is_refused(server: Server, http: Any, method: str, wrong: Any) -> None:
    path = "/api/departments" if method == "post" else f"/api/departments/{server.department()}"
    answer = getattr(http, method)(path, json={"name": "연구팀", **wrong}, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json["code"]) == (400, "validation_error")
    assert [problem["field"] for problem in answer.json["errors"]] == list(wrong)
    assert answer.json["errors"][0]["message"].startswith("Must be")


def test_a_rename_keeps_them_and_null_takes_them_away(house: House, server: Server, http: Any) -> None:
    path = f"/api/departments/{server.department()}"
    http.put(path, json={"color": "blue", "position": 2})
    renamed = http.put(path, json={"name": "연구팀", "description": "실험"}).json["department"]
    assert (renamed["color"], renamed["position"]) == ("blue", 2)
    without = http.put(path, json={"color": None}).json["department"]
    assert ("color" in without, without["position"]) == (False, 2)
    without = http.put(path, json={"position": None}).json["department"]
    assert set(without) == PLAIN
    stored = house.stored_department(without["id"])
    assert not {"~", "color", "position"} & set(stored)
    house.must_be_sound("*")


def test_what_stays_as_it_is_makes_no_change(house: House, server: Server, http: Any) -> None:
    path = f"/api/departments/{server.department()}"
    department = http.put(path, json={"color": "blue", "position": 2.5}).json["department"]
    before = house.dump()
    for body in ({"color": "BLUE"}, {"position": 2.5}, department, {}):
        for one in (server, house.server()):
            assert one.http.put(path, json=body).json["department"] == department
    assert house.dump() == before


def test_they_are_sent_live_and_only_where_they_are_set(server: Server, http: Any) -> None:
    member = server.member()
    member.heard()
    plain, coloured = server.department("개발팀"), server.department("연구팀")
    http.put(f"/api/departments/{coloured}", json={"color": "pink", "position": 1})
    http.put(f"/api/departments/{plain}", json={"name": "기획팀"})
    *_, (name, changed), (_, renamed) = member.heard()
    assert (name, changed["color"], changed["position"]) == ("department_updated", "pink", 1)
    assert not {"color", "position"} & set(renamed)


def test_another_programs_attributes_are_not_taken_for_them(house: House) -> None:
    house.put_department(**DEPARTMENT, color="sehr blau", position={"x": 1})
    server = house.server()
    path = f"/api/departments/{DEPARTMENT['id']}"
    assert server.http.get("/api/departments").json["departments"] == [DEPARTMENT]
    answer = server.http.put(path, json={"color": "green"}).json["department"]
    assert answer["color"] == "green"
    stored = house.stored_department(DEPARTMENT["id"])
    assert (stored["color"], stored["position"]) == ("sehr blau", {"x": 1})
    server.http.put(path, json={"color": None})
    assert house.server().http.get(path).json["department"].keys() == PLAIN
    assert house.stored_department(DEPARTMENT["id"])["color"] == "sehr blau"


@pytest.mark.parametrize(
    "mark", ["s", {"color": "s", "position": "far"}, {"position": [7]}, {"position": "nan"}]
)
def test_an_attribute_that_nobody_understands_is_not_shown(house: House, mark: Any) -> None:
    house.put_department(**DEPARTMENT, **{"~": mark})
    server = house.server()
    assert server.http.get("/api/departments").json["departments"] == [DEPARTMENT]
