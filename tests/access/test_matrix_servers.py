"""Who may do what, at real servers: each route for each caller, in some department, at one kind of server.

Every two of route, caller, department, worker, fast path and CORS_ORIGINS come together in some request.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from localdynamo import users
from models import DynamoDBDatabase
from teamcal.settings import StorageSettings
from tests.access.matrix_rows import ROWS, Row
from tests.access.matrix_scene import DAYS, GUESTS, KINDS, NAMED, Scene, address
from tests.access.matrix_values import Values
from tests.house import House
from tests.servers import Server, Worker, running


class Kind(NamedTuple):
    worker: Worker
    fast_path: str
    origins: str


SERVERS = [
    Kind("eventlet", "on", "*"), Kind("gevent", "off", "*"),
    Kind("eventlet", "off", NAMED), Kind("gevent", "on", NAMED),
]  # fmt: skip
"""Every two of their values."""


class EngineHouse(House):
    """The tables of a data folder's embedded engine, which a real server shares."""

    def __init__(self, data_dir: Path) -> None:
        self.storage = StorageSettings(endpoint_url="embedded", data_dir=data_dir)
        DynamoDBDatabase(self.storage).create_tables()

    def database(self, client_: Any = None, now: Any = None) -> DynamoDBDatabase:
        return DynamoDBDatabase(self.storage)


@pytest.fixture(autouse=True)
def no_engine_is_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process, too, uses the server's engine; afterwards it lets it end."""
    monkeypatch.setattr(users, "_users", {})
    yield
    for user in users._users.values():
        user.leave()


OF_A_BUILD = ("page.page_file", "page.service_worker")
"""Real servers give out what web/dist has, which may be nothing; everybody gets it (test_matrix.py)."""


def cells(number: int) -> Iterator[tuple[Row, int, str]]:
    """(row, number of the caller, kind of department) of what is asked at server `number`."""
    rows = [row for name, rows in ROWS.items() if name not in OF_A_BUILD for row in rows]
    for i, row in enumerate(rows):
        for j in range(100):
            if (i + j) % len(SERVERS) == number:
                yield row, j, KINDS[(i + j // 4) % 4] if row.of_department else KINDS[0]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "number",
    [0, 1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)],
    ids=["eventlet, fast path, *", "gevent, Flask, *", "eventlet, Flask, named", "gevent, fast path, named"],
)
def test_everybody_may_what_is_documented_at_a_real_server(number: int, tmp_path: Path) -> None:
    kind = SERVERS[number]
    house = EngineHouse(tmp_path)
    scene = Scene(house, datetime.now(UTC).replace(microsecond=0) - DAYS, cors_origins=(kind.origins,))
    env = {
        "AUTH_MODE": "token", "CORS_ORIGINS": kind.origins, "FAST_PATH": kind.fast_path,
        "TRUSTED_PROXIES": "1",
        "GUEST_NETWORKS": str(GUESTS), "REQUESTS_PER_MINUTE": "1000000", "OIDC_ISSUER": "http://127.0.0.1:1",
        "OIDC_CLIENT_ID": "calendar", "ALLOWED_HOSTS": "localhost",
    }  # fmt: skip
    with running(kind.worker, data_dir=tmp_path, env=env, tables=False) as server, requests.Session() as http:
        names = list(scene.who)
        asked = [(row, names[j], place) for row, j, place in cells(number) if j < len(names)]
        wrong = [
            f"{name}, {place}: {row.method} {row.path}: {problem}"
            for row, name, place in asked
            if (problem := problem_of(scene, server, http, row, name, place))
        ]
        assert not wrong, "\n".join(wrong)
        assert len(asked) > 500
        assert "Traceback" not in server.log()


def problem_of(scene: Scene, server: Server, http: requests.Session, row: Row, name: str, kind: str) -> str:
    who, came = scene.who[name], scene.known[name, kind]
    expected = row.expected(who, kind)
    is_allowed = expected == (row.ok, row.ok_code)
    if is_allowed and row.changes == "department":
        return ""  # a new one's policy takes this server a second to hear of; the matrix in process has it
    values = Values(scene, came, kind, row.changes if is_allowed else "")
    if is_allowed and row.changes == "token":
        values.came = came = who.come(scene, scene.departments[kind])
    hops = [came.headers.get("X-Forwarded-For"), address(came.network)]
    headers = {
        **came.headers,
        "Host": "localhost",
        "X-Forwarded-For": ", ".join(hop for hop in hops if hop),
    }
    answer = http.request(
        row.method,
        server.url + values.filled(row.path),
        json=values.filled(row.body),
        headers=headers,
        allow_redirects=False,
        timeout=60,
    )
    seen = answer.status_code, "" if answer.status_code < 400 else answer.json()["code"]
    return "" if seen == expected else f"{seen} instead of {expected}"
