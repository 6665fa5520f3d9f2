"""Who a request comes from: the token, the page's cookie, the network; and what that costs."""

import base64
import secrets
import time
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest

from teamcal import factory
from teamcal.deadline import remaining
from teamcal.domain.caller import GUEST, NOBODY, SYSTEM, Caller, Kind
from teamcal.errors import StorageUnavailable
from teamcal.http.callers import DEAD, Callers, FindCaller, caller_of, secret_in, value_of
from teamcal.http.rules import rules_of
from teamcal.settings import Settings, StorageSettings
from teamcal.signin.attempts import RequestLimit
from tests import sample_page
from tests.access.offices import Office

SECRET = "tcs_" + "a" * 40
KIM = Caller("김하늘", True, "7", Kind.USER, token="hash")
INSIDE, OUTSIDE = "192.168.0.7", "203.0.113.5"
OWN, FOREIGN = "http://calendar.test", "https://evil.example"


def finder(**settings: Any) -> FindCaller:
    rules = rules_of(Settings(StorageSettings(), token_mode=True, **settings))
    return FindCaller(known, [ip_network("192.168.0.0/24")], rules, RequestLimit(1_000_000))


def known(secret: str, before_reading: Callable[[], None]) -> Caller | None:
    return {SECRET: KIM}.get(secret)


def environ(**more: Any) -> dict[str, Any]:
    usual = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/departments", "wsgi.url_scheme": "http"}
    return {**usual, "HTTP_HOST": "calendar.test", "REMOTE_ADDR": OUTSIDE, **more}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "caller"),
    [
        (f"Bearer {SECRET}", KIM),
        (f"bearer  {SECRET} ", KIM),
        (basic("kim", SECRET), KIM),
        (basic("", SECRET), KIM),
        (basic("김", SECRET), KIM),
        (basic("kim", "another"), DEAD),
        (basic(SECRET, ""), DEAD),
        ("Bearer x", DEAD),
        ("Bearer", DEAD),
        ("", DEAD),
        (SECRET, DEAD),
        (f"Digest {SECRET}", DEAD),
        ("Basic !!!", DEAD),
        ("Basic /////w==", DEAD),
        ("Bearer " + "x" * 100_000, DEAD),
    ],
)
@pytest.mark.parametrize("address", [INSIDE, OUTSIDE])
def test_a_token_decides_wherever_it_comes_from(authorization: str, caller: Caller, address: str) -> None:
    """Also a dead one: who believes to be signed in is told that he isn't."""
    asked = environ(HTTP_AUTHORIZATION=authorization, REMOTE_ADDR=address, HTTP_ORIGIN=FOREIGN)
    assert finder()(asked) == caller


COOKIE = {"HTTP_COOKIE": f"theme=dark; teamcal={SECRET};x=y"}
OVER_TLS = {"wsgi.url_scheme": "https"}
SOCKET = {"HTTP_UPGRADE": "websocket", "PATH_INFO": "/socket.io/"}


@pytest.mark.parametrize(
    ("request_", "caller"),
    [
        (COOKIE, KIM),
        (COOKIE | {"HTTP_ORIGIN": OWN}, KIM),
        (COOKIE | {"HTTP_SEC_FETCH_SITE": "same-origin"}, KIM),
        (COOKIE | {"REQUEST_METHOD": "POST", "HTTP_ORIGIN": OWN}, KIM),
        (COOKIE | SOCKET | {"HTTP_ORIGIN": OWN}, KIM),
        (COOKIE | {"REQUEST_METHOD": "POST"}, NOBODY),
        (COOKIE | {"REQUEST_METHOD": "POST", "HTTP_ORIGIN": FOREIGN}, NOBODY),
        (COOKIE | {"REQUEST_METHOD": "POST", "HTTP_ORIGIN": "null"}, NOBODY),
        (COOKIE | {"HTTP_ORIGIN": FOREIGN}, NOBODY),
        (COOKIE | {"HTTP_SEC_FETCH_SITE": "cross-site"}, NOBODY),
        (COOKIE | {"HTTP_SEC_FETCH_SITE": "same-site"}, NOBODY),
        (COOKIE | SOCKET, NOBODY),
        (COOKIE | SOCKET | {"HTTP_ORIGIN": FOREIGN}, NOBODY),
        (COOKIE | OVER_TLS, NOBODY),
        ({"HTTP_COOKIE": f"__Host-teamcal={SECRET}"} | OVER_TLS, KIM),
        ({"HTTP_COOKIE": f"__Host-teamcal={SECRET}"}, NOBODY),
        ({"HTTP_COOKIE": "teamcal=x"}, NOBODY),
        ({"HTTP_COOKIE": f"xteamcal={SECRET}"}, NOBODY),
        ({"HTTP_COOKIE": "=;;; ;teamcal"}, NOBODY),
    ],
)
def test_the_pages_cookie_counts_for_our_own_page(request_: dict[str, str], caller: Caller) -> None:
    assert finder(cors_origins=("*",))(environ(**request_)) == caller


