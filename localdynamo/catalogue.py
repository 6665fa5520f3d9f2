"""Which tables there are, and their settings, as ministack keeps them in its module."""

from typing import Any

from ministack.services import dynamodb

from localdynamo.image import Image, description_of

_SETTINGS = {"tags": "_tags", "ttl": "_ttl_settings", "pitr": "_pitr_settings"}


def tables() -> dict[str, dict[str, Any]]:
    return dict(dynamodb._tables.items())


def ttl_attribute(table_name: str) -> str | None:
    """The attribute by which the table's items expire, None when they don't."""
    setting = dynamodb._ttl_settings.get(table_name) or {}
    return setting.get("AttributeName") if setting.get("TimeToLiveStatus") == "ENABLED" else None


def install(image: Image) -> None:
    for name in list(dynamodb._tables):
        del dynamodb._tables[name]
    for name, table in image.tables.items():
        dynamodb._update_counts(table)
        dynamodb._tables[name] = table
    for key, store in _SETTINGS.items():
        settings = getattr(dynamodb, store)
        for name in list(settings):
            del settings[name]
        for name, value in image.settings.get(key, {}).items():
            settings[name] = value


def catalogue() -> dict[str, Any]:
    return {
        "tables": {name: description_of(table) for name, table in dynamodb._tables.items()},
        "settings": {key: dict(getattr(dynamodb, store).items()) for key, store in _SETTINGS.items()},
    }
