"""Tables restored to different moments, as backups are: each table by itself."""

from copy import deepcopy
from typing import Any

import pytest

from teamcal.storage import repairs
from teamcal.storage.codec import to_item
from tests.house import House, Server, wait_until

KEYS = {0: ("id",), 1: ("id", "department_id"), 2: ("department_id", "revision")}
"""Of departments, events and changes."""
PROMISED_SECONDS = 15.0
State = tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]


@pytest.fixture
def quick_repairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second reading comes soon: nothing lags here."""
    monkeypatch.setattr(repairs, "SECOND_READING_SECONDS", 0.02)


def table_names(house: House) -> tuple[str, str, str]:
    return house.storage.departments_table, house.storage.events_table, house.storage.changes_table


def state_of(house: House) -> State:
    departments, events, changes = (deepcopy(house.items(name)) for name in table_names(house))
    return departments, events, changes


def restore(house: House, state: State) -> None:
    for number, (name, items) in enumerate(zip(table_names(house), state, strict=True)):
        for item in house.items(name):
            key = {attribute: item[attribute] for attribute in KEYS[number]}
            house.plain.delete_item(TableName=name, Key=to_item(key))
        for item in items:
            house.plain.put_item(TableName=name, Item=to_item(item))


def remove(house: House, table: int, **key: Any) -> None:
    """Removes an item by hand."""
    house.plain.delete_item(TableName=table_names(house)[table], Key=to_item(key))


def served(server: Server, path: str) -> Any:
    """The first answer that isn't 503."""
    return wait_until(
        lambda: answer if (answer := server.http.get(path)).status_code != 503 else None, PROMISED_SECONDS
    )


def settled(house: House, server: Server) -> dict[str, list[dict[str, Any]]]:
    """What a server shows when everything has been repaired: events by department."""
    departments = served(server, "/api/departments")
    assert departments.status_code == 200, departments.text
    shown = {}
    for department in departments.json["departments"]:
        answer = served(server, f"/api/events/{department['id']}")
        if answer.status_code == 200:
            shown[department["id"]] = sorted(answer.json["events"], key=lambda event: event["id"])
    return shown


def wait_for_repairs(server: Server) -> None:
    wait_until(lambda: not server.database.repairs.running, PROMISED_SECONDS)
