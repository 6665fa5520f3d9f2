"""The catalogue: which tables exist, and their settings. ministack keeps both in module variables."""

from typing import Any

from ministack.services import dynamodb

from localdynamo.image import Image, description_of

_SETTINGS = {"tags": "_tags", "ttl": "_ttl_settings", "pitr": "_pitr_settings"}
"""Name of a setting in the log → ministack's variable."""


def tables() -> dict[str, dict[str, Any]]:
    """Returns all tables by name, with their items."""
    return dict(dynamodb._tables.items())


def ttl_attribute(table_name: str) -> str | None:
    """Returns the attribute by which the table's items expire, None if they don't expire."""
    setting = dynamodb._ttl_settings.get(table_name) or {}
    return setting.get("AttributeName") if setting.get("TimeToLiveStatus") == "ENABLED" else None


def install(image: Image) -> None:
    """Replaces everything that ministack holds by the image."""
    for name in list(dynamodb._tables):
        del dynamodb._tables[name]
    for name, table in image.tables.items():
        dynamodb._update_counts(table)
        dynamodb._tables[name] = table
    for key, variable in _SETTINGS.items():
        settings = getattr(dynamodb, variable)
        for name in list(settings):
            del settings[name]
        for name, value in image.settings.get(key, {}).items():
            settings[name] = value


def catalogue() -> dict[str, Any]:
    """Returns the tables without their items, and the settings, as the log holds them."""
    return {
        "tables": {name: description_of(table) for name, table in dynamodb._tables.items()},
        "settings": {key: dict(getattr(dynamodb, variable).items()) for key, variable in _SETTINGS.items()},
    }
