"""Desktop programs, which get a token by a code that their user confirms in the page (RFC 8628)."""

import hashlib
import hmac
import re
import secrets
from dataclasses import replace
from typing import Any, NamedTuple

from teamcal.calendar.gateway import Gateway
from teamcal.calendar.people import People
from teamcal.calendar.tokens import Issued, Tokens
from teamcal.domain.caller import Caller, Kind
from teamcal.domain.items import ItemWrite
from teamcal.domain.people import TokenKind, User, name_from
from teamcal.domain.values import timestamp
from teamcal.errors import DeviceNotFound, Forbidden, TokenInvalid, TooManyRequests

DEVICE, OWNER = "device:", "devices"
"""What the ids of pending codes begin with, and the "owner_id" that finds all of them."""
VALID_SECONDS, POLL_SECONDS = 600, 5
MAX_PENDING = 1000
REMOVED_AT_ONCE = 20
"""Codes that have ended which each new one clears away: DynamoDB's TTL may take two days."""
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # section 6.1: no vowels, no words
_CODE = re.compile(f"[{_LETTERS}]{{8}}")


class DeviceCodes(NamedTuple):
    """`device_code` stays in the program; `user_code` (`WDJB-MJHT`) is what its user types into the page."""

    device_code: str
    user_code: str


class Devices:
    """Only with AUTH_MODE=token. Raises CalendarError."""

    def __init__(self, gateway: Gateway, people: People, tokens: Tokens) -> None:
        self._gateway, self._people, self._tokens = gateway, people, tokens
        self._items = gateway.database.items

    def begin(self, name: object) -> DeviceCodes:
        """Returns new codes for a program of that name, good for VALID_SECONDS. Raises InvalidInput."""
        now = int(self._gateway.now().timestamp())
        shown = name_from(name)
        self._make_room(now)
        secret = secrets.token_urlsafe(20)
        code = "".join(secrets.choice(_LETTERS) for _ in range(8))
        item_id = DEVICE + code
        item = {
            "id": item_id,
            "owner_id": OWNER,
            "name": shown,
            "secret_hash": _hash(secret),
            "state": "pending",
            "expires_at": now + VALID_SECONDS,
        }
        if not self._items.write(ItemWrite(item_id, item, new=True)):
            raise TooManyRequests(POLL_SECONDS)
        return DeviceCodes(f"{code}.{secret}", f"{code[:4]}-{code[4:]}")

    def _make_room(self, now: int) -> None:
        """Raises TooManyRequests if too many codes are waiting."""
        stored = self._items.of(OWNER)
        ended = [item["id"] for item in stored if int(item["expires_at"]) <= now]
        for item_id in ended[:REMOVED_AT_ONCE]:
            self._items.write(ItemWrite(item_id))
        if len(stored) - len(ended) >= MAX_PENDING:
            raise TooManyRequests(POLL_SECONDS)

    def name_of(self, caller: Caller, user_code: str) -> str:
        """Returns the name of the program that shows `user_code`. Raises DeviceNotFound if none does."""
        self._require_user(caller)
        return str(self._shown(user_code)["name"])

    def confirm(self, caller: Caller, user_code: str) -> str:
        """Lets the program have the caller's token; returns its name. Raises DeviceNotFound, Forbidden."""
        self._require_user(caller)
        item = self._shown(user_code)
        at = timestamp(self._gateway.now())
        confirmed = {**item, "user": caller.id, "state": "confirmed", "confirmed_at": at}
        expects = {"secret_hash": item["secret_hash"], "state": "pending"}
        if not self._items.write(ItemWrite(item["id"], confirmed, expects)):
            raise DeviceNotFound
        return str(item["name"])

    def collect(self, device_code: object) -> tuple[User, Issued] | None:
        """Returns the program's token, once; None as long as nobody has confirmed it. Raises TokenInvalid."""
        code, _, secret = str(device_code if isinstance(device_code, str) else "")[:200].partition(".")
        item = self._pending(code)
        if item is None or not hmac.compare_digest(_hash(secret), item["secret_hash"]):
            raise TokenInvalid
        user_id = item.get("user")
        if not user_id:
            return None
        user = self._people.of_id(user_id)
        if user is None or user.disabled:
            raise TokenInvalid
        consumes = (ItemWrite(item["id"], None, expects={"user": user_id}),)
        # As he was when he confirmed: a new password since then has ended that, too.
        at = str(item.get("confirmed_at", ""))
        caller = replace(self._people.caller_of(user), issued_at=at, signed_in=True)
        return user, self._tokens.issue(caller, TokenKind.DEVICE, item["name"], consumes=consumes)

    def _require_user(self, caller: Caller) -> None:
        """A token that is limited must not make one that isn't."""
        self._gateway.permits.require_somebody(caller)
        if caller.kind is not Kind.USER or not caller.scope.is_whole:
            raise Forbidden

    def _pending(self, user_code: str) -> Any:
        """The stored item that waits for a confirmation or to be collected, or None."""
        code = user_code.replace("-", "").strip().upper()
        item = self._items.get(DEVICE + code) if _CODE.fullmatch(code) else None
        if item is None or int(item["expires_at"]) <= self._gateway.now().timestamp():
            return None
        return item

    def _shown(self, user_code: str) -> Any:
        """As `_pending`, for who has typed the code. A mistake isn't the end of his own session: no 401."""
        item = self._pending(user_code)
        if item is None:
            raise DeviceNotFound
        return item


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
