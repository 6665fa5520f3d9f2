"""Who can reach the server is said at the start, and token mode doesn't start with an open door beside it."""

from pathlib import Path
from typing import Any

import pytest

from teamcal.http.exposure import Exposure, is_loopback, is_private_redis
from teamcal.settings import Settings, SettingsError, StorageSettings
from tests.servers import command_of, free_port, running

EVERYWHERE = ("0.0.0.0", 8000)


def exposure(token_mode: bool, any_page: bool = True, **settings: Any) -> Exposure:
    return Exposure(Settings(StorageSettings(), "x", token_mode=token_mode, **settings), any_page)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "localhost", "LOCALHOST", "::1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.0.7", "fe80::1%eth0", "intra", "", "127.0.0.1.evil"]
)
def test_beyond_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], [("::1", 8000, 0, 0)], ["/run/calendar.sock", b"\0abstract", ""], []]
)
@pytest.mark.parametrize("token_mode", [True, False])
def test_on_this_machine_alone_there_is_nothing_to_say(
    addresses: list[Any], token_mode: bool, caplog: pytest.LogCaptureFixture
) -> None:
    exposure(token_mode).serve_on(addresses)
    assert caplog.text == ""


@pytest.mark.parametrize("address", [EVERYWHERE, "0.0.0.0", ("192.168.0.7", 80), ("::", 80, 0, 0), "intra"])
def test_open_mode_says_what_anybody_can_do(address: Any, caplog: pytest.LogCaptureFixture) -> None:
    exposure(False).serve_on([("127.0.0.1", 80), address])
    (record,) = caplog.records
    text = record.getMessage()
    assert (address if isinstance(address, str) else address[0]) in text.splitlines()[0]
    assert text.index("누구나") < text.index("Whoever")
    for named in ("AUTH_MODE=token", "HOST=127.0.0.1", "CORS_ORIGINS", "웹 페이지도", "any web page"):
        assert named in text
    caplog.clear()
    exposure(False, any_page=False).serve_on([address])
    assert "web page" not in caplog.text
    exposure(False).serve_on([address], tell=False)
    assert len(caplog.records) == 1


def test_token_mode_beyond_loopback_needs_a_name() -> None:
    with pytest.raises(SettingsError, match=r"PUBLIC_URL.*ALLOWED_HOSTS"):
        exposure(True).serve_on([EVERYWHERE])
    exposure(True, public_url="https://calendar.example.com").serve_on([EVERYWHERE])
    exposure(True, allowed_hosts=("intra",)).serve_on([EVERYWHERE])


@pytest.mark.parametrize(
    ("addresses", "found"),
    [
        ([("127.0.0.1", 8000)], "http://127.0.0.1:8000"),
        (["/run/calendar.sock", ("::1", 8000, 0, 0)], "http://[::1]:8000"),
        ([], None),
        (["/run/calendar.sock"], None),
    ],
)
def test_the_page_has_an_address_on_this_machine(addresses: list[Any], found: str | None) -> None:
    alone = exposure(True)
    alone.serve_on(addresses)
    assert alone.address == found
    public = exposure(True, public_url="https://calendar.example.com")
    public.serve_on(addresses)
    assert public.address == "https://calendar.example.com"


def test_beyond_this_machine_only_the_operator_knows_the_address() -> None:
    named = exposure(True, allowed_hosts=("intra",))
    named.serve_on([EVERYWHERE])
    assert named.address is None


OPEN_REDIS = [
    "redis://cache:6379/0",
    "redis://10.0.0.5",
    "redis://user@cache",
    "redis://:@cache",
    "redis://cache?db=1",
]
PRIVATE_REDIS = [
    "redis://localhost", "redis://127.0.0.1:6379/1", "redis://[::1]", "unix:///run/redis.sock", "redis:///0",
    "redis://:secret@cache", "redis://user:secret@cache", "rediss://cache", "redis://cache?password=secret",
]  # fmt: skip


def test_token_mode_needs_a_redis_that_others_cannot_use() -> None:
    for url in OPEN_REDIS:
        assert not is_private_redis(url)
        exposure(False, redis_url=url)
        with pytest.raises(SettingsError, match="REDIS_URL") as caught:
            exposure(True, redis_url=url)
        assert url not in str(caught.value)
    for url in PRIVATE_REDIS:
        assert is_private_redis(url)
        exposure(True, redis_url=url)


@pytest.mark.parametrize("worker", ["eventlet", "flask", "python"])
def test_every_way_to_start_says_it_once(worker: Any, tmp_path: Path) -> None:
    port = free_port()
    command = [part.replace("127.0.0.1", "0.0.0.0") for part in command_of(worker, port)]
    env = {"HOST": "0.0.0.0", "FLASK_DEBUG": "0"}
    with running(worker, data_dir=tmp_path, port=port, command=command, env=env) as server:
        assert server.log().count("누구나") == 1, server.log()
        assert "Traceback" not in server.log()
    with running(worker, data_dir=tmp_path, tables=False) as server:
        assert "누구나" not in server.log()


@pytest.mark.parametrize(
    ("address", "env", "named"),
    [("0.0.0.0", {}, "PUBLIC_URL"), ("127.0.0.1", {"REDIS_URL": "redis://:@192.0.2.1:6379"}, "REDIS_URL")],
)
def test_token_mode_does_not_start(address: str, env: dict[str, str], named: str, tmp_path: Path) -> None:
    port = free_port()
    command = [part.replace("127.0.0.1", address) for part in command_of("eventlet", port)]
    env = {"AUTH_MODE": "token", **env}
    with running(
        "eventlet", data_dir=tmp_path, port=port, command=command, env=env, tables=False, ready=False
    ) as server:
        assert server.wait(60) != 0
        assert f"✗ 설정 오류 (configuration): {named}: " in server.log()
        assert "Traceback" not in server.log()
