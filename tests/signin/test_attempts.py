"""How often somebody may try, in bounded memory, with Redis and without."""

import shutil
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest
import redis

from teamcal.errors import TooManyAttempts, TooManyRequests
from teamcal.signin import attempts as module
from teamcal.signin.attempts import (
    ACCOUNT_TRIES,
    ADDRESS_TRIES,
    FREE,
    KEYS,
    LONGEST_WAIT,
    Attempts,
    RequestLimit,
)
from tests.servers import free_port

HOME = "203.0.113.5"


class Clock:
    def __init__(self) -> None:
        self.now = 4_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def tries(attempts: Attempts, count: int, address: str = HOME, account: str | None = None) -> int:
    """How many of `count` tries are let through."""
    through = 0
    for _ in range(count):
        try:
            attempts.begin(address, account)
            through += 1
        except TooManyAttempts:
            pass
    return through


def test_ten_tries_a_minute_from_one_address(clock: Clock) -> None:
    attempts = Attempts(clock=clock)
    assert tries(attempts, 50) == ADDRESS_TRIES == 10
    assert tries(attempts, 50, "203.0.113.6") == 10
    with pytest.raises(TooManyAttempts) as refused:
        attempts.begin(HOME)
    assert refused.value.retry_after == 60
    clock.now += 59
    assert tries(attempts, 5) == 0
    clock.now += 1
    assert tries(attempts, 50) == 10


def test_any_minute_has_ten_wherever_it_begins(clock: Clock) -> None:
    """A fixed window would let twenty through around its end."""
    attempts, through = Attempts(clock=clock), []
    for _ in range(3_000):
        through += [clock.now] * tries(attempts, 1)
        clock.now += 0.1
    assert len(through) == 50
    assert max(sum(start <= one < start + 60 for one in through) for start in through) == 10


def test_who_signs_in_rightly_takes_no_room_from_the_others_of_his_office(clock: Clock) -> None:
    attempts = Attempts(clock=clock)
    for number in range(200):
        attempts.begin(HOME, f"user{number}")
        attempts.succeeded(HOME, f"user{number}")
    assert tries(attempts, 50) == 10


def test_a_whole_department_comes_in_with_its_passcode(clock: Clock) -> None:
    """Two hundred people in two hours at one address, and as many from home; then guesses wait as ever."""
    attempts = Attempts(clock=clock)
    for number in range(200):
        for place in (HOME, f"10.1.1.{number}"):
            attempts.begin(place, "passcode of sales")
            attempts.succeeded(place, "passcode of sales")
        clock.now += 36
    assert tries(attempts, 8, HOME, "passcode of sales") == FREE
    assert sum(tries(attempts, 1, f"10.2.2.{number}", "passcode of sales") for number in range(50)) == FREE


def test_who_signs_in_without_end_has_to_wait(clock: Clock) -> None:
    attempts, through = Attempts(clock=clock), 0
    for _ in range(3600):
        with suppress(TooManyAttempts):
            attempts.begin(HOME, "kim")
            attempts.succeeded(HOME, "kim")
            through += 1
        clock.now += 1
    assert 100 <= through <= module.MOST_AT_AN_ACCOUNT + ACCOUNT_TRIES


def test_right_ones_hide_no_guesses(clock: Clock) -> None:
    """Who guesses right after somebody has signed in has no more guesses for it, in any hour."""
    attempts, through = Attempts(clock=clock), []
    for number in range(3 * 360):
        if number % 7 == 0:
            with suppress(TooManyAttempts):
                attempts.begin(f"10.1.{number // 250}.{number % 250}", "kim")
                attempts.succeeded(f"10.1.{number // 250}.{number % 250}", "kim")
        through += [clock.now] * tries(attempts, 1, f"10.2.{number // 250}.{number % 250}", "kim")
        clock.now += 10
    assert max(sum(start <= one < start + 3600 for one in through) for start in through) <= ACCOUNT_TRIES


def test_right_ones_of_ones_own_buy_no_guesses(clock: Clock) -> None:
    attempts, guesses = Attempts(clock=clock), 0
    for _ in range(20):
        guesses += tries(attempts, 1, HOME, "victim")
        try:
            attempts.begin(HOME, "own")
            attempts.succeeded(HOME, "own")
        except TooManyAttempts:
            pass
    assert guesses <= 10


def guesses_within(hours: int, attempts: Attempts, clock: Clock, account: str) -> list[float]:
    """The times at which one of many addresses gets to guess, where it always tries as soon as it may."""
    through, waits, began = [], [], clock.now
    while clock.now < began + hours * 3600:
        address = f"10.{len(through) % 200}.{int(clock.now) % 250}.1"
        try:
            attempts.begin(address, account)
            through.append(clock.now)
        except TooManyAttempts as refused:
            waits.append(refused.retry_after)
            clock.now += refused.retry_after
    assert 1 <= min(waits) <= max(waits) <= LONGEST_WAIT
    return through


def test_thirty_guesses_an_hour_at_one_account_with_growing_delay(clock: Clock) -> None:
    attempts = Attempts(clock=clock)
    through = guesses_within(5, attempts, clock, "kim")
    starts = [sum(start <= one < start + 3600 for one in through) for start in through]
    assert max(starts) <= ACCOUNT_TRIES
    assert starts[0] >= 20
    waits = [round(later - earlier) for earlier, later in pairwise(through)]
    assert waits[: FREE + 8] == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 200]


