"""Presence at real servers of every kind of worker, which tell each other over Redis."""

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.house import wait_until
from tests.realtime.raw_clients import rest
from tests.realtime.socketio_clients import SECONDS, PythonClient, closing
from tests.servers import Worker, free_port, running
from tests.sync.test_redis_notices import redis_on

pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server isn't installed")
KINDS: tuple[tuple[Worker, str], ...] = (
    ("eventlet", "websocket"), ("gevent", "polling"), ("gthread", "websocket"),
)  # fmt: skip


class Looker:
    """A client that looks at the department."""

    def __init__(self, client: PythonClient, department: str) -> None:
        self.client, self.about = client, {"department_id": department}
        client.ask("join_department", self.about).result(SECONDS)
        self.told = self.ask()

    def ask(self, **more: Any) -> Any:
        answer = self.client.ask("presence", {**self.about, **more}).result(SECONDS)
        assert answer["success"] is True
        return answer

    def people(self) -> dict[str, str | None]:
        """Who is there, by id, as it was told last."""
        newest = [*self.client.inbox.named("presence")][-1:] or [self.told]
        return {one["id"]: one["event_id"] for one in newest[0]["people"]}


def test_servers_of_all_kinds_show_all_people(tmp_path: Path) -> None:
    port = free_port()
    env = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "SECRET_KEY": "the-same-at-all-of-these-servers"}
    with redis_on(port, tmp_path), ExitStack() as stack:
        servers = [
            stack.enter_context(running(worker, data_dir=tmp_path / "data", env=env)) for worker, _ in KINDS
        ]
        body = {"name": "개발팀"}
        department = rest(servers[0].url, "POST", "/api/departments", body)["department"]["id"]
        lookers = [
            Looker(stack.enter_context(closing(PythonClient(server.url, [transport]))), department)
            for server, (_, transport) in zip(servers, KINDS, strict=True)
        ]
        ids = [looker.told["id"] for looker in lookers]
        for looker in lookers:
            wait_until(lambda looker=looker: looker.people().keys() == set(ids), 15)
        lookers[2].ask(event_id="x")
        for looker in lookers:
            wait_until(lambda looker=looker: looker.people()[ids[2]] == "x", 10)
        lookers[2].client.close()
        for looker in lookers[:2]:
            wait_until(lambda looker=looker: looker.people().keys() == set(ids[:2]), 10)
        servers[1].kill()
        wait_until(lambda: lookers[0].people().keys() == {ids[0]}, 15)
