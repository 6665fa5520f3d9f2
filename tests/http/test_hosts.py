"""Under a name that isn't the server's own there is nothing to read: DNS rebinding ends here."""

from typing import Any

import pytest

from teamcal.http.clients import Proxies
from teamcal.http.hosts import HostRule, names_of
from tests import sample_page
from tests.house import House

NAME = "calendar.example.com"
RULE = HostRule(names_of(f"https://{NAME}:8443/team", ["intra"], "host.example"), Proxies(0))


@pytest.mark.parametrize(
    "host",
    [
        NAME, f"{NAME}:443", NAME.upper(), f"{NAME}.", f"{NAME}.:8000", "intra:8000", "host.example",
        "localhost", "localhost:8000", "team.localhost:3000", "127.0.0.1:8000", "192.168.0.7", "[::1]:8000",
        "[::1]",
    ],
)  # fmt: skip
def test_the_servers_own_names(host: str) -> None:
    assert RULE({"HTTP_HOST": host})


@pytest.mark.parametrize(
    "host",
    [
        "", "rebind.evil.example", f"{NAME}.evil.example", f"evil{NAME}", f"a.{NAME}", f"{NAME},evil.example",
        "localhost.evil.example", "127.0.0.1.evil.example", "0x7f.1", "127.1", "[::1", "a b", "x" * 300, "[",
        ":80", f"{NAME}@evil.example", "카렌다.kr", "evil.example\x00",
    ],
)  # fmt: skip
def test_other_names(host: str) -> None:
    assert not RULE({"HTTP_HOST": host})
    assert not RULE({})


def test_a_page_cannot_forward_itself() -> None:
    """X-Forwarded-Host is no forbidden header: a page may send it to its own, rebound, name."""
    rebound = {"HTTP_HOST": "rebind.evil.example", "HTTP_X_FORWARDED_HOST": NAME}
    behind = {"HTTP_HOST": "127.0.0.1:8000", "HTTP_X_FORWARDED_HOST": "rebind.evil.example"}
    for count in (0, 1, 2):
        rule = HostRule([NAME], Proxies(count))
        assert not rule(rebound)
        assert rule(behind) is (count == 0)
        assert rule(behind | {"HTTP_X_FORWARDED_HOST": NAME})


@pytest.fixture(params=[True, False], ids=["fast path", "Flask"])
def http(request: pytest.FixtureRequest, house: House) -> Any:
    settings = {"public_url": f"https://{NAME}", "allowed_hosts": ("intra",), "fast_path": request.param}
    return house.server(**settings).http


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD", "DELETE"])
@pytest.mark.parametrize("path", ["/api/departments", "/socket.io/?EIO=4&transport=polling", "/auth/x", "/x"])
def test_requests_for_another_host_are_refused(http: Any, method: str, path: str) -> None:
    answer = http.open(path, method=method, headers={"Host": "rebind.evil.example"})
    assert answer.status_code == 421
    if method != "HEAD":
        assert answer.json["code"] == "host_refused"
        assert answer.json["host"] == "rebind.evil.example"
        assert "rebind.evil.example" in answer.json["message"]
    for host in (NAME, f"{NAME}:8443", "intra", "127.0.0.1:8000", "localhost"):
        assert http.open(path, method=method, headers={"Host": host}).status_code != 421


def test_the_page_and_the_check_of_health_answer_any_host(http: Any) -> None:
    for path in ("/", "/sw.js", sample_page.SCRIPT):
        assert http.get(path, headers={"Host": "elsewhere.example"}).status_code == 200
    assert http.get("/healthz", headers={"Host": "elsewhere.example"}).status_code != 421
    assert http.get("/web/../api/departments", headers={"Host": "elsewhere.example"}).status_code == 404


def test_with_nothing_set_any_host_is_answered(house: House) -> None:
    answer = house.server().http.get("/api/departments", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 200
