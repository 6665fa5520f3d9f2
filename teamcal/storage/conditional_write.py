"""Transactions whose conditions may fail because another process was first."""

from botocore.exceptions import ClientError

from teamcal.domain.values import new_id
from teamcal.storage.actions import Action
from teamcal.storage.client import DynamoDBClient


def transact(dynamodb: DynamoDBClient, actions: list[Action]) -> bool:
    """Applies all of `actions` or none. Returns False when a condition failed. Raises StorageError."""
    try:
        dynamodb.call("transact_write_items", TransactItems=actions, ClientRequestToken=new_id())
    except ClientError as error:
        reasons = error.response.get("CancellationReasons", [])
        if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
            return False
        raise
    return True
