"""Users, tokens, access of departments and the audit trail over REST, with and without the fast path."""

from itertools import chain
from typing import Any

import pytest

from teamcal.domain.caller import SYSTEM
from teamcal.domain.people import User
from tests.access.offices import Office
from tests.house import House

SECRET = "구름 위의 산책"
UNKNOWN = "99999999-9999-4999-8999-999999999999"


class Desk:
    """An office with an administrator; `as_(user)` sends requests with a new token of his."""

    def __init__(self, **settings: Any) -> None:
        self.office = Office(**settings)
        self.calendar = self.office.calendar
        self.admin = self.user("admin", admin=True)
        self.department = self.office.department("개발팀")

    def user(self, login: str, **fields: Any) -> User:
        return self.office.user(login, **fields)

    def as_(self, user: User | None) -> "Requests":
        secret = None if user is None else self.calendar.tokens.sign_in(user).secret
        return Requests(self.office.server.http, secret)


class Requests:
    def __init__(self, http: Any, secret: str | None) -> None:
        self._http, self.secret = http, secret
        self._headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return self._http.open(path, method=method, json=body, headers=self._headers)

    def get(self, path: str) -> Any:
        return self("GET", path)


@pytest.fixture(params=[True, False], ids=["fast path", "Flask"])
def desk(request: pytest.FixtureRequest) -> Desk:
    return Desk(fast_path=request.param)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def problem_of(answer: Any) -> tuple[int, str]:
    """Status, and the only field that is refused."""
    (problem,) = answer.json["errors"]
    return answer.status_code, problem["field"]


# Who may


def requests_of(desk: Desk, user: User) -> list[tuple[str, str, Any]]:
    return [
        ("GET", "/api/users", None),
        ("POST", "/api/users", {"login": "new", "password": SECRET}),
        ("PATCH", f"/api/users/{user.id}", {"name": "다른 이름"}),
        ("PATCH", f"/api/users/{UNKNOWN}", {"password": SECRET}),
        ("GET", f"/api/tokens?user={user.id}", None),
        ("GET", f"/api/tokens?user={UNKNOWN}", None),
        ("POST", "/api/tokens", {"kind": "app", "name": "x", "user": user.id}),
        ("GET", "/api/audit", None),
    ]


def test_nobody_is_asked_to_sign_in(desk: Desk) -> None:
    nobody = desk.as_(None)
    access = f"/api/departments/{desk.department}/access"
    others = [
        ("GET", access, None), ("PUT", access, {"access": "open"}), ("PUT", access, {"passcode": "1234"}),
        ("GET", f"/api/departments/{UNKNOWN}/access", None), ("GET", "/api/tokens", None),
        ("DELETE", f"/api/tokens/{'0' * 64}", None), ("POST", "/api/tokens", {}), ("POST", "/api/users", {}),
        ("PATCH", f"/api/users/{desk.admin.id}", {"admin": 1}), ("PUT", access, {"access": "all"}),
    ]  # fmt: skip
    for method, path, body in [*requests_of(desk, desk.admin), *others]:
        answer = nobody(method, path, body)
        assert code_of(answer) == (401, "token_required"), (method, path)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert "private" in answer.headers["Cache-Control"]


def test_a_user_administers_nothing_but_his_own(desk: Desk) -> None:
    user = desk.user("kim")
    his = desk.as_(user)
    for method, path, body in requests_of(desk, desk.admin):
        assert code_of(his(method, path, body)) == (403, "forbidden"), (method, path)
    assert code_of(his("PATCH", f"/api/users/{user.id}", {"admin": True})) == (403, "forbidden")
    for body in ({"admin": 1}, {"login": ""}, {"disabled": None}):
        assert code_of(his("PATCH", f"/api/users/{user.id}", body)) == (403, "forbidden")
    assert code_of(his("POST", "/api/users", {})) == (403, "forbidden")
    both = {"admin": True, "password": SECRET}
    assert code_of(his("PATCH", f"/api/users/{user.id}", both)) == (403, "forbidden")
    assert his.get("/api/tokens").status_code == 200
    assert [one.login for one in desk.calendar.people.list_all(SYSTEM)] == ["admin", "kim"]


