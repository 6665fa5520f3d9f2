"""What a department's `role` says of its caller, over REST."""

from typing import Any

import pytest

from teamcal.domain.caller import SYSTEM
from tests.access.offices import Office
from tests.house import House


@pytest.mark.parametrize("fast_path", [True, False], ids=["fast path", "Flask"])
def test_each_department_says_what_the_caller_is_in_it(fast_path: bool) -> None:
    office = Office(fast_path=fast_path)
    kim = office.user("kim")
    departments = {
        "viewer": office.department("가", "members"),
        "editor": office.department("나", "open"),
        "manager": office.department("다", "private", **{kim.id: "manager"}),
    }
    unseen = office.department("라", "private")
    headers = bearer(office, kim)
    http = office.server.http
    listed = http.get("/api/departments", headers=headers).json["departments"]
    assert {one["id"]: one["role"] for one in listed} == {id_: role for role, id_ in departments.items()}
    for role, department_id in departments.items():
        answer = http.get(f"/api/departments/{department_id}", headers=headers)
        assert answer.json["department"]["role"] == role
    renamed = http.put(f"/api/departments/{departments['manager']}", json={"name": "마"}, headers=headers)
    assert renamed.json["department"]["role"] == "manager"
    assert http.get(f"/api/departments/{unseen}", headers=headers).status_code == 404

    head = bearer(office, office.user("park", admin=True))
    listed = http.get("/api/departments", headers=head).json["departments"]
    assert [one["role"] for one in listed] == ["administrator"] * 4
    made = http.post("/api/departments", json={"name": "바"}, headers=head)
    assert made.json["department"]["role"] == "administrator"


def test_a_new_role_is_another_answer() -> None:
    office = Office()
    kim = office.user("kim")
    department = office.department("개발팀", "members")
    headers, http = bearer(office, kim), office.server.http
    first = http.get("/api/departments", headers=headers)
    known = headers | {"If-None-Match": first.headers["ETag"]}
    assert http.get("/api/departments", headers=known).status_code == 304
    office.calendar.policies.set(SYSTEM, department, {"roles": {kim.id: "editor"}})
    second = http.get("/api/departments", headers=known)
    assert (second.status_code, second.json["departments"][0]["role"]) == (200, "editor")


def test_in_open_mode_there_are_no_roles() -> None:
    server = House().server()
    made = server.http.post("/api/departments", json={"name": "개발팀"}).json["department"]
    assert "role" not in made
    assert "role" not in server.http.get("/api/departments").json["departments"][0]


def bearer(office: Office, user: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {office.calendar.tokens.sign_in(user).secret}"}
