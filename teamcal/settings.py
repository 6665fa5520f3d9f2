"""The environment as one frozen, validated object. Process first, then `.env` beside app.py."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import load_dotenv

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE_SECRET = "change-this-to-a-long-random-value"  # noqa: S105 -- refused in production


class SettingsError(ValueError):
    """A variable has a value that isn't allowed; says which and what is."""


@dataclass(frozen=True)
class StorageSettings:
    """Where the tables are. All that `models` and the migration need."""

    aws_region: str = "ap-northeast-2"
    aws_access_key_id: str | None = field(default=None, repr=False)
    aws_secret_access_key: str | None = field(default=None, repr=False)
    departments_table: str = "departments"
    events_table: str = "events"
    changes_table: str = "changes"
    billing_mode: str = "PAY_PER_REQUEST"
    endpoint_url: str | None = None
    data_dir: Path = ROOT / ".data"
    data_sync: str = "interval"
    engine_port: int = 0
    change_retention_days: int = 30

    @property
    def embedded(self) -> bool:
        return self.endpoint_url == "embedded"


@dataclass(frozen=True)
class Settings:
    """What the server needs. Intervals in seconds, sizes in bytes."""

    storage: StorageSettings
    secret_key: str = field(repr=False, default="")
    development: bool = False
    cors_origins: tuple[str, ...] = ("*",)
    redis_url: str | None = field(default=None, repr=False)
    installation: str = "team-calendar"
    tail_interval: float = 5.0
    replica_memory: int = 256 * 1024 * 1024
    direct_broadcast: bool = True
    fast_path: bool = True
    host: str = "127.0.0.1"
    port: int = 5000


def _text(default: str) -> Callable[[str, str | None], str]:
    return lambda name, value: value or default


def _region(name: str, value: str | None) -> str:
    value = value or "ap-northeast-2"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        raise SettingsError(f"{name}: must be a region as ap-northeast-2")
    return value


def _optional(name: str, value: str | None) -> str | None:
    return value or None


def _choice(*allowed: str) -> Callable[[str, str | None], str]:
    def parse(name: str, value: str | None) -> str:
        value = value or allowed[0]
        if value not in allowed:
            raise SettingsError(f"{name}: must be one of {', '.join(allowed)}")
        return value

    return parse


def _number(default: float, low: float, high: float, kind: type = int) -> Callable[[str, str | None], Any]:
    def parse(name: str, value: str | None) -> Any:
        try:
            number = kind(value) if value else kind(default)
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            raise SettingsError(f"{name}: must be a number from {low} to {high}")
        return number

    return parse


def _table(default: str) -> Callable[[str, str | None], str]:
    def parse(name: str, value: str | None) -> str:
        value = value or default
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
        if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", value):
            raise SettingsError(f"{name}: must be a table name (3 to 255 of A-Z a-z 0-9 _ . -)")
        return value

    return parse


def _endpoint(name: str, value: str | None) -> str | None:
    if not value:
        return None
    if value != "embedded" and not re.fullmatch(
        r"https?://(\[[0-9a-fA-F:.]+\]|[^\s/:@]+)(:[0-9]{1,5})?/?", value
    ):
        raise SettingsError(f"{name}: must be empty (AWS), 'embedded' or http(s)://host[:port]")
    return value


def _origins(name: str, value: str | None) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/") for part in (value or "*").split(",") if part.strip())
    if not origins:  # the libraries would take none as all
        raise SettingsError(f"{name}: must be * or origins as https://calendar.example.com, by commas")
    for origin in origins:
        if origin != "*" and not re.fullmatch(r"https?://[^\s/*]+", origin):
            raise SettingsError(f"{name}: must be * or origins as https://calendar.example.com, by commas")
    return origins


def _redis(name: str, value: str | None) -> str | None:
    if value and not re.match(r"(rediss?|unix)://", value):
        raise SettingsError(f"{name}: must be redis://…, rediss://… or unix://…")
    return value or None


_STORAGE: dict[str, tuple[str, Callable[[str, str | None], Any]]] = {
    "aws_region": ("AWS_REGION", _region),
    "aws_access_key_id": ("AWS_ACCESS_KEY_ID", _optional),
    "aws_secret_access_key": ("AWS_SECRET_ACCESS_KEY", _optional),
    "departments_table": ("DEPARTMENTS_TABLE", _table("departments")),
    "events_table": ("EVENTS_TABLE", _table("events")),
    "changes_table": ("CHANGES_TABLE", _table("changes")),
    "billing_mode": ("DYNAMODB_BILLING_MODE", _choice("PAY_PER_REQUEST", "PROVISIONED")),
    "endpoint_url": ("DYNAMODB_ENDPOINT_URL", _endpoint),
    "data_dir": ("DATA_DIR", lambda name, value: (ROOT / (value or ".data")).resolve()),
    "data_sync": ("DATA_SYNC", _choice("interval", "always")),
    "engine_port": ("ENGINE_PORT", _number(0, 0, 65535)),
    "change_retention_days": ("CHANGE_RETENTION_DAYS", _number(30, 1, 3650)),
}
_SERVER: dict[str, tuple[str, Callable[[str, str | None], Any]]] = {
    "cors_origins": ("CORS_ORIGINS", _origins),
    "redis_url": ("REDIS_URL", _redis),
    "installation": ("INSTALLATION", _text("team-calendar")),
    "tail_interval": ("TAIL_INTERVAL_SECONDS", _number(5, 0.1, 3600, float)),
    "replica_memory": ("REPLICA_MEMORY_MB", lambda n, v: _number(256, 16, 65536)(n, v) * 1024 * 1024),
    "direct_broadcast": ("DIRECT_BROADCAST", lambda n, v: _choice("on", "off")(n, v) == "on"),
    "fast_path": ("FAST_PATH", lambda n, v: _choice("on", "off")(n, v) == "on"),
    "host": ("HOST", _text("127.0.0.1")),
    "port": ("PORT", _number(5000, 1, 65535)),
}
NAMES = [name for name, _ in (*_STORAGE.values(), *_SERVER.values())] + ["FLASK_ENV", "SECRET_KEY"]


def _environment(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    if environ is None:
        load_dotenv(ROOT / ".env")
        environ = os.environ
    return environ


def storage_settings(environ: Mapping[str, str] | None = None) -> StorageSettings:
    """Raises SettingsError. `environ` defaults to the process's, completed from `.env`."""
    env = _environment(environ)
    return StorageSettings(**{key: parse(name, env.get(name)) for key, (name, parse) in _STORAGE.items()})


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Raises SettingsError, also when production has no SECRET_KEY of its own."""
    env = _environment(environ)
    development = (
        _choice("production", "development", "testing")("FLASK_ENV", env.get("FLASK_ENV")) != "production"
    )
    secret = env.get("SECRET_KEY", "").strip()
    if not development and secret in ("", EXAMPLE_SECRET):
        raise SettingsError(
            "SECRET_KEY: 운영 환경에서는 반드시 설정해야 합니다 (예제 값은 사용할 수 없습니다). "
            "required in production, and not the example's value. "
            'Make one: python -c "import secrets; print(secrets.token_hex(32))"'
        )
    values = {key: parse(name, env.get(name)) for key, (name, parse) in _SERVER.items()}
    return Settings(storage_settings(env), secret or "development-only", development, **values)