def test_in_open_mode_there_is_none_of_this(house: House) -> None:
    for fast_path in (True, False):
        http = house.server(fast_path=fast_path).http
        department = house.server().department(f"부서 {fast_path}")
        access = f"/api/departments/{department}/access"
        for method, path in [
            ("GET", "/api/users"), ("POST", "/api/users"), ("PATCH", f"/api/users/{UNKNOWN}"),
            ("GET", "/api/tokens"), ("POST", "/api/tokens"), ("DELETE", "/api/tokens/x"),
            ("GET", access), ("PUT", access), ("GET", "/api/audit"),
        ]:  # fmt: skip
            answer, unknown = (http.open(one, method=method) for one in (path, "/api/no-such-thing"))
            assert (answer.status_code, answer.data) == (404, unknown.data), (method, path)
    assert house.items(house.storage.access_table) == []


# Users


def test_an_administrator_makes_a_user_who_signs_in(desk: Desk) -> None:
    admin = desk.as_(desk.admin)
    made = admin("POST", "/api/users", {"login": " Kim ", "name": "김하늘", "password": SECRET})
    assert made.status_code == 201, made.text
    user = made.json["user"]
    assert user | {"id": "", "created_at": ""} == {
        "id": "", "login": "Kim", "name": "김하늘", "admin": False, "disabled": False, "has_password": True,
        "subject": "", "groups": [], "created_at": "", "signed_in_at": None,
    }  # fmt: skip
    body = {"login": "kim", "password": SECRET, "token": True}
    assert desk.as_(None)("POST", "/api/session", body).status_code == 201
    assert admin.get("/api/users").json["users"] == [admin_of(desk), user]
    assert code_of(admin("POST", "/api/users", {"login": "KIM"})) == (409, "login_taken")


def admin_of(desk: Desk) -> dict[str, Any]:
    (admin,) = [one for one in desk.as_(desk.admin).get("/api/users").json["users"] if one["admin"]]
    return dict(admin)


NO_USERS: list[tuple[Any, str]] = [
    ({}, "login"), ({"login": ""}, "login"), ({"login": 1}, "login"), ({"login": "x" * 101}, "login"),
    ({"login": "x", "admin": 1}, "admin"), ({"login": "x", "password": "short"}, "password"),
    ({"login": "x", "password": 12345678}, "password"), ({"login": "x", "name": 1}, "name"),
]  # fmt: skip


def test_what_a_user_can_not_be(desk: Desk) -> None:
    for body, field in NO_USERS:
        assert problem_of(desk.as_(desk.admin)("POST", "/api/users", body)) == (400, field)


def test_a_user_is_edited(desk: Desk) -> None:
    admin, user = desk.as_(desk.admin), desk.user("kim")
    path = f"/api/users/{user.id.upper()}"
    edited = admin("PATCH", path, {"login": "lee", "name": "이름", "admin": True, "unknown": 1}).json["user"]
    assert (edited["login"], edited["name"], edited["admin"]) == ("lee", "이름", True)
    assert admin("PATCH", path, {}).json["user"] == edited
    assert code_of(admin("PATCH", path, {"login": "ADMIN"})) == (409, "login_taken")
    assert problem_of(admin("PATCH", path, {"disabled": None})) == (400, "disabled")
    assert code_of(admin("PATCH", f"/api/users/{UNKNOWN}", {"name": "x"})) == (404, "user_not_found")
    assert code_of(admin("PATCH", f"/api/users/{UNKNOWN}", {"password": SECRET})) == (404, "user_not_found")


def test_the_last_administrator_stays_one(desk: Desk) -> None:
    admin, path = desk.as_(desk.admin), f"/api/users/{desk.admin.id}"
    for body in ({"admin": False}, {"disabled": True}, {"disabled": True, "password": SECRET}):
        assert code_of(admin("PATCH", path, body)) == (409, "last_administrator")
    desk.user("second", admin=True)
    assert admin("PATCH", path, {"admin": False}).status_code == 200
    assert code_of(admin.get("/api/users")) == (403, "forbidden")


def test_a_disabled_user_is_out_at_once_and_stays_out(desk: Desk) -> None:
    admin, user = desk.as_(desk.admin), desk.user("kim")
    his, path = desk.as_(user), f"/api/users/{user.id}"
    assert his.get("/api/departments").status_code == 200
    assert admin("PATCH", path, {"disabled": True}).json["user"]["disabled"] is True
    answer = his.get("/api/departments")
    assert code_of(answer) == (401, "token_invalid")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert admin("PATCH", path, {"disabled": False}).status_code == 200
    assert code_of(his.get("/api/departments")) == (401, "token_invalid")
    assert desk.as_(user).get("/api/departments").status_code == 200


# Passwords


