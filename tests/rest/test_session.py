"""Signing in and out over REST, with and without the fast path; and that open mode knows nothing of it."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import argon2
import pytest
from joserfc.jwk import Key

from teamcal.domain.caller import SYSTEM
from teamcal.domain.items import PASSWORD, ItemWrite
from teamcal.domain.people import User
from teamcal.errors import TooBusy
from teamcal.signin import attempts
from teamcal.signin.passwords import Passwords
from tests.access.offices import Office
from tests.house import House
from tests.signin.provider import Provider, new_key, running
from tests.signin.test_oidc import redirected

PASSWORD_OF_KIM = "구름 위의 산책"
HERE = "http://localhost"


@pytest.fixture(scope="module")
def hashed() -> str:
    return Passwords("threading").hash(PASSWORD_OF_KIM)


@pytest.fixture(params=[True, False], ids=["fast path", "Flask"])
def office(request: pytest.FixtureRequest) -> Office:
    return Office(fast_path=request.param)


@pytest.fixture
def kim(office: Office, hashed: str) -> User:
    fields = {"login": "Kim", "name": "김하늘"}
    return office.calendar.people.create(SYSTEM, fields, password=hashed)


def sign_in(http: Any, body: dict[str, Any], **headers: str) -> Any:
    return http.post("/api/session", json=body, headers=headers)


KIM = {"login": "kim", "password": PASSWORD_OF_KIM}


# By password


def test_the_page_signs_in_with_a_cookie(office: Office, kim: User) -> None:
    http = office.server.http
    answer = sign_in(http, KIM, Origin=HERE)
    assert answer.status_code == 201, answer.text
    assert answer.json["user"] == {"id": kim.id, "login": "Kim", "name": "김하늘", "admin": False}
    assert "tcs_" not in answer.text
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("teamcal=tcs_")
    assert cookie.split("; ", 1)[1] == "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"
    session = http.get("/api/session").json
    assert (session["kind"], session["user"]["name"]) == ("user", "김하늘")
    assert http.get("/api/departments").status_code == 200
    answer = http.delete("/api/session", headers={"Origin": HERE})
    assert (answer.status_code, "Max-Age=0" in answer.headers["Set-Cookie"]) == (200, True)
    assert http.get("/api/session").json["kind"] == "nobody"
    # The token itself is dead, too.
    secret = cookie.partition("=")[2].partition(";")[0]
    assert http.get("/api/session", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_over_tls_the_cookie_is_bound_to_the_host(office: Office, kim: User) -> None:
    http = office.server.app.test_client(use_cookies=False)
    answer = http.post("/api/session", json=KIM, base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-teamcal=tcs_")
    assert cookie.endswith("; HttpOnly; SameSite=Lax; Secure")
    secret = cookie.partition("=")[2].partition(";")[0]
    for name, kind in (("__Host-teamcal", "user"), ("teamcal", "nobody")):
        headers = {"Cookie": f"other=1; {name}={secret}"}
        answer = http.get("/api/session", headers=headers, base_url="https://localhost")
        assert answer.json["kind"] == kind


def test_a_program_signs_in_with_a_token(office: Office, kim: User) -> None:
    answer = sign_in(office.server.http, KIM | {"token": True})
    assert "Set-Cookie" not in answer.headers
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    http = office.server.http
    assert http.get("/api/session", headers=headers).json["user"]["id"] == kim.id
    assert http.delete("/api/session", headers=headers).status_code == 200
    answer = http.get("/api/departments", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_a_wrong_login_and_a_wrong_password_look_the_same(office: Office, kim: User) -> None:
    http, answers = office.server.http, []
    disabled = office.user("disabled")
    office.calendar.people.edit(SYSTEM, disabled.id, {"disabled": True})
    for login, password in [("kim", "wrong"), ("nobody", "wrong"), ("kim", None), ("disabled", "wrong")]:
        answer = sign_in(http, {"login": login, "password": password})
        answers.append((answer.status_code, answer.text, sorted(answer.headers)))
    assert answers[0][0] == 401
    assert dict(answers[0][2])["WWW-Authenticate"].startswith("Bearer ")
    assert json.loads(answers[0][1])["code"] == "wrong_credentials"
    assert len(set(map(str, answers))) == 1


def test_a_disabled_user_does_not_sign_in(office: Office, kim: User) -> None:
    office.calendar.people.edit(SYSTEM, kim.id, {"disabled": True})
    assert sign_in(office.server.http, KIM).json["code"] == "wrong_credentials"


def test_guessing_is_slowed_down_and_the_right_password_too(office: Office, kim: User) -> None:
    codes = []
    for _ in range(12):
        answer = sign_in(office.server.http, {"login": "kim", "password": "wrong"})
        codes.append(answer.json["code"])
    assert codes[:5] == ["wrong_credentials"] * 5
    assert codes[-1] == "too_many_attempts"
    assert (answer.status_code, int(answer.headers["Retry-After"])) == (429, answer.json["retry_after"])
    assert sign_in(office.server.http, KIM).status_code == 429


def test_a_login_in_another_disguise_is_the_same_account(office: Office, kim: User) -> None:
    logins = ["kim", "KIM", " kim", "kim ", "k\u200bim", "kIm"]
    for login in logins:
        sign_in(office.server.http, {"login": login, "password": "wrong"})
    waited = sign_in(office.server.http, {"login": "kiM", "password": "wrong"})
    other = sign_in(office.server.http, {"login": "lee", "password": "wrong"})
    assert (waited.status_code, other.status_code) == (429, 401)


def test_an_old_hash_is_replaced_and_sessions_live_on(office: Office, kim: User) -> None:
    items = office.server.database.items
    older = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD_OF_KIM)
    items.write(ItemWrite(PASSWORD + kim.id, {"id": PASSWORD + kim.id, "hash": older}))
    before = sign_in(office.server.http, KIM | {"token": True}).json["token"]
    stored = items.get(PASSWORD + kim.id)
    assert stored is not None
    assert "m=19456" in stored["hash"]
    assert sign_in(office.server.http, KIM).status_code == 201
    headers = {"Authorization": f"Bearer {before}"}
    assert office.server.http.get("/api/session", headers=headers).json["kind"] == "user"


@pytest.mark.parametrize(
    "body",
    [{}, {"login": 7}, {"login": None}, {"passcode": "1234"}, {"password": "x"}, {"department_id": "x"}],
)
def test_what_is_no_sign_in(office: Office, body: dict[str, Any]) -> None:
    answer = sign_in(office.server.http, body)
    assert (answer.status_code, answer.json["code"]) == (400, "validation_error")


STRANGE = [
    None,
    True,
    7,
    -1.5,
    "",
    " ",
    "x" * 100_000,
    "\ud800",
    "\x00",
    [],
    ["x"],
    {},
    {"x": 1},
    "가" * 3_000,
]


@pytest.mark.parametrize(
    "fields",
    [["login", "password"], ["department_id", "passcode"], ["device_code"], ["setup", "login", "password"]],
    ids=lambda fields: fields[0],
)
def test_whatever_is_sent_is_refused_with_a_reason(
    office: Office, fields: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    unlimited(monkeypatch)
    office.calendar.first_administrator.offer()
    http = office.server.http
    for value in STRANGE:
        for strange in ([fields[0]], [fields[-1]], fields):
            body = dict.fromkeys(fields, "usual") | dict.fromkeys(strange, value)
            data = json.dumps(body)
            answer = http.post("/api/session", data=data, content_type="application/json")
            assert answer.status_code in (400, 401), (body, answer.text)
            assert answer.json["code"] in ("validation_error", "wrong_credentials", "token_invalid")


def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "ADDRESS_TRIES", 1_000_000)
    monkeypatch.setattr(attempts, "FREE", 1_000_000)


PAIRS = 24


@pytest.mark.slow
def test_the_time_of_an_answer_tells_no_login(
    office: Office, kim: User, hashed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interleaved pairs, the lesser of two: by chance a sign test like this fails once in 5,000 times."""
    unlimited(monkeypatch)
    http = office.server.http
    department = office.department("개발팀")
    office.calendar.policies.set_passcode(SYSTEM, department, hashed)
    office.calendar.people.create(SYSTEM, {"login": "lee"}, subject="issuer|1")
    for known, unknown in [
        ({"login": "kim", "password": "wrong"}, {"login": "nobody", "password": "wrong"}),
        ({"login": "lee", "password": "wrong"}, {"login": "nobody", "password": "wrong"}),
        ({"department_id": department, "passcode": "x"}, {"department_id": "absent", "passcode": "x"}),
    ]:
        slower = 0
        for number in range(PAIRS):
            times = {}
            for name, body in [("known", known), ("unknown", unknown)][:: 1 if number % 2 else -1]:
                times[name] = min(time_of(http, body) for _ in range(2))
            slower += times["known"] > times["unknown"]
        assert PAIRS // 8 <= slower <= PAIRS - PAIRS // 8, known