@pytest.mark.parametrize(
    ("request_", "caller"),
    [
        ({"REMOTE_ADDR": INSIDE}, GUEST),
        ({"REMOTE_ADDR": f"::ffff:{INSIDE}"}, GUEST),
        ({"REMOTE_ADDR": INSIDE, "HTTP_ORIGIN": OWN, "REQUEST_METHOD": "POST"}, GUEST),
        ({"REMOTE_ADDR": INSIDE, "HTTP_COOKIE": "teamcal=x"}, GUEST),
        ({"REMOTE_ADDR": OUTSIDE}, NOBODY),
        ({"REMOTE_ADDR": "192.168.1.7"}, NOBODY),
        ({"REMOTE_ADDR": ""}, NOBODY),
        ({"REMOTE_ADDR": INSIDE, "HTTP_ORIGIN": FOREIGN}, NOBODY),
        ({"REMOTE_ADDR": INSIDE, "HTTP_SEC_FETCH_SITE": "cross-site"}, NOBODY),
        ({"REMOTE_ADDR": INSIDE, "HTTP_X_FORWARDED_FOR": OUTSIDE}, NOBODY),
        ({"REMOTE_ADDR": INSIDE, "HTTP_FORWARDED": "for=1.2.3.4"}, NOBODY),
        ({"REMOTE_ADDR": OUTSIDE, "HTTP_X_FORWARDED_FOR": INSIDE}, NOBODY),
    ],
)
def test_guests_come_from_inside(request_: dict[str, str], caller: Caller) -> None:
    assert finder(cors_origins=("*",))(environ(**request_)) == caller


def test_behind_a_proxy_its_client_counts() -> None:
    find = finder(trusted_proxies=1)
    assert find(environ(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=INSIDE)) == GUEST
    assert find(environ(REMOTE_ADDR=INSIDE, HTTP_X_FORWARDED_FOR=OUTSIDE)) == NOBODY
    assert find(environ(REMOTE_ADDR=INSIDE, HTTP_X_FORWARDED_FOR=f"{INSIDE}, {OUTSIDE}")) == NOBODY
    assert find(environ(REMOTE_ADDR=INSIDE)) == NOBODY
    tls = environ(HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_FOR=OUTSIDE)
    assert find(tls | {"HTTP_COOKIE": f"__Host-teamcal={SECRET}"}) == KIM
    assert find(tls | COOKIE) == NOBODY


def test_without_guest_networks_nobody_is_a_guest() -> None:
    rules = rules_of(Settings(StorageSettings(), token_mode=True))
    assert FindCaller(known, (), rules, RequestLimit(9))(environ(REMOTE_ADDR="127.0.0.1")) == NOBODY


def test_texts() -> None:
    assert secret_in("Basic " + base64.b64encode(b"a:b:c").decode()) == "b:c"
    assert value_of("a=1; b=2=3;c", "b") == "2=3"
    assert value_of("a=1; a=2", "a") == "1"


# In the server


@pytest.fixture(params=[True, False], ids=["fast path", "Flask"])
def office(request: pytest.FixtureRequest) -> Office:
    return Office(fast_path=request.param, guest_networks=(ip_network("127.0.0.0/8"),))


def session(office: Office, **headers: str) -> Any:
    return office.server.http.get("/api/session", headers=headers)


def test_each_kind_of_caller(office: Office) -> None:
    user = office.user("kim")
    secret = office.calendar.tokens.sign_in(user).secret
    assert session(office).json["kind"] == "guest"
    assert session(office, Origin=FOREIGN).json["kind"] == "nobody"
    assert session(office, Authorization=f"Bearer {secret}").json["user"]["id"] == user.id
    assert session(office, Authorization=basic("kim", secret)).json["user"]["id"] == user.id
    answer = session(office, Authorization="Bearer tcs_" + "0" * 40)
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_what_is_everybodys_is_served_to_a_dead_token(office: Office) -> None:
    headers = {"Authorization": "Bearer dead"}
    for path, status in (("/", 200), (sample_page.STYLE, 200), ("/api/departments", 401), ("/nowhere", 404)):
        assert office.server.http.get(path, headers=headers).status_code in (status, 404), path
    assert office.server.http.get("/api/departments", headers=headers).json["code"] == "token_invalid"


