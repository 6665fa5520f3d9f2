"""No secret that was used at a real server is in its log, in its tables or in what it says of errors."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from localdynamo import users
from tests.access.test_matrix_servers import EngineHouse
from tests.servers import running
from tests.signin.test_servers import setup_code

PASSWORD, SECOND, WRONG = "correct horse battery", "구름 위의 산책", "a wrong guess of mine"
PASSCODE, WRONG_CODE = "회의실 7304", "회의실 9999 틀림"


@pytest.fixture(autouse=True)
def no_engine_is_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(users, "_users", {})
    yield
    for user in users._users.values():
        user.leave()


class Client:
    """Keeps what the server says when it refuses, and the secrets that it was given."""

    def __init__(self, url: str) -> None:
        self.url, self.refusals = url, ""
        self.secrets = {PASSWORD, SECOND, WRONG, PASSCODE, WRONG_CODE}

    def __call__(self, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> Any:
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=60)
        if answer.status_code >= 400:
            self.refusals += answer.text + repr(answer.headers)
        return answer

    def signed_in(self, **body: Any) -> str:
        answer = self("POST", "/api/session", body | {"token": True})
        assert answer.status_code == 201, answer.text
        self.secrets.add(answer.json()["token"])
        return str(answer.json()["token"])


@pytest.mark.timeout(300)
def test_no_secret_is_left_anywhere(tmp_path: Path) -> None:
    env = {
        "AUTH_MODE": "token", "SECRET_KEY": "k" * 40,
        "GUNICORN_CMD_ARGS": "--log-level debug --access-logfile -",
    }  # fmt: skip
    with running("eventlet", data_dir=tmp_path, env=env) as server:
        ask = Client(server.url)
        code = setup_code(server)
        boss = ask.signed_in(setup=code, login="boss", name="관리자", password=PASSWORD)
        department = ask("POST", "/api/departments", {"name": "개발팀"}, boss).json()["department"]["id"]
        ask("POST", "/api/users", {"login": "kim", "password": SECOND}, boss)
        ask("PUT", f"/api/departments/{department}/access", {"passcode": PASSCODE}, boss)
        kim = ask.signed_in(login="kim", password=SECOND)
        passcode = ask.signed_in(department_id=department, passcode=PASSCODE)
        made = ask("POST", "/api/tokens", {"kind": "app", "name": "x"}, kim).json()
        app = made["secret"]
        feed = {"kind": "feed", "name": "x", "departments": [department]}
        device = ask("POST", "/api/devices", {"name": "데스크톱"}).json()
        ask("POST", f"/api/devices/{device['user_code']}", None, kim)
        letting_in = ask("POST", "/api/session", {"device_code": device["device_code"]}).json()["token"]
        page = requests.post(
            server.url + "/api/session", json={"login": "kim", "password": SECOND}, timeout=60
        )
        ask.secrets |= {
            app, letting_in, page.cookies["teamcal"], device["device_code"],
            ask("POST", "/api/tokens", feed, kim).json()["secret"],
        }  # fmt: skip
        basic = base64.b64encode(f"kim:{app}".encode()).decode()
        ask.secrets.add(basic)
        ask("GET", "/api/events/x", Authorization=f"Basic {basic}")
        ask("GET", "/api/events/x", Cookie=f"teamcal={app}")
        # What is refused, with secrets in every place where one can be.
        ask("POST", "/api/session", {"login": "kim", "password": WRONG})
        ask("POST", "/api/session", {"department_id": department, "passcode": WRONG_CODE})
        ask("POST", "/api/session", {"device_code": device["device_code"]})
        ask("POST", "/api/session", {"login": [PASSWORD], "password": {"x": WRONG}})
        ask(
            "PATCH",
            f"/api/users/{made['token']['user']}",
            {"password": "short", "current_password": WRONG},
            kim,
        )
        ask(
            "PUT", f"/api/departments/{department}/access", {"roles": {WRONG: "x"}, "passcode": PASSCODE}, kim
        )
        ask("DELETE", f"/api/tokens/{made['token']['id']}", None, boss)
        for token in (kim, boss, passcode, app, letting_in):
            ask("POST", "/api/events/x", {"title": 1}, token, Origin="https://evil.example")
            ask("GET", f"/socket.io/?EIO=4&transport=polling&x={department}", None, token)
        audit = ask("GET", "/api/audit?limit=1000", None, boss).text
        listed = ask("GET", "/api/tokens", None, kim).text
        house = EngineHouse(tmp_path)
        database = house.database()
        house.plain = database.client
        rows = [json.dumps(item, default=repr, ensure_ascii=False) for name in house.storage.tables
                for item in house.items(name)]  # fmt: skip
        log = server.log()
    assert len(ask.secrets) == 14
    assert "$argon2id$" in "".join(rows)
    assert "/api/session" in log
    ask.secrets.add("k" * 40)
    places = {
        "log": log,
        "tables": "\n".join(rows),
        "refusals": ask.refusals,
        "audit": audit,
        "tokens": listed,
    }
    found = [
        f"{secret!r} in {name}: {text[max(0, text.index(secret) - 100) :][:300]}"
        for secret in ask.secrets
        for name, text in places.items()
        if secret in text
    ]
    assert not found, "\n".join(found)
    # Neither the link's code, but for the line that shows it.
    assert code not in "".join(text for name, text in places.items() if name != "log")
    assert len(re.findall(re.escape(code), log)) == 1
