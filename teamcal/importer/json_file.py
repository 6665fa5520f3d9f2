"""Reads a JSON file so that nothing in it is lost, not even a key that is repeated in an object."""

import json
from pathlib import Path
from typing import Any


class Unusable(Exception):
    """A file or record that can't be imported; the text is Korean and meant for people."""


class JsonObject(dict[str, Any]):
    """A JSON object as a dict (the last of repeated keys counts), with all of its pairs in file order."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    @property
    def has_repeated_keys(self) -> bool:
        return len(self) < len(self.pairs)


def read_json(path: Path) -> Any:
    """Returns the content, its objects as JsonObject. Raises Unusable with the position of the error."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unusable(f"읽을 수 없습니다 ({error.strerror}).") from None
    try:
        text = raw.decode(json.detect_encoding(raw))
        return json.loads(text, object_pairs_hook=JsonObject)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise Unusable(f"{line}행 {column}번째 바이트: UTF-8이 아닙니다.") from None
    except json.JSONDecodeError as error:
        raise Unusable(f"{error.lineno}행 {error.colno}열: 올바른 JSON이 아닙니다 ({error.msg}).") from None
    except (RecursionError, ValueError) as error:
        raise Unusable(f"올바른 JSON이 아닙니다 ({error}).") from None


def normalized_record(value: Any) -> dict[str, Any]:
    """Returns a record with its keys in lower case and without underscores: `LastModified`, `last_modified`
    and `lastModified` all become `lastmodified`. Raises Unusable if a field has two different values.
    """
    if not isinstance(value, JsonObject):
        raise Unusable("JSON 객체가 아닙니다.")
    if value.has_repeated_keys:
        raise Unusable("같은 이름의 항목이 두 번 있습니다.")
    record: dict[str, Any] = {}
    for key, field_value in value.items():
        name = key.replace("_", "").lower()
        if record.get(name) is not None and field_value not in (None, record[name]):
            raise Unusable(f"{key}에 값이 두 개 있습니다.")
        record[name] = record.get(name) if field_value is None else field_value
    return record