def test_a_user_changes_his_password_if_he_knows_it(desk: Desk) -> None:
    admin, new = desk.as_(desk.admin), "다른 긴 비밀번호"
    made = admin("POST", "/api/users", {"login": "kim", "password": SECRET}).json["user"]
    user, path = desk.calendar.people.get(SYSTEM, made["id"]), f"/api/users/{made['id']}"
    app = desk.calendar.tokens
    his, other = desk.as_(user), desk.as_(user)
    for current in (None, "wrong password", 1):
        body = {"password": new, "current_password": current}
        assert problem_of(his("PATCH", path, body)) == (400, "current_password")
    assert problem_of(his("PATCH", path, {"password": new})) == (400, "current_password")
    assert his("PATCH", path, {"password": new, "current_password": SECRET}).status_code == 200
    assert code_of(other.get("/api/departments")) == (401, "token_invalid")
    assert app.list_of(SYSTEM, user.id) is not None
    nobody = desk.as_(None)
    for password, status in ((SECRET, 401), (new, 201)):
        assert nobody("POST", "/api/session", {"login": "kim", "password": password}).status_code == status


def test_guessing_the_present_password_is_slowed_down(desk: Desk) -> None:
    made = desk.as_(desk.admin)("POST", "/api/users", {"login": "kim", "password": SECRET}).json["user"]
    his = desk.as_(desk.calendar.people.get(SYSTEM, made["id"]))
    body = {"password": "another one", "current_password": "wrong"}
    codes = [his("PATCH", f"/api/users/{made['id']}", body).json["code"] for _ in range(12)]
    assert codes[:5] == ["validation_error"] * 5
    assert codes[-1] == "too_many_attempts"


def test_an_administrator_sets_anothers_password(desk: Desk) -> None:
    admin, user = desk.as_(desk.admin), desk.user("kim")
    his = desk.as_(user)
    body = {"password": SECRET, "name": "김하늘"}
    edited = admin("PATCH", f"/api/users/{user.id}", body).json["user"]
    assert (edited["name"], edited["has_password"]) == ("김하늘", True)
    assert code_of(his.get("/api/departments")) == (401, "token_invalid")
    session = {"login": "kim", "password": SECRET}
    assert desk.as_(None)("POST", "/api/session", session).status_code == 201
    assert problem_of(admin("PATCH", f"/api/users/{user.id}", {"password": None})) == (400, "password")


def test_a_limited_token_changes_no_password(desk: Desk) -> None:
    user = desk.user("kim")
    limited = desk.as_(user)("POST", "/api/tokens", {"kind": "app", "name": "x", "cap": "viewer"}).json
    http = Requests(desk.office.server.http, limited["secret"])
    assert code_of(http("PATCH", f"/api/users/{user.id}", {"password": SECRET})) == (403, "forbidden")
    assert code_of(http("POST", "/api/tokens", {"kind": "app", "name": "y"})) == (403, "forbidden")
    assert code_of(http.get("/api/tokens")) == (403, "forbidden")


def test_who_comes_from_a_company_has_no_password_here(desk: Desk) -> None:
    user = desk.calendar.people.create(SYSTEM, {"login": "kim"}, subject="https://login.example.com|1")
    for requests in (desk.as_(desk.admin), desk.as_(user)):
        answer = requests("PATCH", f"/api/users/{user.id}", {"password": SECRET})
        assert problem_of(answer) == (400, "password")


def test_no_secret_is_stored_or_answered(desk: Desk) -> None:
    admin, access = desk.as_(desk.admin), f"/api/departments/{desk.department}/access"
    answers = [
        admin("POST", "/api/users", {"login": "kim", "password": SECRET}),
        admin("PUT", access, {"passcode": SECRET}),
        admin.get(access),
        admin.get("/api/users"),
        admin.get("/api/audit"),
    ]
    issued = admin("POST", "/api/tokens", {"kind": "app", "name": "스크립트"}).json
    answers += [admin.get("/api/tokens"), admin.get("/api/audit")]
    texts = [answer.text for answer in answers]
    assert not [text for text in texts if SECRET in text or "argon2" in text or "tcs_" in text]
    stored = desk.office.house.dump()
    assert not [secret for secret in (SECRET, issued["secret"], admin.secret) if str(secret) in stored]


# Tokens