def test_a_guest_may_say_a_name_and_a_user_has_his(office: Office) -> None:
    department = office.department(access="open")
    event = {"event_date": "2024-01-20", "title": "회의"}
    secret = office.calendar.tokens.sign_in(office.user("kim", name="김하늘")).secret
    for authorization, name in (({}, "Lee"), ({"Authorization": f"Bearer {secret}"}, "김하늘")):
        headers = {"X-Display-Name": "Lee", **authorization}
        made = office.server.http.post(f"/api/events/{department}", json=event, headers=headers).json["event"]
        history = office.server.http.get(f"/api/events/{made['id']}/history", headers=headers).json
        assert history["history"][0]["by"] == name


def test_requests_are_limited_by_token_and_by_address(office: Office) -> None:
    server = office.another(requests_per_minute=60, guest_networks=())
    one, other = (office.calendar.tokens.sign_in(office.user()).secret for _ in range(2))

    def statuses(count: int, **headers: str) -> set[int]:
        return {server.http.get("/api/session", headers=headers).status_code for _ in range(count)}

    assert statuses(60, Authorization=f"Bearer {one}") == {200}
    assert statuses(3, Authorization=f"Bearer {one}") == {429}
    answer = server.http.get("/api/session", headers={"Authorization": f"Bearer {one}"})
    assert answer.json["code"] == "too_many_requests"
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert statuses(1, Authorization=f"Bearer {other}") == {200}
    assert statuses(40) == {200}
    assert statuses(20, Authorization="Bearer dead") == {401}
    assert statuses(3) == {429}


def test_who_guesses_tokens_asks_the_storage_no_more(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """And holds up nobody else of his address who has a token that is known."""
    monkeypatch.setattr(factory, "LOOKUPS_A_MINUTE", 30)
    server, reads = office.another(), []
    secret = office.calendar.tokens.sign_in(office.user()).secret
    good = {"Authorization": f"Bearer {secret}"}
    assert server.http.get("/api/session", headers=good).status_code == 200
    monkeypatch.setattr(server.database.items, "get", reads.append)
    for _ in range(50):
        guess = {"Authorization": f"Bearer tcs_{secrets.token_hex(20)}"}
        status = server.http.get("/api/session", headers=guess).status_code
        assert status == (401 if len(reads) < 29 or status == 401 else 429)
    assert status == 429
    assert len(reads) == 29
    assert server.http.get("/api/session", headers=good).status_code == 200


@pytest.mark.deadline
def test_while_the_storage_is_away_the_page_is_served() -> None:
    def find(secret: str, before_reading: Callable[[], None]) -> Caller | None:
        assert remaining() < 10
        raise StorageUnavailable

    rules = rules_of(Settings(StorageSettings(), token_mode=True))
    seen = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        return []

    class Unlimited:
        def count(self, client: str) -> None:
            pass

    class SignIns:
        pass

    sign_ins: Any = SignIns()
    sign_ins.rules = rules
    limit: Any = Unlimited()
    refusals: Any = None
    callers = Callers(application, FindCaller(find, (), rules, RequestLimit(9)), sign_ins, limit, refusals)
    callers(environ(HTTP_AUTHORIZATION=f"Bearer {SECRET}"), lambda *start: None)  # type: ignore[arg-type]
    with pytest.raises(StorageUnavailable):
        caller_of(seen[0])


def test_in_open_mode_there_is_no_caller_to_be_found() -> None:
    assert caller_of(environ()) is None


def test_a_cached_token_costs_microseconds(office: Office) -> None:
    """At most 10 µs of CPU on an idle machine: 100,000 requests with a token, against as many without."""
    secret = office.calendar.tokens.sign_in(office.user()).secret
    rules = rules_of(Settings(StorageSettings(), token_mode=True))
    find = FindCaller(office.calendar.tokens.find, (), rules, RequestLimit(9))
    costs = {}
    for name, asked in (
        ("none", environ()),
        ("bearer", environ(HTTP_AUTHORIZATION=f"Bearer {secret}")),
        ("cookie", environ(HTTP_COOKIE=f"teamcal={secret}")),
    ):
        find(dict(asked))
        began = time.process_time()
        for _ in range(20_000):
            find(dict(asked))
        costs[name] = (time.process_time() - began) / 20_000 * 1e6
    assert find(environ(HTTP_AUTHORIZATION=f"Bearer {secret}")).kind is Kind.USER
    print({name: round(cost, 1) for name, cost in costs.items()})
    assert max(costs["bearer"], costs["cookie"]) - costs["none"] < 50


def test_system_is_nobody_who_comes_from_outside() -> None:
    assert finder()(environ()) != SYSTEM
