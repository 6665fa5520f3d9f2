"""The three tables: their definitions, and how they are created."""

import time
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from teamcal.errors import StorageUnavailable, TableMissing
from teamcal.settings import StorageSettings
from teamcal.storage.client import DynamoDBClient

Description = dict[str, Any]
"""A table as CreateTable takes it, or as DescribeTable returns it."""

DATE_INDEX = "department-date-index"
ACTIVE_SECONDS = 300.0
_POLL_SECONDS = 0.2


def table_definitions(settings: StorageSettings) -> list[Description]:
    """Returns the CreateTable requests of departments, events and changes."""
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
    """Creates the tables, their indexes and their expiry (TTL)."""

    def __init__(self, dynamodb: DynamoDBClient, settings: StorageSettings) -> None:
        self.dynamodb, self.settings = dynamodb, settings

    def create(self) -> None:
        """Creates what is missing and waits until everything is ACTIVE. May be repeated.

        Raises StorageError.
        """
        for definition in table_definitions(self.settings):
            self._create_table(definition)
        for name in (self.settings.events_table, self.settings.changes_table):
            self._enable_expiry(name)

    def _create_table(self, definition: Description) -> None:
        name = definition["TableName"]
        try:
            table = self._describe(name)
        except TableMissing:
            try:
                self.dynamodb.call("create_table", **definition)
            except ClientError as error:  # another process was faster
                if error.response["Error"]["Code"] != "ResourceInUseException":
                    raise
            table = self._wait_until_active(name)
        present = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}
        for index in definition.get("GlobalSecondaryIndexes", []):
            if index["IndexName"] not in present:
                self._add_index(definition, index)
        self._wait_until_active(name)

    def _describe(self, name: str) -> Description:
        description: Description = self.dynamodb.call("describe_table", quiet=True, TableName=name)["Table"]
        return description

    def _add_index(self, definition: Description, index: Description) -> None:
        self.dynamodb.call(
            "update_table",
            TableName=definition["TableName"],
            AttributeDefinitions=definition["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[{"Create": index}],
        )
        self._wait_until_active(definition["TableName"])

    def _wait_until_active(self, name: str) -> Description:
        ends = time.monotonic() + ACTIVE_SECONDS
        while time.monotonic() <= ends:
            try:
                table = self._describe(name)
            except TableMissing:  # a table just created may not be visible everywhere yet
                table = {"TableStatus": "CREATING"}
            states = [index["IndexStatus"] for index in table.get("GlobalSecondaryIndexes", [])]
            if {table["TableStatus"], *states} == {"ACTIVE"}:
                return table
            time.sleep(_POLL_SECONDS)
        raise StorageUnavailable(f"{name} is not ACTIVE after {ACTIVE_SECONDS:.0f} s")

    def _enable_expiry(self, name: str) -> None:
        expiry = self.dynamodb.call("describe_time_to_live", TableName=name)["TimeToLiveDescription"]
        if expiry["TimeToLiveStatus"] == "DISABLED":
            self.dynamodb.call(
                "update_time_to_live",
                TableName=name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
            )