def test_a_login_is_one_account_in_whatever_case(clock: Clock) -> None:
    attempts = Attempts(clock=clock)
    assert (
        sum(tries(attempts, 1, account=login) for login in ("Kim", "kim", "KIM", "kIM", "kiM", "KIm")) == FREE
    )


def test_others_guesses_never_lock_the_user_out(clock: Clock) -> None:
    """A stranger waits for at most LONGEST_WAIT; who has signed in from his address before doesn't wait."""
    attempts = Attempts(clock=clock)
    attempts.begin(HOME, "kim")
    attempts.succeeded(HOME, "kim")
    guesses_within(2, attempts, clock, "kim")
    tries(attempts, 1, "198.51.100.8", "kim")
    with pytest.raises(TooManyAttempts):
        attempts.begin("198.51.100.9", "kim")
    attempts.begin(HOME, "kim")
    clock.now += LONGEST_WAIT
    attempts.begin("198.51.100.9", "kim")


def test_from_a_known_address_guesses_are_limited_as_well(clock: Clock) -> None:
    attempts = Attempts(clock=clock)
    attempts.begin(HOME, "kim")
    attempts.succeeded(HOME, "kim")
    assert tries(attempts, 20, HOME, "kim") == FREE


def test_a_flood_of_addresses_and_logins_takes_bounded_memory(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of the keys, each as full as it gets, and then twice as many."""
    monkeypatch.setattr(module, "KEYS", KEYS // 200)
    attempts = Attempts(clock=clock)
    tracemalloc.start()
    try:
        for number in range(KEYS // 200 * 3):
            address, login = f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1", f"{number}" * 50
            clock.now += LONGEST_WAIT
            tries(attempts, 30, address, login)
            for _ in range(ACCOUNT_TRIES):
                clock.now += LONGEST_WAIT
                attempts.begin(address, login)
            tries(attempts, 30, address)
            attempts.succeeded(address, login)
        # What other threads and the measuring of coverage allocate doesn't count.
        files = [tracemalloc.Filter(True, file) for file in ("*/teamcal/signin/*", __file__)]
        traces = tracemalloc.take_snapshot().filter_traces(files).statistics("filename")
        size = sum(trace.size for trace in traces)
    finally:
        tracemalloc.stop()
    assert 40_000 < size < module.MEMORY / 200


def test_requests_are_counted_by_client(clock: Clock) -> None:
    limit = RequestLimit(100, clock)
    for _ in range(100):
        limit.count("token")
    limit.count("another")
    clock.now += 50.5
    with pytest.raises(TooManyRequests) as refused:
        limit.count("token")
    assert refused.value.retry_after == 10
    clock.now += 9.5
    limit.count("token")


def test_counting_a_request_costs_microseconds() -> None:
    limit = RequestLimit(1_000_000)
    clients = [f"token:{number:064x}" for number in range(2_000)]
    began = time.process_time()
    for _ in range(10):
        for client in clients:
            limit.count(client)
    assert (time.process_time() - began) / 20_000 < 50e-6  # 2 µs on an idle machine


# Redis


@contextmanager
def redis_on(port: int, folder: Path) -> Iterator[int]:
    """Starts a server; yields its process id."""
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            client = redis.Redis(port=port)
            deadline = time.monotonic() + 20
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
            client.close()
            yield process.pid
        finally:
            process.kill()


needs_redis = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server isn't installed")


@needs_redis
def test_with_redis_the_limits_hold_for_all_servers_together(tmp_path: Path) -> None:
    port = free_port()
    with redis_on(port, tmp_path):
        servers = [Attempts(f"redis://127.0.0.1:{port}", "test") for _ in range(3)]
        assert sum(tries(server, 8) for server in servers) == 10
        assert sum(tries(server, 2, f"10.0.0.{n}", "김") for n, server in enumerate(servers)) == FREE
        for number in range(20):
            servers[number % 3].begin("10.9.9.9", f"user{number}")
            servers[number % 3].succeeded("10.9.9.9", f"user{number}")
        with pytest.raises(TooManyAttempts):
            servers[1].begin("10.0.0.77", "김")
        client = redis.Redis(port=port)
        keys = client.keys("*")
        assert all(key.startswith(b"test:signin:") for key in keys)
        assert not any("김".encode() in key for key in keys)
        assert all(client.ttl(key) > 0 for key in keys)
        client.close()


@needs_redis
def test_while_redis_is_away_the_process_counts_alone_and_nobody_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REDIS_PAUSE", 1.0)
    port = free_port()
    attempts = Attempts(f"redis://127.0.0.1:{port}", "test")
    assert tries(attempts, 30) == 10
    with redis_on(port, tmp_path):
        deadline = time.monotonic() + 20
        client = redis.Redis(port=port)
        while not client.keys("*"):  # it is found again, without a restart
            assert time.monotonic() < deadline
            tries(attempts, 1, "10.1.1.1")
            time.sleep(0.05)
        client.close()
    assert tries(attempts, 30, "10.2.2.2") == 10


def test_a_redis_that_does_not_answer_costs_one_try_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        attempts = Attempts(f"redis://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        assert tries(attempts, 200) == 10
        assert time.monotonic() - began < 8 * module.REDIS_SECONDS


def test_tries_at_the_same_time_are_counted_each() -> None:
    attempts, through = Attempts(), []

    def one(number: int) -> None:
        for _ in range(20):
            through.append(tries(attempts, 1, f"10.0.{number}.{len(through) % 250}", "kim"))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert FREE <= sum(through) <= FREE + 2