def time_of(http: Any, body: dict[str, Any]) -> float:
    began = time.perf_counter()
    assert sign_in(http, body).json["code"] == "wrong_credentials"
    return time.perf_counter() - began


def test_when_many_sign_in_at_once_some_come_later(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*arguments: Any) -> None:
        raise TooBusy

    monkeypatch.setattr(Passwords, "verify", busy)
    answer = sign_in(office.server.http, KIM)
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "too_busy", "1")


# By passcode


def test_a_passcode_opens_one_department(office: Office) -> None:
    department, other = office.department("개발팀"), office.department("영업팀")
    hashed = Passwords("threading").hash("1234")
    office.calendar.policies.set_passcode(SYSTEM, department, hashed)
    http = office.server.http
    for wrong in ({"department_id": other, "passcode": "1234"}, {"department_id": "x", "passcode": "1234"}):
        assert sign_in(http, wrong).json["code"] == "wrong_credentials"
    assert sign_in(http, {"department_id": department, "passcode": "1235"}).status_code == 401
    answer = sign_in(http, {"department_id": department.upper(), "passcode": "1234"})
    assert (answer.status_code, answer.json["departments"], answer.json["user"]) == (201, [department], None)
    session = http.get("/api/session").json
    assert (session["kind"], session["departments"]) == ("passcode", [department])
    assert [one["id"] for one in http.get("/api/departments").json["departments"]] == [department]
    assert http.get(f"/api/events/{other}").status_code == 404
    event = {"event_date": "2024-01-20", "title": "회의"}
    answer = http.post(
        f"/api/events/{department}", json=event, headers={"Origin": HERE, "X-Display-Name": "Lee"}
    )
    assert answer.status_code == 201, answer.text
    assert http.delete("/api/session", headers={"Origin": HERE}).status_code == 200
    assert http.get("/api/session").json["kind"] == "nobody"


