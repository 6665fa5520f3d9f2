"""How often somebody may try to sign in, and how often a client may ask at all.

Nobody is ever locked out: who guesses at an account has to wait longer and longer, at most LONGEST_WAIT, and
who has signed in to it from his address before isn't held up by what others try from theirs.
"""

import hashlib
import logging
import math
import time
from collections.abc import Callable

import redis
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from teamcal.errors import TooManyAttempts, TooManyRequests
from teamcal.signin.bounded_memory import BoundedMemory

logger = logging.getLogger(__name__)

Clock = Callable[[], float]
Windows = BoundedMemory | RedisStorage

MINUTE, HOUR = 60, 3600
ADDRESS_TRIES = 10
"""A minute. A try that was right gives room for another one: a whole office may be one address."""
MOST_AT_AN_ADDRESS = 300
"""Right ones a minute that count like this."""
ACCOUNT_TRIES = 30
"""An hour, of which the first FREE don't have to wait. Right ones don't count: many may know a passcode."""
MOST_AT_AN_ACCOUNT = 100
"""Right ones an hour of which that is so: who signs in without end takes the turns of others."""
FREE = 5
LONGEST_WAIT = 200
"""Seconds. After 5 tries at once come 8 with 1, 2, 4 … 128 s between them, then one in 200 s: 29 in the first
hour, 18 in each further one."""
KEYS = 10_000
"""Addresses, accounts and pairs of them that are remembered at once, of each; in bytes: MEMORY."""
MEMORY = 20 * 1024 * 1024
"""What Attempts takes at most."""
KNOWN_SECONDS = 30 * 24 * 3600
"""For how long an address counts as one from which its user signs in."""
REDIS_SECONDS = 0.25
"""The longest that a try waits for Redis."""
REDIS_PAUSE = 10.0
"""For so long after a failure Redis isn't asked; one try then finds out."""


class Attempts:
    """Limits of tries to sign in. `clock`: seconds since the epoch.

    `redis_url`: the limits hold for all server processes together; while Redis is away each has its own.
    """

    def __init__(self, redis_url: str | None = None, prefix: str = "", clock: Clock = time.time) -> None:
        addresses, accounts, known = (BoundedMemory(KEYS, clock) for _ in range(3))
        self._memory = _Windows(addresses, accounts, known, clock)
        self._redis = _Redis(redis_url, f"{prefix}:signin", clock) if redis_url else None

    def begin(self, place: str, account: str | None = None) -> None:
        """Counts a try, before the secret is looked at. Raises TooManyAttempts.

        `place`: what counts as one address (Client.household in teamcal/http/clients.py).
        `account`: what is tried to get into (a login as logins are compared, a department's id); None
        where there is nothing to guess.
        """
        name = None if account is None else _key_of(account)
        if self._redis is None or not self._redis.run(lambda windows: windows.begin(place, name)):
            self._memory.begin(place, name)

    def succeeded(self, place: str, account: str) -> None:
        """Notes that the try that has begun was right."""
        name = _key_of(account)
        self._memory.succeeded(place, name)
        if self._redis is not None:
            self._redis.run(lambda windows: windows.succeeded(place, name))


def _key_of(account: str) -> str:
    """Returns a short key that names the account to nobody else who sees it in Redis."""
    return hashlib.blake2b(account.casefold().encode(errors="replace"), digest_size=16).hexdigest()


class _Windows:
    """The rules. Addresses, accounts and who is known have storages of their own: none displaces another."""

    def __init__(self, addresses: Windows, accounts: Windows, known: Windows, clock: Clock) -> None:
        self._addresses, self._accounts, self._known, self._clock = addresses, accounts, known, clock

    def begin(self, place: str, name: str | None) -> None:
        limit = ADDRESS_TRIES + min(self._addresses.get(f"right/{place}"), MOST_AT_AN_ADDRESS)
        if not self._addresses.acquire_entry(f"tries/{place}", limit, MINUTE):
            began, _ = self._addresses.get_moving_window(f"tries/{place}", limit, MINUTE)
            raise self._refused(began + MINUTE)
        if name is not None:
            self._begin_account(self._counted_as(place, name))

    def _counted_as(self, place: str, name: str) -> str:
        return f"{name}/{place}" if self._known.get(f"known/{name}/{place}") else name

    def _begin_account(self, name: str) -> None:
        _, right = self._accounts.get_moving_window(f"right/{name}", MOST_AT_AN_ACCOUNT, HOUR)
        limit = ACCOUNT_TRIES + right
        _, tries = self._accounts.get_moving_window(f"tries/{name}", limit, HOUR)
        tries = max(0, tries - right)
        if tries + 1 >= FREE:
            wait = min(2 ** (tries + 1 - FREE), LONGEST_WAIT)
            # The last try's window must be over; the first try after it opens its own.
            if self._accounts.incr(f"wait/{name}", wait) > 1:
                raise self._refused(self._accounts.get_expiry(f"wait/{name}"))
        self._accounts.acquire_entry(f"tries/{name}", limit, HOUR)

    def succeeded(self, place: str, name: str) -> None:
        self._addresses.incr(f"right/{place}", MINUTE)
        account = self._counted_as(place, name)
        self._accounts.acquire_entry(f"right/{account}", MOST_AT_AN_ACCOUNT, HOUR)
        self._known.incr(f"known/{name}/{place}", KNOWN_SECONDS)

    def _refused(self, until: float) -> TooManyAttempts:
        return TooManyAttempts(max(1, math.ceil(until - self._clock())))


class _Redis:
    """The same windows in Redis, unless it was away a moment ago."""

    def __init__(self, url: str, prefix: str, clock: Clock) -> None:
        self._storage = RedisStorage(
            url,
            key_prefix=prefix,
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type] # handed on to redis-py, whatever it is
        )
        self._windows = _Windows(self._storage, self._storage, self._storage, clock)
        self._ask_after = 0.0

    def run(self, rule: Callable[[_Windows], None]) -> bool:
        """Applies a rule; returns False if Redis can't be asked. Raises TooManyAttempts."""
        now = time.monotonic()
        if now < self._ask_after:
            return False
        if self._ask_after:  # one try finds out whether it is back
            self._ask_after = now + REDIS_PAUSE
        try:
            rule(self._windows)
        except (redis.RedisError, OSError) as error:
            self._ask_after = time.monotonic() + REDIS_PAUSE
            logger.warning("Redis: sign-ins are counted by this process alone: %s", type(error).__name__)
            return False
        except TooManyAttempts:
            self._ask_after = 0.0
            raise
        self._ask_after = 0.0
        return True


class RequestLimit:
    """The requests of one client, by its token or address. By this process alone: Redis would take longer
    than most requests."""

    def __init__(self, a_minute: int, clock: Clock = time.time) -> None:
        self._limit, self._clock = a_minute, clock
        self._memory = BoundedMemory(KEYS, clock)

    def count(self, client: str) -> None:
        """Raises TooManyRequests if `client` has asked more than `a_minute` times within its minute."""
        if self._memory.incr(client, MINUTE) > self._limit:
            left = self._memory.get_expiry(client) - self._clock()
            raise TooManyRequests(max(1, math.ceil(left)))