def test_a_token_is_made_used_and_revoked(desk: Desk) -> None:
    user = desk.user("kim")
    his = desk.as_(user)
    made = his("POST", "/api/tokens", {"kind": "app", "name": "스크립트", "days": 30})
    assert made.status_code == 201, made.text
    token, secret = made.json["token"], made.json["secret"]
    with_it = Requests(desk.office.server.http, secret)
    assert with_it.get("/api/departments").status_code == 200
    listed = his.get("/api/tokens").json["tokens"]
    assert [(one["kind"], one["current"]) for one in listed] == [("app", False), ("session", True)]
    assert listed[0] == token
    assert token["user"] == user.id
    assert token["departments"] is token["cap"] is None
    assert his("DELETE", f"/api/tokens/{token['id']}").json == {"success": True}
    assert code_of(with_it.get("/api/departments")) == (401, "token_invalid")
    assert code_of(his("DELETE", f"/api/tokens/{token['id']}")) == (404, "token_not_found")


def test_a_token_is_limited(desk: Desk) -> None:
    his, other = desk.as_(desk.user("kim", admin=True)), desk.office.department("다른 팀")
    body = {"kind": "app", "name": "x", "departments": [desk.department.upper()], "cap": "viewer"}
    made = his("POST", "/api/tokens", body).json
    assert made["token"]["departments"] == [desk.department]
    assert made["token"]["cap"] == "viewer"
    limited = Requests(desk.office.server.http, made["secret"])
    shown = limited.get("/api/departments").json["departments"]
    assert [one["id"] for one in shown] == [desk.department]
    event = {"event_date": "2024-01-20", "title": "회의"}
    assert code_of(limited("POST", f"/api/events/{desk.department}", event)) == (403, "forbidden")
    assert code_of(limited.get(f"/api/events/{other}")) == (404, "department_not_found")


def test_a_feed_is_of_one_department_that_its_owner_sees(desk: Desk) -> None:
    his = desk.as_(desk.user("kim"))
    hidden = desk.office.department("비밀", access="private")
    feed = {"kind": "feed", "name": "휴대폰"}
    made = his("POST", "/api/tokens", feed | {"departments": [desk.department], "cap": "manager"})
    assert made.json["token"]["cap"] == "viewer"
    for departments in (None, [], [desk.department, hidden]):
        answer = his("POST", "/api/tokens", feed | {"departments": departments})
        assert problem_of(answer) == (400, "departments")
    for department in (hidden, UNKNOWN):
        answer = his("POST", "/api/tokens", feed | {"departments": [department]})
        assert code_of(answer) == (404, "department_not_found")


NO_TOKENS: list[tuple[Any, str]] = [
    ({}, "kind"), ({"kind": "session", "name": "x"}, "kind"), ({"kind": ["app"], "name": "x"}, "kind"),
    ({"kind": "app"}, "name"),
    ({"kind": "app", "name": " "}, "name"),
    ({"kind": "app", "name": 1}, "name"),
    ({"kind": "app", "name": "x", "cap": "owner"}, "cap"),
    ({"kind": "app", "name": "x", "cap": []}, "cap"),
    ({"kind": "app", "name": "x", "days": 0}, "days"),
    ({"kind": "app", "name": "x", "days": 3651}, "days"),
    ({"kind": "app", "name": "x", "days": True}, "days"),
    ({"kind": "app", "name": "x", "days": 1.5}, "days"),
    ({"kind": "app", "name": "x", "departments": "a"}, "departments"),
    ({"kind": "app", "name": "x", "departments": [1]}, "departments"),
    ({"kind": "app", "name": "x", "departments": [f"{n}" for n in range(201)]}, "departments"),
    ({"kind": "app", "name": "x", "user": 1}, "user"),
]  # fmt: skip


def test_what_a_token_can_not_be(desk: Desk) -> None:
    for body, field in NO_TOKENS:
        assert problem_of(desk.as_(desk.admin)("POST", "/api/tokens", body)) == (400, field)


def test_an_administrator_sees_and_ends_anothers_tokens(desk: Desk) -> None:
    admin, user = desk.as_(desk.admin), desk.user("kim")
    his = desk.as_(user)
    path = f"/api/tokens?user={user.id}"
    made = admin("POST", "/api/tokens", {"kind": "device", "name": "PC", "user": user.id}).json["token"]
    tokens = admin.get(path).json["tokens"]
    assert sorted(one["kind"] for one in tokens) == ["device", "session"]
    assert not any(one["current"] for one in tokens)
    for token in tokens:
        assert admin("DELETE", f"/api/tokens/{token['id']}").status_code == 200
    assert made in tokens
    assert code_of(his.get("/api/departments")) == (401, "token_invalid")
    assert code_of(admin.get(f"/api/tokens?user={UNKNOWN}")) == (404, "user_not_found")
    unknown = {"kind": "app", "name": "x", "user": UNKNOWN}
    assert code_of(admin("POST", "/api/tokens", unknown)) == (404, "user_not_found")


