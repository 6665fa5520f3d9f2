"""Removes descriptions of departments from rows of the change log, where old ones stay until they expire."""

from collections.abc import Set

from botocore.exceptions import ClientError

from teamcal.domain.changes import DEPARTMENTS
from teamcal.domain.values import Record
from teamcal.settings import StorageSettings
from teamcal.storage.change_rows import change_of, rows_query
from teamcal.storage.client import DynamoDBClient
from teamcal.storage.codec import from_item, to_item
from teamcal.storage.faults import code_of


class OldDescriptions:
    def __init__(self, dynamodb: DynamoDBClient, settings: StorageSettings) -> None:
        self._dynamodb, self._table = dynamodb, settings.changes_table

    def blank(self, upto: int, department_ids: Set[str]) -> int:
        """Blanks these departments' descriptions in the rows up to a revision; returns how many had one.

        Nothing depends on them: a log's digest is over ids and revisions. Raises StorageError.
        """
        query = rows_query(self._table, DEPARTMENTS, 0, upto, newest_first=False)
        blanked = 0
        for row in map(from_item, self._dynamodb.pages("query", query)):
            record = change_of(row).record
            if record.get("id") in department_ids and record.get("description"):
                blanked += self._put({**row, "department": {**row["department"], "description": ""}})
        return blanked

    def _put(self, row: Record) -> bool:
        """Puts a row in the place of itself; one that has expired meanwhile isn't brought back."""
        item = to_item(row)
        try:
            self._dynamodb.call(
                "put_item",
                TableName=self._table,
                Item=item,
                ConditionExpression="change_id = :it",
                ExpressionAttributeValues={":it": item["change_id"]},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True
