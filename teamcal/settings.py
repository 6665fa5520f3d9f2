"""The environment as frozen, validated objects. The process's variables win over `.env` beside app.py.

Every setting stands once, as a field: `host: str = setting("HOST", text, default="127.0.0.1")` names the
environment variable, the function that parses its text, and the value without it.
"""

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from teamcal.env_file import MEGABYTE, SettingsError, load_env_file
from teamcal.setting_values import (
    ROOT,
    InvalidSetting,
    Networks,
    Parser,
    endpoint,
    host_names,
    is_development,
    is_token_mode,
    issuer,
    kilobytes,
    megabytes,
    networks,
    number,
    on_or_off,
    one_of,
    one_word,
    origins,
    path,
    public_url,
    redis_address,
    region,
    stripped,
    table_name,
    text,
    time_zone,
)
from teamcal.zones import DEFAULT_ZONE

EXAMPLE_SECRET = "change-this-to-a-long-random-value"  # noqa: S105 -- refused in production
_DATA_DIR = (ROOT / ".data").resolve()
KEY, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"


def setting(name: str, parse: Parser, *, default: Any, secret: bool = False) -> Any:
    """Returns a field that is read from the variable `name`; a missing or empty one means `default`."""
    metadata = {"name": name, "parse": parse}
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True)
class StorageSettings:
    """Where the tables are. All that `models` and the migration need."""

    aws_region: str = setting("AWS_REGION", region, default="ap-northeast-2")
    aws_access_key_id: str | None = setting(KEY, one_word, default=None, secret=True)
    aws_secret_access_key: str | None = setting("AWS_SECRET_ACCESS_KEY", one_word, default=None, secret=True)
    aws_session_token: str | None = setting(TOKEN, one_word, default=None, secret=True)
    departments_table: str = setting("DEPARTMENTS_TABLE", table_name, default="departments")
    events_table: str = setting("EVENTS_TABLE", table_name, default="events")
    changes_table: str = setting("CHANGES_TABLE", table_name, default="changes")
    access_table: str = setting("ACCESS_TABLE", table_name, default="access")
    billing_mode: str = setting(
        "DYNAMODB_BILLING_MODE", one_of("PAY_PER_REQUEST", "PROVISIONED"), default="PAY_PER_REQUEST"
    )
    endpoint_url: str | None = setting("DYNAMODB_ENDPOINT_URL", endpoint, default=None)
    data_dir: Path = setting("DATA_DIR", path, default=_DATA_DIR)  # noqa: RUF009 -- it returns a field
    data_sync: str = setting("DATA_SYNC", one_of("interval", "always"), default="interval")
    engine_port: int = setting("ENGINE_PORT", number(0, 65535), default=0)
    loading_memory: int = setting("LOADING_MEMORY_MB", megabytes(16, 65536), default=128 * MEGABYTE)
    time_zone: str = setting("TIME_ZONE", time_zone, default=DEFAULT_ZONE)
    change_retention_days: int = setting("CHANGE_RETENTION_DAYS", number(1, 3650), default=30)
    audit_retention_days: int = setting("AUDIT_RETENTION_DAYS", number(1, 3650), default=365)

    @property
    def tables(self) -> tuple[str, str, str, str]:
        return self.departments_table, self.events_table, self.changes_table, self.access_table

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
    public_url: str | None = setting("PUBLIC_URL", public_url, default=None)
    allowed_hosts: tuple[str, ...] = setting("ALLOWED_HOSTS", host_names, default=())
    trusted_proxies: int = setting("TRUSTED_PROXIES", number(0, 16), default=0)
    token_mode: bool = setting("AUTH_MODE", is_token_mode, default=False)
    guest_networks: Networks = setting("GUEST_NETWORKS", networks, default=())  # noqa: RUF009 -- as DATA_DIR
    requests_per_minute: int = setting("REQUESTS_PER_MINUTE", number(60, 10_000_000), default=6000)
    oidc_issuer: str | None = setting("OIDC_ISSUER", issuer, default=None)
    oidc_client_id: str | None = setting("OIDC_CLIENT_ID", one_word, default=None)
    oidc_client_secret: str | None = setting("OIDC_CLIENT_SECRET", one_word, default=None, secret=True)
    oidc_groups_claim: str = setting("OIDC_GROUPS_CLAIM", stripped, default="groups")
    oidc_admin_group: str | None = setting("OIDC_ADMIN_GROUP", stripped, default=None)
    redis_url: str | None = setting("REDIS_URL", redis_address, default=None, secret=True)
    installation: str = setting("INSTALLATION", text, default="team-calendar")
    tail_interval: float = setting("TAIL_INTERVAL_SECONDS", number(0.1, 3600, float), default=5.0)
    replica_memory: int = setting("REPLICA_MEMORY_MB", megabytes(16, 65536), default=256 * MEGABYTE)
    socket_messages_per_second: float = setting(
        "SOCKET_MESSAGES_PER_SECOND", number(1, 100_000, float), default=20
    )
    socket_message_burst: float = setting("SOCKET_MESSAGE_BURST", number(1, 1_000_000), default=200)
    unread_client: int = setting("UNREAD_CLIENT_MB", megabytes(1, 1024), default=8 * MEGABYTE)
    unread_process: int = setting("UNREAD_PROCESS_MB", megabytes(16, 65536), default=256 * MEGABYTE)
    direct_broadcast: bool = setting("DIRECT_BROADCAST", on_or_off, default=True)
    fast_path: bool = setting("FAST_PATH", on_or_off, default=True)
    body_seconds: float = setting("BODY_TIMEOUT_SECONDS", number(0.5, 600, float), default=6.5)
    answer_rate: int = setting("ANSWER_KB_PER_SECOND", kilobytes(1, 1024), default=64 * 1024)
    answers_memory: int = setting("ANSWERS_MEMORY_MB", megabytes(16, 65536), default=256 * MEGABYTE)
    holidays_file: Path | None = setting("HOLIDAYS_FILE", path, default=None)  # noqa: RUF009 -- as DATA_DIR
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
    settings = StorageSettings(**_values(StorageSettings, _environment(environ)))
    if len(set(settings.tables)) < len(settings.tables):
        raise SettingsError(
            "DEPARTMENTS_TABLE, EVENTS_TABLE, CHANGES_TABLE, ACCESS_TABLE: must be four different names"
        )
    return settings


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
    if values["oidc_issuer"] and not values["oidc_client_id"]:
        raise SettingsError("OIDC_CLIENT_ID: OIDC_ISSUER와 함께 설정해야 합니다. Required with OIDC_ISSUER.")
    if values["oidc_client_id"] and not values["oidc_issuer"]:
        raise SettingsError(
            "OIDC_ISSUER: OIDC_CLIENT_ID와 함께 설정해야 합니다. Required with OIDC_CLIENT_ID."
        )
    return Settings(storage_settings(environ), **values)


def _environment(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    if environ is None:
        key, token = os.environ.get(KEY), os.environ.get(TOKEN)
        load_env_file(ROOT / ".env")
        # A session token belongs to its key: one of them from `.env` and the other not don't fit.
        if os.environ.get(KEY) and bool(key) != bool(token):
            os.environ.pop(TOKEN, None)
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
    except InvalidSetting as error:
        raise SettingsError(f"{name}: must be {error}") from None