def test_anothers_token_is_as_if_it_did_not_exist(desk: Desk) -> None:
    his, other = desk.as_(desk.user("kim")), desk.user("lee")
    token = desk.as_(other)("POST", "/api/tokens", {"kind": "app", "name": "x"}).json["token"]["id"]
    answers = [his("DELETE", f"/api/tokens/{one}") for one in (token, "0" * 64, "x", "a" * 300)]
    assert {code_of(answer) for answer in answers} == {(404, "token_not_found")}
    assert len({answer.data for answer in answers}) == 1


def test_its_own_token_is_a_sign_out(desk: Desk) -> None:
    his = desk.as_(desk.user("kim"))
    (token,) = his.get("/api/tokens").json["tokens"]
    assert his("DELETE", f"/api/tokens/{token['id']}").status_code == 200
    assert code_of(his.get("/api/tokens")) == (401, "token_invalid")


# Access


def test_a_manager_says_who_may_what(desk: Desk) -> None:
    manager, editor = desk.user("manager", name="김팀장"), desk.user("editor")
    gone = desk.user("gone")
    desk.calendar.people.edit(SYSTEM, gone.id, {"disabled": True})
    desk.calendar.policies.set(SYSTEM, desk.department, {"roles": {manager.id: "manager"}})
    his, path = desk.as_(manager), f"/api/departments/{desk.department.upper()}/access"
    assert his.get(path).json == {
        "success": True,
        "access": "members",
        "roles": {manager.id: "manager"},
        "has_passcode": False,
        "users": [
            {"id": desk.admin.id, "login": "admin", "name": "admin"},
            {"id": editor.id, "login": "editor", "name": "editor"},
            {"id": manager.id, "login": "manager", "name": "김팀장"},
        ],
    }
    roles = {manager.id: "manager", editor.id.upper(): "editor", "group:/영업": "viewer"}
    answer = his("PUT", path, {"access": "private", "roles": roles, "passcode": "1234"})
    assert answer.status_code == 200, answer.text
    shown = {manager.id: "manager", editor.id: "editor", "group:/영업": "viewer"}
    assert (answer.json["access"], answer.json["roles"]) == ("private", shown)
    assert answer.json["has_passcode"] is True
    event = {"event_date": "2024-01-20", "title": "회의"}
    assert desk.as_(editor)("POST", f"/api/events/{desk.department}", event).status_code == 201
    # What isn't sent stays.
    answer = his("PUT", path, {"passcode": None})
    assert (answer.json["access"], answer.json["roles"]) == ("private", shown)
    assert answer.json["has_passcode"] is False


def test_who_does_not_manage_it_learns_nothing(desk: Desk) -> None:
    viewer = desk.as_(desk.user("viewer"))
    hidden = desk.office.department("비밀", access="private")
    for body in ({"access": "open"}, {"roles": {}}, {"passcode": "1234"}, {"passcode": None}, {}):
        path = f"/api/departments/{desk.department}/access"
        assert code_of(viewer("PUT", path, body)) == (403, "forbidden"), body
        answers = [viewer("PUT", f"/api/departments/{one}/access", body) for one in (hidden, UNKNOWN, "x")]
        assert {code_of(answer) for answer in answers} == {(404, "department_not_found")}
        assert len({answer.data for answer in answers}) == 1
    assert code_of(viewer.get(f"/api/departments/{desk.department}/access")) == (403, "forbidden")
    event = {"event_date": "2024-01-20", "title": "회의"}
    for method, path, body in [
        ("POST", "/api/events/{}", event), ("PUT", "/api/departments/{}", {"name": "x"}),
        ("DELETE", "/api/departments/{}", None), ("POST", "/api/events/{}/batch", {"operations": [1]}),
    ]:  # fmt: skip
        answers = [viewer(method, path.format(one), body) for one in (hidden, UNKNOWN)]
        assert answers[0].data == answers[1].data, (method, path)
    answers = [viewer.get(f"/api/departments/{one}/access") for one in (hidden, UNKNOWN)]
    assert answers[0].data == answers[1].data
    assert code_of(answers[0]) == (404, "department_not_found")


