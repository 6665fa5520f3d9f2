"""The environment as frozen, validated objects. The process's variables win over `.env` beside app.py.

Every setting stands once, as a field: `host: str = setting("HOST", text, default="127.0.0.1")` names the
environment variable, the function that parses its text, and the value without it.
"""

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from dotenv import load_dotenv

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE_SECRET = "change-this-to-a-long-random-value"  # noqa: S105 -- refused in production
_DATA_DIR = (ROOT / ".data").resolve()
_MEGABYTE = 1024 * 1024


class SettingsError(ValueError):
    """A variable has a value that isn't allowed. The text names the variable and what is allowed."""


class _Invalid(ValueError):
    """The end of the sentence "NAME: must be …"."""


Parser = Callable[[str], Any]
"""Returns the value of a setting's text, which isn't empty. Raises _Invalid."""


def setting(name: str, parse: Parser, *, default: Any, secret: bool = False) -> Any:
    """Returns a field that is read from the variable `name`; a missing or empty one means `default`."""
    metadata = {"name": name, "parse": parse}
    return field(default=default, metadata=metadata, repr=not secret)


# Parsers


def text(value: str) -> str:
    return value


def stripped(value: str) -> str:
    return value.strip()


def region(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        raise _Invalid("a region such as ap-northeast-2")
    return value


def table_name(value: str) -> str:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", value):
        raise _Invalid("a table name (3 to 255 of A-Z a-z 0-9 _ . -)")
    return value


def one_of(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise _Invalid(f"one of {', '.join(allowed)}")
        return value

    return parse


def on_or_off(value: str) -> bool:
    return one_of("on", "off")(value) == "on"


def is_development(value: str) -> bool:
    return one_of("production", "development", "testing")(value) != "production"


def number(low: float, high: float, kind: type[float] = int) -> Parser:
    def parse(value: str) -> float:
        try:
            parsed = kind(value)
        except ValueError:
            parsed = math.nan
        if not low <= parsed <= high:  # nan is refused too
            raise _Invalid(f"a number from {low} to {high}")
        return parsed

    return parse


def megabytes(low: int, high: int) -> Parser:
    """Returns a parser of a size that is given in MB; its values are bytes."""
    parse_number = number(low, high)
    return lambda value: parse_number(value) * _MEGABYTE


def folder(value: str) -> Path:
    return (ROOT / value).resolve()


def endpoint(value: str) -> str:
    if value != "embedded" and not re.fullmatch(
        r"https?://(\[[0-9a-fA-F:.]+\]|[^\s/:@]+)(:[0-9]{1,5})?/?", value
    ):
        raise _Invalid("empty (AWS), 'embedded' or http(s)://host[:port]")
    return value


def origins(value: str) -> tuple[str, ...]:
    names = tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
    valid = all(name == "*" or re.fullmatch(r"https?://[^\s/*]+", name) for name in names)
    if not names or not valid:  # flask-cors and Engine.IO would take an empty list as "all"
        raise _Invalid("* or a comma-separated list of origins such as https://calendar.example.com")
    return names


def redis_address(value: str) -> str:
    if not re.match(r"(rediss?|unix)://", value):
        raise _Invalid("redis://…, rediss://… or unix://…")
    return value


# Settings


@dataclass(frozen=True)
class StorageSettings:
    """Where the tables are. All that `models` and the migration need."""

    aws_region: str = setting("AWS_REGION", region, default="ap-northeast-2")
    aws_access_key_id: str | None = setting("AWS_ACCESS_KEY_ID", text, default=None, secret=True)
    aws_secret_access_key: str | None = setting("AWS_SECRET_ACCESS_KEY", text, default=None, secret=True)
    departments_table: str = setting("DEPARTMENTS_TABLE", table_name, default="departments")
    events_table: str = setting("EVENTS_TABLE", table_name, default="events")
    changes_table: str = setting("CHANGES_TABLE", table_name, default="changes")
    billing_mode: str = setting(
        "DYNAMODB_BILLING_MODE", one_of("PAY_PER_REQUEST", "PROVISIONED"), default="PAY_PER_REQUEST"
    )
    endpoint_url: str | None = setting("DYNAMODB_ENDPOINT_URL", endpoint, default=None)
    data_dir: Path = setting("DATA_DIR", folder, default=_DATA_DIR)  # noqa: RUF009 -- it returns a field
    data_sync: str = setting("DATA_SYNC", one_of("interval", "always"), default="interval")
    engine_port: int = setting("ENGINE_PORT", number(0, 65535), default=0)
    change_retention_days: int = setting("CHANGE_RETENTION_DAYS", number(1, 3650), default=30)

    @property
    def embedded(self) -> bool:
        return self.endpoint_url == "embedded"


@dataclass(frozen=True)
class Settings:
    """What the server needs. Intervals in seconds, sizes in bytes."""

    storage: StorageSettings
    secret_key: str = setting("SECRET_KEY", stripped, default="", secret=True)
    development: bool = setting("FLASK_ENV", is_development, default=False)
    cors_origins: tuple[str, ...] = setting("CORS_ORIGINS", origins, default=("*",))
    redis_url: str | None = setting("REDIS_URL", redis_address, default=None, secret=True)
    installation: str = setting("INSTALLATION", text, default="team-calendar")
    tail_interval: float = setting("TAIL_INTERVAL_SECONDS", number(0.1, 3600, float), default=5.0)
    replica_memory: int = setting("REPLICA_MEMORY_MB", megabytes(16, 65536), default=256 * _MEGABYTE)
    direct_broadcast: bool = setting("DIRECT_BROADCAST", on_or_off, default=True)
    fast_path: bool = setting("FAST_PATH", on_or_off, default=True)
    host: str = setting("HOST", text, default="127.0.0.1")
    port: int = setting("PORT", number(1, 65535), default=5000)


NAMES = [
    setting_field.metadata["name"]
    for settings_class in (StorageSettings, Settings)
    for setting_field in fields(settings_class)
    if setting_field.metadata
]
"""The environment variables of all settings."""


def storage_settings(environ: Mapping[str, str] | None = None) -> StorageSettings:
    """Reads the process's variables, completed from `.env`, or else `environ`. Raises SettingsError."""
    return StorageSettings(**_values(StorageSettings, _environment(environ)))


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """As `storage_settings`. Raises SettingsError, also if production has no SECRET_KEY of its own."""
    environ = _environment(environ)
    values = _values(Settings, environ)
    if values["development"]:
        values["secret_key"] = values["secret_key"] or "development-only"
    elif values["secret_key"] in ("", EXAMPLE_SECRET):
        raise SettingsError(
            "SECRET_KEY: 운영 환경에서는 반드시 설정해야 하며 예제 값은 사용할 수 없습니다. "
            "Required in production; the example's value is refused. "
            '생성 명령 (make one): python -c "import secrets; print(secrets.token_hex(32))"'
        )
    return Settings(storage_settings(environ), **values)


def _environment(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    if environ is None:
        load_dotenv(ROOT / ".env")
        environ = os.environ
    return environ


def _values(
    settings_class: type[StorageSettings] | type[Settings], environ: Mapping[str, str]
) -> dict[str, Any]:
    """Returns the value of each setting by field name. Raises SettingsError."""
    return {
        setting_field.name: _value(setting_field, environ)
        for setting_field in fields(settings_class)
        if setting_field.metadata
    }


def _value(setting_field: Field[Any], environ: Mapping[str, str]) -> Any:
    name, parse = setting_field.metadata["name"], setting_field.metadata["parse"]
    value = environ.get(name)
    if not value:
        return setting_field.default
    try:
        return parse(value)
    except _Invalid as error:
        raise SettingsError(f"{name}: must be {error}") from None
