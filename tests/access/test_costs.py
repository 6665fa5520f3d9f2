"""What it costs to know who asks."""

import statistics
import sys
import time
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from werkzeug.test import EnvironBuilder

from tests.access.offices import Office
from tests.house import House, Server

TOKEN, EVERYTHING = 10.0, 10.0
"""Microseconds of CPU that were seen, at most: of a token over a guest's request; and of finding who asks and
counting his requests over the same request in open mode."""


def asking(server: Server, path: str, headers: dict[str, str], address: str) -> Callable[[], None]:
    """Returns a call that sends the request once, through all layers."""
    usual = EnvironBuilder(path, headers=headers, environ_base={"REMOTE_ADDR": address}).get_environ()

    def start(status: str, fields: Any, exc_info: Any = None) -> Any:
        assert status.startswith("200"), status

    def ask() -> None:
        list(server.app.wsgi_app(dict(usual), start))

    return ask


def microseconds_more(plain: Callable[[], None], other: Callable[[], None], rounds: int, each: int) -> float:
    """CPU time of `other` over that of `plain`, the median of rounds that alternate."""
    differences = []
    # Coverage's tracing would take four times as long as what is measured.
    tracing = sys.gettrace()
    sys.settrace(None)
    try:
        for _ in range(rounds):
            began = time.thread_time()
            for _ in range(each):
                plain()
            between = time.thread_time()
            for _ in range(each):
                other()
            differences.append((time.thread_time() - between - (between - began)) / each * 1e6)
    finally:
        sys.settrace(tracing)
    return statistics.median(differences)


def test_a_request_with_a_known_token_costs_microseconds_more() -> None:
    office = Office(guest_networks=(ip_network("10.0.0.0/8"),), requests_per_minute=10_000_000)
    secret = office.calendar.tokens.sign_in(office.user("kim")).secret
    path = "/"  # asks no storage, which takes a hundred times as long here
    bearer = asking(office.server, path, {"Authorization": f"Bearer {secret}"}, "203.0.113.1")
    cookie = asking(office.server, path, {"Cookie": f"teamcal={secret}"}, "203.0.113.1")
    guest = asking(office.server, path, {}, "10.1.1.1")
    everybody = asking(House().server(), path, {}, "10.1.1.1")
    for ask in (bearer, cookie, guest, everybody):
        ask()
    costs = {
        name: microseconds_more(plain, other, rounds=15, each=500)
        for name, plain, other in [
            ("bearer over guest", guest, bearer), ("cookie over guest", guest, cookie),
            ("bearer over open mode", everybody, bearer),
        ]
    }  # fmt: skip
    print({name: round(cost, 1) for name, cost in costs.items()})
    assert costs["bearer over guest"] < 5 * TOKEN
    assert costs["cookie over guest"] < 5 * TOKEN
    assert costs["bearer over open mode"] < 5 * EVERYTHING