# Devices


def test_a_program_is_let_in_by_its_user(office: Office, kim: User) -> None:
    program, page = office.server.app.test_client(use_cookies=False), office.server.http
    begun = program.post("/api/devices", json={"name": "데스크톱 캘린더"})
    assert begun.status_code == 201, begun.text
    codes = begun.json
    assert codes["verification_uri"] == f"{HERE}/#device={codes['user_code']}"
    poll = {"device_code": codes["device_code"]}
    answer = sign_in(program, poll)
    assert (answer.status_code, answer.json["pending"], answer.json["interval"]) == (202, True, 5)
    path = f"/api/devices/{codes['user_code']}"
    assert program.get(path).json["code"] == "token_required"
    sign_in(page, KIM, Origin=HERE)
    assert page.get(path.lower()).json["name"] == "데스크톱 캘린더"
    assert page.post(path, headers={"Origin": "https://evil.example"}).status_code == 403
    assert page.post(path, headers={"Origin": HERE}).status_code == 200
    assert page.post(path, headers={"Origin": HERE}).json["code"] == "device_not_found"  # once
    wrong = {"device_code": codes["device_code"][:-1] + "?"}
    assert sign_in(program, wrong).json["code"] == "token_invalid"
    answer = sign_in(program, poll)
    assert (answer.status_code, answer.json["user"]["login"]) == (201, "Kim")
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    assert program.get("/api/session", headers=headers).json["user"]["id"] == kim.id
    assert sign_in(program, poll).json["code"] == "token_invalid"  # once


