"""An office with departments of two sides, in which nothing is left to chance: the same in two runs."""

import hashlib
import itertools
import os
import secrets
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest

from teamcal.domain import values
from teamcal.domain.caller import SYSTEM
from teamcal.domain.people import User
from teamcal.storage import conditional_write
from tests.access.offices import Office

START = datetime(2099, 1, 15, 10, 30, tzinfo=UTC)
SPARES = 12
"""Private departments of B's people that its activity may delete."""


class Ids:
    """Everything that is random, from a stream for each side: what B makes takes none of A's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._streams = {"A": itertools.count(), "B": itertools.count()}
        self._side = "A"
        self._thread = threading.get_ident()
        monkeypatch.setattr(values, "random_bytes", self._bytes)
        monkeypatch.setattr(secrets, "token_bytes", lambda size=32: self._bytes(size))
        monkeypatch.setattr(secrets, "token_hex", lambda size=32: self._bytes(size).hex())
        monkeypatch.setattr(secrets, "token_urlsafe", lambda size=32: self._bytes(size).hex())
        monkeypatch.setattr(secrets, "choice", self._choice)

    def _bytes(self, size: int) -> bytes:
        if threading.get_ident() != self._thread:  # tasks beside the program make nothing that is seen
            return os.urandom(size)
        number = next(self._streams[self._side])
        return hashlib.shake_128(f"{self._side} {number}".encode()).digest(size)

    def _choice(self, options: Any) -> Any:
        return options[int.from_bytes(self._bytes(8)) % len(options)]

    def restart(self) -> None:
        """Forgets what was drawn before: modules that are imported for the first time draw, too."""
        self._streams = {"A": itertools.count(1_000_000), "B": itertools.count(1_000_000)}

    @contextmanager
    def of_b(self) -> Iterator[None]:
        self._side = "B"
        try:
            yield
        finally:
            self._side = "A"


class World:
    """An office with departments of A's and of B's people, the same in both runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        self.ids, self.moment = Ids(monkeypatch), START
        self.office = Office(
            now=lambda: self.moment, guest_networks=(ip_network("10.0.0.0/8"),), **settings,
            requests_per_minute=10_000_000, socket_message_burst=1_000_000, cors_origins=("*",),
        )  # fmt: skip
        self.ids.restart()
        self.server, self.calendar = self.office.server, self.office.calendar
        commit = self.server.database.commit
        # The engine is shared by all servers and takes a token for one transaction only.
        monkeypatch.setattr(
            self.server.database, "commit", lambda writes, token: commit(writes, str(uuid.uuid4()))
        )
        monkeypatch.setattr(conditional_write, "new_id", lambda: str(uuid.uuid4()))
        self.http = self.server.app.test_client(use_cookies=False)
        self.users = {
            name: self.office.user(name, admin=name == "boss")
            for name in ("viewer", "editor", "manager", "other", "boss", "b manager", "b editor", "b later")
        }
        of_a = {self.users[name].id: name for name in ("viewer", "editor", "manager")}
        of_b = {self.users["b manager"].id: "manager", self.users["b editor"].id: "editor"}
        self.a = [self.office.department(f"가 {number}", "private", **of_a) for number in range(2)]
        self.b = [self.office.department(f"나 {number}", "private", **of_b) for number in range(2)]
        self.spares = [self.office.department(f"다 {number}", "private", **of_b) for number in range(SPARES)]
        self.a_events = [self._event(department) for department in self.a * 3]
        self.b_events = [self._event(department) for department in self.b * 5]
        self.b_deleted = self._event(self.b[0])
        self.calendar.events.delete(SYSTEM, self.b_deleted)
        self.cursor_of_b = self.calendar.events.list_json(SYSTEM, self.b[0])[1]

    def _event(self, department: str) -> str:
        return str(self.office.event(SYSTEM, department)["id"])

    def session(self, user: User) -> str:
        return self.calendar.tokens.sign_in(user).secret

    def send(self, secret: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        who = {"Authorization": f"Bearer {secret}"} if secret else {}
        address = {"REMOTE_ADDR": "10.1.1.1" if secret == "" else "203.0.113.1"}
        return self.http.open(path, method=method, json=body, headers=who | headers, environ_base=address)
