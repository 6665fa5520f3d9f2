"""A program of people with rights in A only, and the activity in B that it must not notice.

Both are random but repeatable: what the program does depends on its seed and on what it received before, so
two runs that receive the same do the same.
"""

import random
import string
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from teamcal.domain.caller import SYSTEM
from tests.access.world import World
from tests.house import Member

UNKNOWN = "99999999-9999-4999-8999-999999999999"


class Program:
    """What A's people do, over REST and Socket.IO. `transcript` is every byte that they received."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)
        users = world.users
        self.secrets = {name: world.session(users[name]) for name in ("viewer", "editor", "manager", "other")}
        self.secrets |= {"guest": "", "app": self._app(), "wrong": "tcs_" + "0" * 40}
        self.members = {
            name: Member(world.server, {}, {"token": world.session(users[name])})
            for name in ("viewer", "editor", "manager", "other")
        }
        inside = world.server.app.test_client(use_cookies=False)
        inside.environ_base["REMOTE_ADDR"] = "10.1.1.1"
        self.members["guest"] = Member(world.server, {}, None, inside)
        self.events = list(world.a_events)
        self.tags: dict[str, str] = {}
        self.cursors: list[str] = [world.cursor_of_b]
        self.transcript: list[Any] = []
        self._steps: list[Callable[[], Any]] = [
            *[self._read] * 6, self._read_again, *[self._write] * 8, *[self._probe] * 5,
            *[self._socket] * 4, self._people,
        ]  # fmt: skip

    def _app(self) -> str:
        answer = self.world.send(
            self.world.session(self.world.users["editor"]), "POST", "/api/tokens",
            {"kind": "app", "name": "x", "departments": self.world.a},
        )  # fmt: skip
        return str(answer.json["secret"])

    def step(self) -> None:
        self.world.moment += timedelta(milliseconds=250)
        made = self.random.choice(self._steps)()
        heard = {name: member.client.get_received() for name, member in self.members.items()}
        self.transcript.append((made, {name: came for name, came in heard.items() if came}))

    # REST

    def _ask(self, method: str, path: str, body: Any = None, name: str = "", **headers: str) -> Any:
        name = name or self.random.choice(list(self.secrets))
        answer = self.world.send(self.secrets[name], method, path, body, **headers)
        if "ETag" in answer.headers:
            self.tags[path] = answer.headers["ETag"]
        content = answer.get_json(silent=True) or {}
        if content.get("cursor"):
            self.cursors = [*self.cursors[-20:], content["cursor"]]
        if answer.status_code == 201 and "event" in content:
            self.events = [*self.events[-30:], content["event"]["id"]]
        sent = name, method, path, body, headers
        return sent, answer.status_code, sorted(answer.headers), answer.data

    def _read(self) -> Any:
        choice, department = self.random.choice, self.random.choice(self.world.a)
        path = choice([
            "/api/departments", f"/api/departments/{department}", f"/api/events/{department}",
            f"/api/events/{department}?q=x", f"/api/events/{department}/{choice(self.events)}",
            f"/api/changes/{department}", f"/api/changes/{department}?cursor={choice(self.cursors)}",
            f"/api/changes/{department}?compact=1&cursor={choice(self.cursors)}",
            f"/api/events/{choice(self.events)}/history", "/api/session", "/api/tokens",
            f"/api/departments/{department}/access", "/api/users", "/api/audit",
        ])  # fmt: skip
        known = {"If-None-Match": self.tags[path]} if path in self.tags and choice([True, False]) else {}
        return self._ask("GET", path, **known)

    def _read_again(self) -> Any:
        name, path = self.random.choice(list(self.secrets)), f"/api/events/{self.random.choice(self.world.a)}"
        path = self.random.choice(["/api/departments", path])
        first = self._ask("GET", path, name=name)
        again = self._ask("GET", path, name=name, **{"If-None-Match": self.tags.get(path, '"x"')})
        return (*again[:1], again[1], first, again)

    def _write(self) -> Any:
        choice, department, event = self.random.choice, self.random.choice(self.world.a), choice_of(self)
        fields = {"event_date": "2024-01-20", "title": choice(string.ascii_letters), "time": "10:00"}
        own_id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        wanted = {"If-Match": f'"{self.random.randint(1, 3)}"'} if choice([True, False]) else {}
        operations = [
            {"op": "create", "event": fields}, {"op": "update", "id": event, "event": fields},
            {"op": "delete", "id": choice_of(self)}, {"op": "create", "event": fields | {"id": own_id}},
        ]  # fmt: skip
        path = f"/api/events/{event}"
        return choice([
            lambda: self._ask("POST", f"/api/events/{department}", fields),
            lambda: self._ask("POST", f"/api/events/{department}", fields | {"id": own_id}),
            lambda: self._ask("PUT", path, fields, **wanted),
            lambda: self._ask("DELETE", path, **wanted),
            lambda: self._ask("POST", f"{path}/move", {"department_id": department}),
            lambda: self._ask("POST", f"{path}/restore", {"revision": self.random.randint(1, 50)}),
            lambda: self._ask("POST", f"/api/events/{department}/batch",
                              {"operations": operations, "atomic": choice([True, False])}),
            lambda: self._ask("PUT", f"/api/departments/{department}", {"description": choice("xyz")}),
        ])()  # fmt: skip

    def _probe(self) -> Any:
        """What somebody asks who knows ids of B's."""
        world, choice = self.world, self.random.choice
        department, event = choice([*world.b, *world.spares, UNKNOWN]), choice(world.b_events)
        own, cursor = choice(world.a), world.cursor_of_b
        fields = {"event_date": "2024-01-20", "title": "x"}
        creation = {"op": "create", "event": fields | {"id": choice([event, world.b_deleted])}}
        return choice([
            lambda: self._ask("GET", f"/api/departments/{department}"),
            lambda: self._ask("PUT", f"/api/departments/{department}", {"name": "x"}),
            lambda: self._ask("DELETE", f"/api/departments/{department}"),
            lambda: self._ask("GET", f"/api/departments/{department}/access"),
            lambda: self._ask("PUT", f"/api/departments/{department}/access", {"access": "open"}),
            lambda: self._ask("GET", f"/api/events/{department}"),
            lambda: self._ask("GET", f"/api/events/{department}/{event}"),
            lambda: self._ask("GET", f"/api/events/{own}/{event}"),
            lambda: self._ask("GET", f"/api/changes/{department}?cursor={cursor}"),
            lambda: self._ask("GET", f"/api/changes/{own}?cursor={cursor}"),
            lambda: self._ask("POST", f"/api/events/{department}", fields),
            lambda: self._ask("POST", f"/api/events/{department}", creation["event"]),
            *[lambda: self._ask("POST", f"/api/events/{own}", creation["event"])] * 3,
            lambda: self._ask("POST", f"/api/events/{own}/batch", {"operations": [
                creation, {"op": "update", "id": event, "event": fields}, {"op": "delete", "id": event},
            ]}),
            lambda: self._ask("PUT", f"/api/events/{event}", {"title": "x"}, **{"If-Match": '"1"'}),
            lambda: self._ask("DELETE", f"/api/events/{choice([event, world.b_deleted])}"),
            lambda: self._ask("POST", f"/api/events/{event}/move", {"department_id": own}),
            lambda: self._ask("POST", f"/api/events/{choice_of(self)}/move", {"department_id": department}),
            lambda: self._ask("GET", f"/api/events/{choice([event, world.b_deleted])}/history"),
            lambda: self._ask("POST", f"/api/events/{world.b_deleted}/restore", {"revision": 1}),
            lambda: self._ask("PUT", f"/api/departments/{own}", {"name": choice(["나 0", "나 9", "가 0"])}),
            lambda: self._ask("GET", f"/api/tokens?user={world.users['b editor'].id}"),
            lambda: self._ask("PATCH", f"/api/users/{world.users['b editor'].id}", {"name": "x"}),
        ])()  # fmt: skip

    def _people(self) -> Any:
        world, choice = self.world, self.random.choice
        roles = {self.world.users[name].id: name for name in ("viewer", "editor", "manager")}
        roles[world.users["other"].id] = choice(["viewer", "editor"])
        if choice([True, False]):
            del roles[world.users["other"].id]
        return choice([
            lambda: self._ask("PUT", f"/api/departments/{choice(world.a)}/access", {"roles": roles}),
            lambda: self._ask("POST", "/api/tokens", {"kind": "app", "name": "x", "days": 1}),
            lambda: self._ask("POST", "/api/tokens", {"kind": "feed", "name": "x",
                                                      "departments": [choice([*world.a, *world.b])]}),
            lambda: self._ask("DELETE", f"/api/tokens/{'0' * 64}"),
        ])()  # fmt: skip

    # Socket.IO

    def _socket(self) -> Any:
        world, choice = self.world, self.random.choice
        name, department = choice(list(self.members)), choice([*world.a, *world.a, *world.b, world.spares[0]])
        cursor = choice([None, *self.cursors, "x"])
        event, payload = choice([
            ("join_department", {"department_id": department}),
            ("join_department", {"department_id": department, "cursor": cursor}),
            ("join_department", {"departments": [{"department_id": one} for one in (*world.a, *world.b)]}),
            ("sync_request", {"department_id": department, "cursor": cursor}),
            ("leave_department", {"department_id": department}),
            # Not of A: who is told of it there, and when, depends on the clock.
            ("presence", {"department_id": choice([*world.b, world.spares[0]]), "event_id": "x"}),
            ("authenticate", {"token": "tcs_" + "0" * 40}),
        ])  # fmt: skip
        return name, event, payload, self.members[name].ask(event, payload)


