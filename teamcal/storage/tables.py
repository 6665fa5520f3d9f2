"""The four tables: their definitions, and how they are created."""

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from teamcal.errors import OperationUnsupported, StorageUnavailable, TableMissing
from teamcal.settings import StorageSettings
from teamcal.storage.access_items import OWNER, OWNER_INDEX
from teamcal.storage.client import DynamoDBClient
from teamcal.storage.explanation import explanation_of
from teamcal.storage.faults import code_of, message_of
from teamcal.storage.table_messages import (
    INDEX_NOTE,
    REMEDIES,
    REPLICAS_TEXT,
    STATE_TEXT,
    TOO_LONG_TEXT,
    TTL_DISABLING_TEXT,
    TTL_OTHER_TEXT,
    TTL_REFUSED_TEXT,
    TTL_UNSUPPORTED_TEXT,
    WAITING_TEXT,
    warn,
)

Description = dict[str, Any]
"""A table as CreateTable takes it, or as DescribeTable returns it."""

DATE_INDEX = "department-date-index"
EXPIRY = "expires_at"
"""The attribute of TTL."""
ACTIVE_SECONDS = 300.0
"""So long a table may take to become ACTIVE."""
INDEX_SECONDS = 7200.0
"""So long an index may take that is built over a table with data: on AWS 5 to 15 minutes are usual."""
LIMIT_SECONDS = 30.0
"""So long a change is tried again that an account's limit on simultaneous changes refuses."""
TELL_SECONDS = 20.0
_POLL_SECONDS = 0.2
LONGEST_POLL_SECONDS = 5.0


def table_definitions(settings: StorageSettings) -> list[Description]:
    """Returns the CreateTable requests of departments, events, changes and access."""
    capacity: dict[str, Any] = {}
    if settings.billing_mode == "PROVISIONED":
        capacity = {"ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}}
    billing = {"BillingMode": settings.billing_mode, **capacity}
    name_index = _index("name-index", ["name"]) | capacity
    date_index = _index(DATE_INDEX, ["department_id", "event_date"]) | capacity
    return [
        _table(settings.departments_table, ["id"], name_index) | billing,
        _table(settings.events_table, ["id", "department_id"], date_index) | billing,
        _table(settings.changes_table, ["department_id", "revision"]) | billing,
        _table(settings.access_table, ["id"], _index(OWNER_INDEX, [OWNER]) | capacity) | billing,
    ]


def _table(name: str, key: list[str], *indexes: Description) -> Description:
    schemas = [_key_schema(key), *(index["KeySchema"] for index in indexes)]
    # DynamoDB rejects definitions of attributes that no key or index uses.
    attributes = sorted({part["AttributeName"] for schema in schemas for part in schema})
    definition: Description = {
        "TableName": name,
        "KeySchema": _key_schema(key),
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "N" if attribute == "revision" else "S"}
            for attribute in attributes
        ],
    }
    return definition | ({"GlobalSecondaryIndexes": list(indexes)} if indexes else {})


def _index(name: str, key: list[str]) -> Description:
    return {"IndexName": name, "KeySchema": _key_schema(key), "Projection": {"ProjectionType": "ALL"}}


def _key_schema(key: Iterable[str]) -> list[dict[str, str]]:
    """One attribute is the partition key; a second one is the sort key."""
    return [
        {"AttributeName": attribute, "KeyType": kind}
        for attribute, kind in zip(key, ("HASH", "RANGE"), strict=False)
    ]


