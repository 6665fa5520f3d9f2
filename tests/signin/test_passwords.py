"""Passwords: what they may be, how they are checked, and that a check holds nobody up and tells nothing."""

import json
import subprocess
import sys
import threading
import time
import unicodedata
from statistics import median

import argon2
import pytest

from teamcal.errors import InvalidInput, TooBusy
from teamcal.signin.passwords import Passwords
from teamcal.signin.secret_rules import PASSCODE, PASSWORD, Length, checked
from teamcal.signin.threads import RealThreads

SECRET = "구름 위의 산책 1"
HELD_MS = 25


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords("threading")


@pytest.fixture(scope="module")
def stored(passwords: Passwords) -> str:
    return passwords.hash(SECRET)


def test_a_hash_has_the_parameters_of_owasp_and_a_salt_of_its_own(passwords: Passwords, stored: str) -> None:
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert SECRET not in stored
    assert passwords.hash(SECRET) != stored


def test_only_the_right_secret_is_right(passwords: Passwords, stored: str) -> None:
    assert passwords.verify(stored, SECRET) == (True, None)
    for wrong in ("", SECRET + " ", SECRET[:-1], "x" * 5_000, "\ud800", None, 7, [SECRET]):
        assert passwords.verify(stored, wrong) == (False, None)
    for nobodys in (None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$AA$AA"):
        assert passwords.verify(nobodys, SECRET) == (False, None)


def test_a_password_is_the_same_however_a_system_sends_it(passwords: Passwords, stored: str) -> None:
    """macOS sends Hangul decomposed; iOS's keyboards make U+00A0 of a space."""
    assert passwords.verify(stored, unicodedata.normalize("NFD", SECRET)).right
    assert passwords.verify(stored, SECRET.replace(" ", "\u00a0")).right


def test_an_older_hash_is_made_anew_when_its_secret_comes_by(passwords: Passwords) -> None:
    older = argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(SECRET)
    right, rehashed = passwords.verify(older, SECRET)
    assert right
    assert rehashed is not None
    assert passwords.verify(rehashed, SECRET) == (True, None)
    assert passwords.verify(older, "something else") == (False, None)


@pytest.mark.parametrize(
    ("secret", "length", "reason"),
    [
        ("seven77", PASSWORD, "too_short"),
        ("가" * 257, PASSWORD, "too_long"),
        ("x" * 1_000_000, PASSWORD, "too_long"),
        ("123", PASSCODE, "too_short"),
        ("x" * 65, PASSCODE, "too_long"),
        ("with\nline break", PASSWORD, "bad_characters"),
        ("surrogate\ud800", PASSWORD, "bad_characters"),
        (12345678, PASSWORD, "not_a_string"),
        (None, PASSCODE, "not_a_string"),
    ],
)
def test_what_a_new_secret_may_not_be(secret: object, length: Length, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked("password", secret, length)
    assert [(problem.field, problem.reason) for problem in refused.value.problems] == [("password", reason)]


def test_characters_are_counted_as_they_are_stored() -> None:
    assert checked("password", "x" * 256) == "x" * 256
    assert checked("password", unicodedata.normalize("NFD", "각" * 200)) == "각" * 200
    assert checked("passcode", "1234", PASSCODE) == "1234"
    with pytest.raises(InvalidInput):
        checked("password", unicodedata.normalize("NFD", "각나다라마바사"))  # 7 syllables, 15 pieces


@pytest.mark.parametrize("worker", ["eventlet", "gevent"])
def test_a_check_does_not_hold_the_event_loop(worker: str) -> None:
    rounds = _ticking(worker, worker)
    assert min(one["gap"] for one in rounds) < HELD_MS
    assert median(one["computed"] for one in rounds) < 4
    # The same where the hash is computed by green threads: it can be seen.
    assert median(one["computed"] for one in _ticking(worker, "threading")) > 4


def _ticking(worker: str, mode: str) -> list[dict[str, float]]:
    command = [sys.executable, "-m", "tests.signin.ticking", worker, mode]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rounds: list[dict[str, float]] = json.loads(done.stdout)
    return rounds


class Slow:
    """A computation that takes until it is told to end."""

    def __init__(self) -> None:
        self.running, self.most, self.count = 0, 0, 0
        self.end, self._lock = threading.Event(), threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            self.running += 1
            self.count += 1
            self.most = max(self.most, self.running)
        assert self.end.wait(30)
        with self._lock:
            self.running -= 1
        return self.count


def test_two_are_checked_at_once_few_wait_and_more_are_sent_away() -> None:
    threads, slow = RealThreads("threading", at_once=2, waiting=3), Slow()
    tasks = [threading.Thread(target=threads.run, args=(slow,)) for _ in range(5)]
    for task in tasks:
        task.start()
    deadline = time.monotonic() + 30
    while slow.running < 2 or threads._places._value:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    with pytest.raises(TooBusy) as busy:
        threads.run(slow)
    assert busy.value.details() == {"retry_after": 1}
    slow.end.set()
    for task in tasks:
        task.join(30)
    assert (slow.count, slow.most) == (5, 2)
    assert threads.run(slow) == 6  # there is place again


def test_the_time_of_a_refusal_tells_nothing(passwords: Passwords, stored: str) -> None:
    """A sign test over interleaved pairs: by chance it fails once in 100,000 times."""
    assert _known_is_slower(passwords, passwords, stored) in range(PAIRS // 6, PAIRS - PAIRS // 6 + 1)


def test_a_difference_of_a_third_would_be_seen(passwords: Passwords, stored: str) -> None:
    quick = Passwords("threading")
    quick._nobodys = quick._nobodys.replace("m=19456", "m=13000")
    # A busy machine hides it now and then.
    assert any(_known_is_slower(passwords, quick, stored) > PAIRS - PAIRS // 6 for _ in range(3))


PAIRS = 42


def _known_is_slower(known: Passwords, unknown: Passwords, stored: str) -> int:
    """In how many of `PAIRS` pairs a wrong password of a known login took longer than an unknown login."""
    slower = 0
    for number in range(PAIRS):
        asked = [(known, stored), (unknown, None)]
        times = {}
        for one, given in asked if number % 2 else reversed(asked):
            best = float("inf")
            for _ in range(2):  # the lesser of two: what else the machine does counts less
                began = time.process_time()
                assert not one.verify(given, "a wrong guess").right
                best = min(best, time.process_time() - began)
            times[given] = best
        slower += times[stored] > times[None]
    return slower
