"""`python -m tests.convergence.office USERS DEPARTMENT…`: makes people and private departments.

Prints as JSON what the test needs to act in their names: {administrator, users, departments}.
"""

import json
import sys
from typing import Any

from models import DynamoDBDatabase
from teamcal.calendar import Calendar
from teamcal.deadline import SCRIPT_SECONDS, within
from teamcal.domain.caller import SYSTEM
from teamcal.domain.people import TokenKind
from teamcal.domain.values import utc_now
from teamcal.sync.current_rights import CurrentRights
from teamcal.sync.ports import Ports
from teamcal.sync.pulse import pulsing
from teamcal.sync.replicas import Replicas


def main(users: int, departments: list[str]) -> None:
    database = DynamoDBDatabase()
    with pulsing(database) as pulse, within(SCRIPT_SECONDS):
        replicas = Replicas(Ports(database, notices=pulse), 64 * 1024 * 1024, rights=CurrentRights())
        made = _make(Calendar(database, replicas, utc_now), users, departments)
    json.dump(made, sys.stdout)


def _make(calendar: Calendar, users: int, departments: list[str]) -> dict[str, Any]:
    def person(login: str, admin: bool = False) -> dict[str, str]:
        user = calendar.people.create(SYSTEM, {"login": login, "name": login, "admin": admin})
        caller = calendar.people.caller_of(user)
        return {"id": user.id, "token": calendar.tokens.issue(caller, TokenKind.APP, "시험").secret}

    administrator = person("administrator", admin=True)
    made = []
    for name in departments:
        made.append(calendar.departments.create(SYSTEM, {"name": name, "description": ""})["id"])
        calendar.policies.set(SYSTEM, made[-1], {"access": "private"})
    people = [person(f"user-{number}") for number in range(users)]
    return {"administrator": administrator, "users": people, "departments": made}


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