@pytest.mark.parametrize("code", ["BCDF-GHJK", "tippfehler", "%EA%B0%80"])
def test_a_mistyped_code_is_no_end_of_a_session(office: Office, kim: User, code: str) -> None:
    page = office.server.http
    sign_in(page, KIM, Origin=HERE)
    for answer in (
        page.get(f"/api/devices/{code}"),
        page.post(f"/api/devices/{code}", headers={"Origin": HERE}),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "device_not_found")
    assert page.get("/api/session").json["user"]["id"] == kim.id


def test_device_codes_end_and_are_few(office: Office, kim: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from teamcal.calendar import devices

    http = office.server.http
    monkeypatch.setattr(devices, "MAX_PENDING", 2)
    codes = [http.post("/api/devices", json={"name": "x"}).json for _ in range(2)]
    answer = http.post("/api/devices", json={"name": "x"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    for item in office.server.database.items.of(devices.OWNER):
        office.server.database.items.write(ItemWrite(item["id"], {**item, "expires_at": 1_000}))
    assert sign_in(http, {"device_code": codes[0]["device_code"]}).json["code"] == "token_invalid"


# The first administrator


def test_the_first_administrator_comes_by_a_link(office: Office) -> None:
    first, http = office.calendar.first_administrator, office.server.http
    code = first.offer()
    assert code is not None
    assert first.offer() is None  # of another process
    new = {"login": "root", "name": "관리자", "password": "long enough"}
    assert sign_in(http, {"setup": code + "x", **new}).json["code"] == "token_invalid"
    assert sign_in(http, {"setup": code, **new, "password": "short"}).json["code"] == "validation_error"
    answer = sign_in(http, {"setup": code, **new}, Origin=HERE)
    assert (answer.status_code, answer.json["user"]["admin"]) == (201, True)
    assert http.post("/api/departments", json={"name": "새"}, headers={"Origin": HERE}).status_code == 201
    assert sign_in(http, {"setup": code, **new, "login": "again"}).json["code"] == "token_invalid"
    assert first.offer() is None
    assert sign_in(office.server.http, {"login": "ROOT", "password": "long enough"}).status_code == 201


# The identity provider


@pytest.fixture(scope="module")
def key() -> Key:
    return new_key()


@pytest.fixture
def provider(key: Key) -> Iterator[Provider]:
    with running(key) as started:
        yield started


@pytest.fixture
def company(provider: Provider) -> Office:
    return Office(
        oidc_issuer=provider.issuer,
        oidc_client_id=provider.client_id,
        oidc_client_secret=provider.client_secret,
        oidc_admin_group="admins",
    )


def through_the_provider(http: Any, return_to: str = "/") -> Any:
    """The browser's way; returns the answer of the callback."""
    left = http.get("/auth/oidc", query_string={"return_to": return_to})
    assert left.status_code == 302, left.text
    back = redirected(left.headers["Location"])
    assert back.startswith(f"{HERE}/auth/oidc/callback?")
    return http.get("/auth/oidc/callback", query_string=dict(parse_qsl(urlsplit(back).query)))


def test_an_employee_signs_in_at_the_company(company: Office, provider: Provider) -> None:
    http = company.server.http
    answer = through_the_provider(http, "/?date=2026-11")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/?date=2026-11")
    user = http.get("/api/session").json["user"]
    assert (user["name"], user["login"], user["admin"]) == ("김하늘", "4711", False)
    stored = company.calendar.people.of_subject(f"{provider.issuer}|4711")
    assert stored is not None
    assert stored.groups == ("staff",)
    # Later, with another name and other rights.
    provider.user |= {"name": "김바다", "groups": ["admins"]}
    through_the_provider(http)
    again = http.get("/api/session").json["user"]
    assert again == {"id": user["id"], "login": "4711", "name": "김바다", "admin": True}


def test_the_login_of_somebody_else_gives_nobody_his_account(company: Office, provider: Provider) -> None:
    boss = company.user("boss", admin=True)
    provider.user |= {"preferred_username": "boss", "email": "boss"}
    http = company.server.http
    through_the_provider(http)
    user = http.get("/api/session").json["user"]
    assert user["id"] != boss.id
    assert (user["login"], user["admin"]) == ("boss (2)", False)


def test_a_disabled_employee_stays_outside(company: Office, provider: Provider) -> None:
    http = company.server.http
    through_the_provider(http)
    user_id = http.get("/api/session").json["user"]["id"]
    company.calendar.people.edit(SYSTEM, user_id, {"disabled": True})
    answer = through_the_provider(http)
    assert answer.headers["Location"] == "/#sign-in=sign_in_refused"
    assert http.get("/api/session").json["kind"] == "nobody"


def test_what_goes_wrong_is_said_by_the_page(company: Office, provider: Provider) -> None:
    http = company.server.http
    for query in ({}, {"state": "x", "code": "y"}, {"error": "access_denied"}):
        answer = http.get("/auth/oidc/callback", query_string=query)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/#sign-in=sign_in_refused")
        assert "Set-Cookie" not in answer.headers
    provider.change_claims = lambda claims: claims | {"aud": "another"}
    assert through_the_provider(http).headers["Location"] == "/#sign-in=sign_in_refused"
    provider.answers["/realm/.well-known/openid-configuration"] = (500, b"")
    other = company.another(
        oidc_issuer=provider.issuer, oidc_client_id="x", public_url="http://localhost/calendar"
    ).http
    assert other.get("/auth/oidc").headers["Location"] == "/calendar/#sign-in=provider_unavailable"


# Open mode, and secrets


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/session"), ("DELETE", "/api/session"), ("POST", "/api/devices"),
        ("GET", "/api/devices/BCDFGHJK"), ("POST", "/api/devices/BCDFGHJK"), ("GET", "/auth/oidc"),
        ("GET", "/auth/oidc/callback"),
    ],
)  # fmt: skip
def test_in_open_mode_nobody_signs_in(method: str, path: str) -> None:
    http = House().server().http
    answer = http.open(path, method=method, json={"login": "x"} if method == "POST" else None)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert http.get("/api/session").json == {
        "success": True, "mode": "open", "kind": "open", "user": None,
    }  # fmt: skip


def test_no_secret_is_stored_or_logged(
    company: Office, provider: Provider, hashed: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    company.calendar.people.create(SYSTEM, {"login": "kim"}, password=hashed)
    http, secrets = company.server.http, [PASSWORD_OF_KIM, "a wrong guess", str(provider.client_secret)]
    secrets.append(sign_in(http, KIM | {"token": True}).json["token"])
    sign_in(http, KIM | {"password": "a wrong guess"})
    secrets += list(http.post("/api/devices", json={"name": "x"}).json["device_code"].split(".")[1:])
    through_the_provider(http)
    secrets.append(http.get_cookie("teamcal").value)
    code = company.calendar.first_administrator.offer()
    assert code is not None
    secrets.append(code)
    everything = (
        caplog.text
        + company.house.dump()
        + json.dumps(company.house.items(company.house.storage.access_table), default=str)
    )
    for secret in secrets:
        assert secret not in everything
    assert "$argon2id$" in everything
