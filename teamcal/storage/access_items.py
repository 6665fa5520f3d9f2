"""The table `access`: users and policies, which are records of the log `@access`, and plain items.

One index, by `owner_id`: it has the tokens of a user, and under "@access" all users and policies, so that
neither is ever looked for by a scan over the sessions of everybody.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from teamcal.domain.changes import ACCESS
from teamcal.domain.items import Items, ItemWrite
from teamcal.domain.values import Record
from teamcal.settings import StorageSettings
from teamcal.storage.actions import Action
from teamcal.storage.client import DynamoDBClient
from teamcal.storage.codec import Item, from_item, from_value, to_item
from teamcal.storage.faults import code_of

OWNER, OWNER_INDEX = "owner_id", "owner-index"


def access_record(record: Record) -> Record:
    """Returns a user or policy as it is stored: among the records of the log."""
    return record | {OWNER: ACCESS}


def access_records(
    dynamodb: DynamoDBClient, settings: StorageSettings, attributes: str = ""
) -> Iterator[Record]:
    """Yields users and policies as the index has them, which lags. `attributes`: all by default."""
    for item in dynamodb.pages("query", _owned_by(ACCESS, settings, attributes)):
        record = from_item(item)
        record.pop(OWNER, None)
        yield record


def _owned_by(owner: str, settings: StorageSettings, attributes: str = "") -> dict[str, Any]:
    query: dict[str, Any] = {
        "TableName": settings.access_table,
        "IndexName": OWNER_INDEX,
        "KeyConditionExpression": f"{OWNER} = :owner",
        "ExpressionAttributeValues": {":owner": {"S": owner}},
    }
    return query | ({"ProjectionExpression": attributes} if attributes else {})


class AccessItems(Items):
    def __init__(self, dynamodb: DynamoDBClient, settings: StorageSettings) -> None:
        self._dynamodb, self._settings = dynamodb, settings

    def get(self, item_id: str) -> Record | None:
        answer = self._dynamodb.call(
            "get_item", TableName=self._settings.access_table, Key=_key(item_id), ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def write(self, write: ItemWrite) -> bool:
        ((kind, request),) = item_action(write, self._settings.access_table).items()
        try:
            self._dynamodb.call(f"{kind.lower()}_item", **request)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def of(self, owner: str) -> list[Record]:
        items = self._dynamodb.pages("query", _owned_by(owner, self._settings, "id"))
        keys = [_key(str(from_value(item["id"]))) for item in items]
        found = self._dynamodb.get_all(self._settings.access_table, keys)
        return [record for record in map(from_item, found) if record.get(OWNER) == owner]


def item_action(write: ItemWrite, table: str) -> Action:
    """Returns the Put or Delete of one item, with its condition."""
    condition = _condition(write)
    if write.item is None:
        return {"Delete": {"TableName": table, "Key": _key(write.id), **condition}}
    return {"Put": {"TableName": table, "Item": to_item(write.item), **condition}}


def _condition(write: ItemWrite) -> dict[str, Any]:
    if write.new:
        return {"ConditionExpression": "attribute_not_exists(id)"}
    if write.expects is None:
        return {}
    return _has(write.expects)


def _has(expected: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the condition that an item is stored and has these attributes."""
    terms, names, values = ["attribute_exists(id)"], dict[str, str](), dict[str, Any]()
    for number, (name, value) in enumerate(expected.items()):
        terms.append(f"#name{number} = :value{number}")
        names[f"#name{number}"] = name
        values[f":value{number}"] = value
    condition: dict[str, Any] = {"ConditionExpression": " AND ".join(terms)}
    if expected:
        condition |= {"ExpressionAttributeNames": names, "ExpressionAttributeValues": to_item(values)}
    return condition


def _key(item_id: str) -> Item:
    return {"id": {"S": item_id}}