def choice_of(program: Program) -> str:
    return program.random.choice(program.events)


class Activity:
    """What happens in B, to its people, tokens and roles. Accounts stay: every manager sees their list."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)
        self.counts: dict[str, int] = {}
        with world.ids.of_b():
            self.boss = world.session(world.users["boss"])
            self.manager, self.editor = (
                world.session(world.users[f"b {name}"]) for name in ("manager", "editor")
            )
            self.member = Member(world.server, {}, {"token": self.editor})
        self.events, self.spares = list(world.b_events), list(world.spares)
        self._steps = [
            *[self._events] * 5, self._department, self._roles, self._tokens, self._socket, self._delete,
        ]  # fmt: skip

    def step(self) -> None:
        with self.world.ids.of_b():
            step = self.random.choice(self._steps)
            statuses = step()
            for status in statuses if isinstance(statuses, list) else [statuses]:
                name = f"{step.__name__} {status}"
                self.counts[name] = self.counts.get(name, 0) + 1

    def _send(self, method: str, path: str, body: Any = None) -> int:
        answer = self.world.send(
            self.random.choice([self.manager, self.editor, self.boss]), method, path, body
        )
        content = answer.get_json(silent=True) or {}
        if answer.status_code == 201 and "event" in content:
            self.events.append(content["event"]["id"])
        return int(answer.status_code)

    def _events(self) -> int:
        choice, department, event = self.random.choice, choice_b(self), self.random.choice(self.events)
        fields = {"event_date": "2024-01-20", "title": choice(string.ascii_letters)}
        operations = [{"op": "create", "event": fields}, {"op": "update", "id": event, "event": fields}]
        return choice([
            lambda: self._send("POST", f"/api/events/{department}", fields),
            lambda: self._send("PUT", f"/api/events/{event}", fields),
            lambda: self._send("DELETE", f"/api/events/{event}"),
            lambda: self._send("POST", f"/api/events/{event}/move", {"department_id": department}),
            lambda: self._send("POST", f"/api/events/{event}/restore", {"revision": choice(range(1, 9))}),
            lambda: self._send("POST", f"/api/events/{department}/batch", {"operations": operations}),
        ])()  # fmt: skip

    def _department(self) -> int:
        name = self.random.choice(["나 0", "나 9", "가 0", "새 이름"])
        return self._send("PUT", f"/api/departments/{choice_b(self)}", {"name": name})

    def _roles(self) -> int:
        users = self.world.users
        roles = {users["b manager"].id: "manager", users["b editor"].id: "editor"}
        if self.random.choice([True, False]):
            roles[users["b later"].id] = "viewer"
        department = choice_b(self)
        self.world.calendar.policies.set_passcode(SYSTEM, department, "not a hash")
        found = self.world.calendar.policies.passcode_of(department).passcode_id
        assert found is not None
        self.world.calendar.tokens.with_passcode(department, found)
        return self._send("PUT", f"/api/departments/{department}/access", {"roles": roles})

    def _tokens(self) -> list[int]:
        world, tokens = self.world, self.world.calendar.tokens
        user = world.users["b later"]
        world.session(user)
        made = world.send(self.boss, "POST", "/api/tokens", {"kind": "app", "name": "x", "user": user.id})
        gone = world.send(self.boss, "DELETE", f"/api/tokens/{tokens.list_of(SYSTEM, user.id)[0].hash}")
        begun = world.send(self.boss, "POST", f"/api/devices/{world.calendar.devices.begin('x').user_code}")
        world.calendar.people.set_password(SYSTEM, user.id, "not a hash")
        for token in tokens.list_of(SYSTEM, user.id):
            tokens.revoke(SYSTEM, token.hash)
        return [made.status_code, gone.status_code, begun.status_code]

    def _socket(self) -> int:
        self.member.ask("join_department", {"department_id": choice_b(self), "cursor": None})
        self.member.ask("sync_request", {"department_id": choice_b(self)})
        self.member.ask("presence", {"department_id": choice_b(self), "event_id": "y"})
        return len(self.member.heard())

    def _delete(self) -> int:
        if not self.spares:
            self.world.calendar.departments.purge()
            return 0
        return self._send("DELETE", f"/api/departments/{self.spares.pop()}")


def choice_b(activity: Activity) -> str:
    return activity.random.choice(activity.world.b)
