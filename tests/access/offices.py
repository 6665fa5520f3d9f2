"""Offices: a calendar in token mode with its people, for the tests of who may do what."""

import uuid
from typing import Any

from teamcal.calendar import Calendar
from teamcal.domain.caller import SYSTEM, Caller
from teamcal.domain.people import User
from tests.house import House, Server

EVENT = {"event_date": "2024-01-20", "title": "팀 회의", "description": "", "time": "", "url": ""}


class Office:
    """Servers in token mode over the same tables; `server` is the first, `calendar` its use cases."""

    def __init__(self, house: House | None = None, **settings: Any) -> None:
        self.house = house or House()
        self.server = self.another(**settings)
        self.calendar: Calendar = self.server.calendar

    def another(self, **settings: Any) -> Server:
        return self.house.server(token_mode=True, **settings)

    def department(self, name: str = "개발팀", access: str = "members", **roles: str) -> str:
        """Returns the id of a new department. `roles`: viewer=[user ids] …"""
        made = self.calendar.departments.create(SYSTEM, {"name": name, "description": ""})["id"]
        if access != "members" or roles:
            self.calendar.policies.set(SYSTEM, made, {"access": access, "roles": roles})
        return str(made)

    def user(self, login: str = "", **fields: Any) -> User:
        login = login or f"user-{uuid.uuid4().hex[:8]}"
        return self.calendar.people.create(SYSTEM, {"login": login, **fields})

    def signed_in(self, user: User, server: Server | None = None) -> Caller:
        """Returns the user as he comes with a new session."""
        calendar = (server or self.server).calendar
        caller = calendar.tokens.find(self.calendar.tokens.sign_in(user).secret)
        assert caller is not None
        return caller

    def caller(self, **fields: Any) -> Caller:
        return self.signed_in(self.user(**fields))

    def event(self, caller: Caller, department_id: str, title: str = "팀 회의") -> dict[str, Any]:
        return self.calendar.events.create(caller, department_id, EVENT | {"title": title}).record