class Tables:
    """Creates the tables, their indexes and their expiry (TTL). Each step may meet another process's."""

    def __init__(self, dynamodb: DynamoDBClient, settings: StorageSettings) -> None:
        self.dynamodb, self.settings = dynamodb, settings

    def create(self) -> None:
        """Creates what is missing and waits until everything is ACTIVE. May be repeated.

        Raises StorageError. A table without TTL can be used, so that is only told.
        """
        self._refuse_an_engine_without_transactions()
        for definition in table_definitions(self.settings):
            self._create_table(definition)
        for name in (self.settings.events_table, self.settings.changes_table, self.settings.access_table):
            self._enable_expiry(name)

    def _refuse_an_engine_without_transactions(self) -> None:
        if not self.settings.endpoint_url or self.settings.embedded:
            return
        check = {
            "TableName": self.settings.changes_table,
            "Key": {"department_id": {"S": "-"}, "revision": {"N": "-1"}},
            "ConditionExpression": "attribute_not_exists(revision)",
        }
        # The table may be missing, or another's: only whether the operation is known counts.
        with suppress(TableMissing, ClientError):
            self.dynamodb.call("transact_write_items", quiet=True, TransactItems=[{"ConditionCheck": check}])

    def _create_table(self, definition: Description) -> None:
        ends = time.monotonic() + INDEX_SECONDS
        table = self._wait_until_active(definition)
        replicas = [replica.get("RegionName", "?") for replica in table.get("Replicas", [])]
        if replicas:
            warn(REPLICAS_TEXT, table=definition["TableName"], regions=", ".join(replicas))
        while (missing := _missing_indexes(definition, table)) and time.monotonic() < ends:
            # DynamoDB builds one index at a time.
            self._change("update_table", **_index_update(definition, table, missing[0]))
            table = self._wait_until_active(definition)

    def _change(self, operation: str, **params: Any) -> None:
        """Makes a change that another process may be making at this moment: the wait that follows shows."""
        ends, pause = time.monotonic() + LIMIT_SECONDS, _POLL_SECONDS
        while True:
            try:
                self.dynamodb.call(operation, quiet=True, **params)
            except ClientError as error:
                if _is_being_made(error):
                    return
                if code_of(error) != "LimitExceededException":
                    raise
                failure = self.dynamodb.account_limit(error)
                if time.monotonic() + pause > ends:
                    raise failure from None
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_POLL_SECONDS)
            else:
                return

    def _wait_until_active(self, definition: Description) -> Description:
        """Returns the table when it and its indexes are ACTIVE; creates it if it is missing."""
        name, began, told = definition["TableName"], time.monotonic(), 0.0
        pause = _POLL_SECONDS
        while True:
            table = self._find_or_create(definition)
            states = _states_of(table)
            if set(states.values()) == {"ACTIVE"}:
                return table
            seconds = time.monotonic() - began
            _refuse_lasting_state(name, states[name])
            _refuse_to_wait_longer(name, states, seconds)
            if seconds - told >= TELL_SECONDS:
                told = seconds
                _tell_progress(name, states, seconds)
            time.sleep(pause)
            pause = min(pause * 1.2, LONGEST_POLL_SECONDS)

    def _find_or_create(self, definition: Description) -> Description:
        name = definition["TableName"]
        try:
            return self._describe(name)
        except TableMissing:
            self._change("create_table", **definition)
        try:
            return self._describe(name)
        except TableMissing:  # a table just created may not be visible everywhere yet
            return {"TableName": name, "TableStatus": "CREATING"}

    def _describe(self, name: str) -> Description:
        description: Description = self.dynamodb.call("describe_table", quiet=True, TableName=name)["Table"]
        return description

    def _enable_expiry(self, name: str) -> None:
        for _ in range(2):
            try:
                answer = self.dynamodb.call("describe_time_to_live", quiet=True, TableName=name)
            except OperationUnsupported:
                warn(TTL_UNSUPPORTED_TEXT, table=name)
                return
            expiry = answer["TimeToLiveDescription"]
            status, attribute = expiry["TimeToLiveStatus"], expiry.get("AttributeName", EXPIRY)
            if status == "DISABLING":
                warn(TTL_DISABLING_TEXT, table=name)
                return
            if status != "DISABLED":  # ENABLED, ENABLING
                if attribute != EXPIRY:
                    warn(TTL_OTHER_TEXT, table=name, attribute=attribute)
                return
            if self._switch_expiry_on(name):
                return

    def _switch_expiry_on(self, name: str) -> bool:
        """Returns False if another process was faster. A refusal is told: the table can be used without."""
        specification = {"Enabled": True, "AttributeName": EXPIRY}
        try:
            self._change("update_time_to_live", TableName=name, TimeToLiveSpecification=specification)
        except ClientError as error:
            if "already enabled" in message_of(error):
                return False
            if code_of(error) != "ValidationException":
                raise
            # "Time to live has been modified multiple times within a fixed interval"
            warn(TTL_REFUSED_TEXT, table=name, explanation=explanation_of(error))
        return True


def _missing_indexes(definition: Description, table: Description) -> list[Description]:
    present = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}
    return [
        index for index in definition.get("GlobalSecondaryIndexes", []) if index["IndexName"] not in present
    ]


def _index_update(definition: Description, table: Description, index: Description) -> dict[str, Any]:
    """Returns the UpdateTable that adds an index: with the table's own throughput, not the settings'."""
    attributes = {
        attribute["AttributeName"]: attribute
        for attribute in [*definition["AttributeDefinitions"], *table.get("AttributeDefinitions", [])]
    }
    plain = {name: part for name, part in index.items() if name != "ProvisionedThroughput"}
    return {
        "TableName": definition["TableName"],
        "AttributeDefinitions": list(attributes.values()),
        "GlobalSecondaryIndexUpdates": [{"Create": plain | _throughput_of(table)}],
    }


def _throughput_of(table: Description) -> dict[str, Any]:
    """Returns nothing for an on-demand table, whose units are 0. Tables from before 2018 have no mode."""
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    given = table.get("ProvisionedThroughput", {})
    units = {name: given.get(name, 0) for name in ("ReadCapacityUnits", "WriteCapacityUnits")}
    if mode == "PAY_PER_REQUEST" or not all(units.values()):
        return {}
    return {"ProvisionedThroughput": units}


def _is_being_made(error: ClientError) -> bool:
    if code_of(error) == "ResourceInUseException":
        return True
    # An index that another process has just added.
    return code_of(error) == "ValidationException" and "already exists" in message_of(error)


def _states_of(table: Description) -> dict[str, str]:
    """Returns the state of the table and of its indexes by their names."""
    indexes = table.get("GlobalSecondaryIndexes", [])
    return {table["TableName"]: table["TableStatus"]} | {
        index["IndexName"]: index.get("IndexStatus", "ACTIVE") for index in indexes
    }


def _is_building_an_index(name: str, states: dict[str, str]) -> bool:
    return any(state == "CREATING" for part, state in states.items() if part != name)


def _refuse_lasting_state(name: str, state: str) -> None:
    if state in REMEDIES:
        warn(STATE_TEXT, table=name, state=state, remedy=REMEDIES[state])
        raise StorageUnavailable(f"{name} is {state}")


def _refuse_to_wait_longer(name: str, states: dict[str, str], seconds: float) -> None:
    limit = INDEX_SECONDS if _is_building_an_index(name, states) else ACTIVE_SECONDS
    if seconds > limit:
        warn(TOO_LONG_TEXT, table=name, seconds=round(limit), states=_named(states))
        raise StorageUnavailable(f"{name} is not ACTIVE after {limit:.0f} s")


def _tell_progress(name: str, states: dict[str, str], seconds: float) -> None:
    note = INDEX_NOTE if _is_building_an_index(name, states) else ""
    warn(WAITING_TEXT, table=name, states=_named(states), seconds=round(seconds), note=note)


def _named(states: dict[str, str]) -> str:
    return ", ".join(f"{part} {state}" for part, state in states.items())
