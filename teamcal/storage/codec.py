"""Records as DynamoDB items: the one conversion between Python values and DynamoDB's JSON."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from teamcal.domain.values import Record

Value = dict[str, Any]
"""One attribute's value in DynamoDB's JSON, such as {"S": "text"}."""
Item = dict[str, Value]

_serialize: Callable[[Any], Any] = TypeSerializer().serialize
_deserialize: Callable[[Any], Any] = TypeDeserializer().deserialize


def to_value(value: Any) -> Value:
    """Returns a Python value in DynamoDB's JSON. The common types bypass boto3's slow dispatch."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, dict):
        return {"M": to_item(value)}
    if isinstance(value, list):
        return {"L": [to_value(element) for element in value]}
    return cast(Value, _serialize(value))


def from_value(value: Value) -> Any:
    """Returns the Python value of a value in DynamoDB's JSON."""
    ((kind, content),) = value.items()
    if kind in ("S", "BOOL"):
        return content
    if kind == "B":
        return _bytes_of(content)
    if kind == "N" and content.lstrip("-").isdigit():
        return int(content)
    if kind == "M":
        return from_item(content)
    if kind == "L":
        return [from_value(element) for element in content]
    if kind == "BS":
        return set(map(_bytes_of, content))
    return _deserialize(value)


def _bytes_of(content: bytes | str) -> bytes:
    """Decodes a binary value: botocore has decoded its base64 already, the fast client hasn't."""
    return b64decode(content) if isinstance(content, str) else content


def to_item(record: Record) -> Item:
    return {name: to_value(value) for name, value in record.items()}


def from_item(item: Item) -> Record:
    return {name: from_value(value) for name, value in item.items()}
