"""A real server over the engine in the test's process, which it reaches over TLS."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.certificates import bundle, server_side
from tests.house import House
from tests.servers import Server, Worker, running
from tests.storage.endpoint import Endpoint, endpoint


class Real(NamedTuple):
    server: Server
    endpoint: Endpoint
    house: House


@contextmanager
def real_server(worker: Worker, folder: Path) -> Iterator[Real]:
    house = House()
    with endpoint(tls=server_side()) as behind:
        env = {
            "DYNAMODB_ENDPOINT_URL": behind.url,
            "AWS_CA_BUNDLE": bundle(folder),
            "AWS_ACCESS_KEY_ID": "AKIAVERYPUBLIC",
            "AWS_SECRET_ACCESS_KEY": "very-secret",
            "DEPARTMENTS_TABLE": house.storage.departments_table,
            "EVENTS_TABLE": house.storage.events_table,
            "CHANGES_TABLE": house.storage.changes_table,
            "TAIL_INTERVAL_SECONDS": "1",
        }
        with running(worker, data_dir=folder, env=env, tables=False) as server:
            yield Real(server, behind, house)
