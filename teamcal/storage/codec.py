"""Records as DynamoDB items: the one conversion between Python values and DynamoDB's JSON."""

from binascii import a2b_base64
from collections.abc import Callable
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from teamcal.domain.values import Record

Value = dict[str, Any]
"""One attribute's value in DynamoDB's JSON, such as {"S": "text"}."""
Item = dict[str, Value]

_serialize: Callable[[Any], Any] = TypeSerializer().serialize
_deserialize: Callable[[Any], Any] = TypeDeserializer().deserialize


_CONVERSIONS: dict[type, Callable[[Any], Value]] = {
    str: lambda text: {"S": text},
    bool: lambda value: {"BOOL": value},
    int: lambda number: {"N": str(number)},
    bytes: lambda data: {"B": data},
    dict: lambda record: {"M": to_item(record)},
    list: lambda values: {"L": [_CONVERSIONS.get(type(value), _serialize)(value) for value in values]},
}
"""Conversions of the common types' values to DynamoDB's JSON. They bypass boto3's slow dispatch."""


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
    return a2b_base64(content) if isinstance(content, str) else content


def to_item(record: Record) -> Item:
    return {name: _CONVERSIONS.get(type(value), _serialize)(value) for name, value in record.items()}


def from_item(item: Item) -> Record:
    # Most values are text: without a call for each of them a calendar is decoded in half the time.
    return {name: value["S"] if "S" in value else from_value(value) for name, value in item.items()}