NO_ACCESS: list[tuple[Any, str]] = [
    ({"access": "all"}, "access"), ({"access": None}, "access"), ({"access": []}, "access"),
    ({"roles": []}, "roles"),
    ({"roles": {"group:": "viewer"}}, "roles"),
    ({"roles": {"": "viewer"}}, "roles"),
    ({"roles": {"group:a": "owner"}}, "roles"), ({"roles": {"group:a": None}}, "roles"),
    ({"roles": {UNKNOWN: "viewer"}}, "roles"),
    ({"roles": {f"group:{n}": "viewer" for n in range(201)}}, "roles"),
    ({"passcode": "123"}, "passcode"),
    ({"passcode": "x" * 65}, "passcode"),
    ({"passcode": 1234}, "passcode"),
    ({"access": "open", "passcode": ""}, "passcode"),
]  # fmt: skip


def test_what_access_can_not_be(desk: Desk) -> None:
    for body, field in NO_ACCESS:
        admin, path = desk.as_(desk.admin), f"/api/departments/{desk.department}/access"
        before = admin.get(path).data
        assert problem_of(admin("PUT", path, body)) == (400, field)
        assert admin.get(path).data == before
        assert code_of(admin.get(f"/api/departments/{UNKNOWN}/access")) == (404, "department_not_found")


def test_a_new_passcode_ends_the_tokens_of_the_one_before(desk: Desk) -> None:
    admin, path = desk.as_(desk.admin), f"/api/departments/{desk.department}/access"
    assert admin("PUT", path, {"passcode": "1234"}).status_code == 200
    body = {"department_id": desk.department, "passcode": "1234", "token": True}
    secret = desk.as_(None)("POST", "/api/session", body).json["token"]
    member = Requests(desk.office.server.http, secret)
    event = {"event_date": "2024-01-20", "title": "회의"}
    assert member("POST", f"/api/events/{desk.department}", event).status_code == 201
    assert code_of(member.get(path)) == (403, "forbidden")
    assert code_of(member.get("/api/tokens")) == (403, "forbidden")
    assert admin("PUT", path, {"passcode": "5678"}).status_code == 200
    assert code_of(member.get(f"/api/events/{desk.department}")) == (401, "token_invalid")


# Audit


def test_the_audit_trail_says_who_did_what(desk: Desk) -> None:
    admin = desk.as_(desk.admin)
    made = admin("POST", "/api/users", {"login": "kim", "name": "김하늘"}).json["user"]
    path = f"/api/departments/{desk.department}/access"
    admin("PUT", path, {"access": "private", "roles": {made["id"]: "viewer"}})
    token = admin("POST", "/api/tokens", {"kind": "app", "name": "x", "user": made["id"]}).json["token"]
    admin("DELETE", f"/api/tokens/{token['id']}")
    page = admin.get("/api/audit?limit=4").json
    kinds = [change["kind"] for change in page["changes"]]
    assert kinds == ["token_revoked", "token_issued", "policy_set", "user_created"]
    assert {change["by"] for change in page["changes"]} == {"admin"}
    assert {change["by_id"] for change in page["changes"]} == {desk.admin.id}
    assert page["changes"][2]["entry"]["roles"] == {made["id"]: "viewer"}
    assert page["changes"][0]["entry"]["token"] == token["id"]
    older = admin.get(f"/api/audit?limit=1000&before={page['before']}").json
    assert older["before"] is None
    revisions = [change["revision"] for change in page["changes"] + older["changes"]]
    assert revisions == list(range(revisions[0], 0, -1))
    about = admin.get(f"/api/audit?user={made['id']}").json
    assert [change["kind"] for change in about["changes"]] == [
        "token_revoked",
        "token_issued",
        "user_created",
    ]
    about = admin.get(f"/api/audit?department={desk.department}").json
    assert [change["kind"] for change in about["changes"]] == ["policy_set", "policy_set"]
    for query in ("limit=0", "limit=1001", "before=0", "before=x"):
        assert problem_of(admin.get(f"/api/audit?{query}")) == (400, query.partition("=")[0])


def test_a_filtered_page_looks_at_a_bounded_number_of_changes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("teamcal.calendar.audit.LOOKED_AT", 5)
    admin, kim = desk.as_(desk.admin), desk.user("kim")
    for number in range(12):
        desk.user(f"user-{number}")
    pages, before = [], ""
    while before is not None:
        page = admin.get(f"/api/audit?user={kim.id}{before and f'&before={before}'}").json
        pages.append([change["kind"] for change in page["changes"]])
        before = page["before"]
    assert pages[:2] == [[], []]
    assert list(chain(*pages)) == ["user_created"]
