"""Requests made from the OpenAPI description, valid and not: every answer is described there, its code too.

In open mode, and in token mode as an administrator, as a viewer and as nobody.
"""

import itertools
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from teamcal.descriptions.openapi import openapi
from teamcal.domain.caller import SYSTEM
from teamcal.domain.people import User
from tests.access.offices import Office
from tests.house import House, Server, patiently

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance,
]  # fmt: skip
MODES = [
    "open", "administrator", *(pytest.param(mode, marks=pytest.mark.slow) for mode in ("viewer", "nobody")),
]  # fmt: skip


class Place:
    """A server, and how one of its clients asks. What a request has removed is made again."""

    def __init__(self, mode: str, fast_path: bool) -> None:
        self.mode, self._numbers = mode, itertools.count()
        self.office: Office | None = None
        if mode == "open":
            self.server: Server = House().server(fast_path=fast_path)
        else:
            self.office = Office(fast_path=fast_path, requests_per_minute=1_000_000)
            self.server = self.office.server
            self.boss = self.office.user("boss", admin=True)
            self.viewer = self.office.user("viewer")
        self.department = self.event = ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        number = next(self._numbers)
        # Each from an address of its own: sign-ins are few for one.
        environ["REMOTE_ADDR"] = f"203.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return self.server.app(environ, start_response)

    def headers(self) -> dict[str, str]:
        user = {"administrator": "boss", "viewer": "viewer"}.get(self.mode)
        if self.office is None or user is None:
            return {}
        known: User = getattr(self, user)
        return {"Authorization": f"Bearer {self.office.calendar.tokens.sign_in(known).secret}"}

    def known(self, name: str) -> str | None:
        """Returns an id that exists, for the path parameter `name`."""
        if name in ("department_id", "event_id"):
            self._make()
            return self.department if name == "department_id" else self.event
        if name == "user_id" and self.office is not None:
            return self.viewer.id
        return None

    def _make(self) -> None:
        calendar = self.server.calendar
        departments = {one["id"] for one in calendar.departments.list_all(SYSTEM)[1]}
        if self.department not in departments:
            fields = {"name": f"부서 {next(self._numbers)}", "description": ""}
            self.department = calendar.departments.create(SYSTEM, fields)["id"]
        fields = {"event_date": "2024-01-20", "title": "회의", "description": "", "time": "", "url": ""}
        self.event = calendar.events.create(SYSTEM, self.department, fields).record["id"]


class Here:
    """The application that the description is tried at; a fixture puts the place there."""

    place: Place

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.place(environ, start_response)


HERE = Here()
DESCRIPTION = schemathesis.openapi.from_dict(openapi() | {"servers": [{"url": "/"}]})
DESCRIPTION.app = HERE


@pytest.fixture(scope="module", params=MODES)
def place(request: pytest.FixtureRequest) -> Place:
    HERE.place = Place(request.param, fast_path=request.param in ("open", "viewer"))
    return HERE.place


def settings_of(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def try_out(place: Place, case: Any) -> None:
    number = next(place._numbers)
    for name in case.path_parameters or {}:
        meaning = name if name != "id" else "department_id" if case.method in ("GET", "POST") else "event_id"
        if number % 3 and (known := place.known(meaning)):
            case.path_parameters[name] = known
    # Nothing between here and the application would decompress an answer.
    headers = {"Accept-Encoding": "identity", **place.headers()}
    answer = patiently(lambda: case.call(headers=headers))
    case.validate_response(answer, checks=CHECKS)


@DESCRIPTION.parametrize()
@settings_of(2)
def test_every_answer_is_described(place: Place, case: Any) -> None:
    try_out(place, case)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@DESCRIPTION.parametrize()
@settings_of(150)
def test_every_answer_of_many_is_described(place: Place, case: Any) -> None:
    try_out(place, case)
