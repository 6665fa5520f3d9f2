"""A wrong value stops the start with the variable's name and what is allowed; secrets are never shown."""

import pytest

from teamcal.settings import (
    EXAMPLE_SECRET,
    Settings,
    SettingsError,
    StorageSettings,
    load_settings,
    storage_settings,
)

SECRET = {"SECRET_KEY": "a-long-random-value"}

WRONG = {
    "AWS_REGION": ["서울", "ap northeast", "-"],
    "DEPARTMENTS_TABLE": ["ab", "a b c"],
    "EVENTS_TABLE": ["x" * 256],
    "CHANGES_TABLE": ["변경표"],
    "DYNAMODB_BILLING_MODE": ["cheap", "provisioned"],
    "DYNAMODB_ENDPOINT_URL": [
        "localhost:8000",
        "http://",
        "http://a/b",
        "http://a:port",
        "ftp://a",
        "http://user:secret@a",
    ],
    "DATA_SYNC": ["never"],
    "ENGINE_PORT": ["-1", "65536", "a"],
    "CHANGE_RETENTION_DAYS": ["0", "1.5", "forever"],
    "CORS_ORIGINS": ["example.com", "https://*.example.com", "https://a.b/c", ","],
    "REDIS_URL": ["localhost", "http://localhost"],
    "TAIL_INTERVAL_SECONDS": ["0", "nan", "inf"],
    "REPLICA_MEMORY_MB": ["1", "all"],
    "DIRECT_BROADCAST": ["yes"],
    "FAST_PATH": ["1"],
    "PORT": ["0", "http", "70000"],
    "FLASK_ENV": ["prod", "Development"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: must be "):
        load_settings({**SECRET, name: value})


@pytest.mark.parametrize("secret", [None, "", "   ", EXAMPLE_SECRET, f" {EXAMPLE_SECRET}\n"])
@pytest.mark.parametrize("environment", [{}, {"FLASK_ENV": "production"}, {"FLASK_ENV": ""}])
def test_production_needs_a_secret_of_its_own(secret: str | None, environment: dict[str, str]) -> None:
    variable = {} if secret is None else {"SECRET_KEY": secret}
    with pytest.raises(SettingsError, match=r"^SECRET_KEY: "):
        load_settings({**environment, **variable})


def test_development_needs_no_secret() -> None:
    settings = load_settings({"FLASK_ENV": "development"})
    assert settings.development
    assert settings.secret_key
    assert load_settings({"FLASK_ENV": "testing"}).development


def test_the_storage_needs_no_secret_key() -> None:
    assert storage_settings({}).departments_table == "departments"


def test_the_constructors_have_the_defaults_of_the_environment() -> None:
    assert StorageSettings() == storage_settings({})
    assert Settings(StorageSettings(), SECRET["SECRET_KEY"]) == load_settings(SECRET)


def test_defaults() -> None:
    settings = load_settings(SECRET)
    assert not settings.development
    assert settings.secret_key == SECRET["SECRET_KEY"]
    assert settings.cors_origins == ("*",)
    assert settings.storage.aws_region == "ap-northeast-2"
    assert (settings.storage.departments_table, settings.storage.events_table) == ("departments", "events")
    assert settings.storage.changes_table == "changes"
    assert settings.storage.endpoint_url is None
    assert not settings.storage.embedded
    assert settings.storage.aws_access_key_id is None
    assert (settings.host, settings.port, settings.tail_interval) == ("127.0.0.1", 5000, 5.0)


def test_an_empty_variable_means_the_default() -> None:
    names = (
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "DEPARTMENTS_TABLE",
        "PORT",
        "CORS_ORIGINS",
        "REDIS_URL",
        "DATA_SYNC",
    )
    assert load_settings({**SECRET, **dict.fromkeys(names, "")}) == load_settings(SECRET)


def test_valid_values_are_parsed() -> None:
    settings = load_settings(
        {
            **SECRET,
            "AWS_REGION": "us-gov-west-1",
            "CORS_ORIGINS": "https://a.example.com/ , http://localhost:3000",
            "DYNAMODB_ENDPOINT_URL": "http://[::1]:8000/",
            "REDIS_URL": "rediss://h:6379/0",
            "REPLICA_MEMORY_MB": "32",
            "DYNAMODB_BILLING_MODE": "PROVISIONED",
            "TAIL_INTERVAL_SECONDS": "0.5",
        }
    )
    assert settings.cors_origins == ("https://a.example.com", "http://localhost:3000")
    assert settings.replica_memory == 32 * 1024 * 1024
    assert settings.tail_interval == 0.5
    assert load_settings({**SECRET, "DYNAMODB_ENDPOINT_URL": "embedded"}).storage.embedded


def test_nothing_secret_is_shown() -> None:
    settings = load_settings(
        {
            "SECRET_KEY": "secret-1",
            "AWS_ACCESS_KEY_ID": "secret-2",
            "AWS_SECRET_ACCESS_KEY": "secret-3",
            "REDIS_URL": "redis://:secret-4@localhost",
        }
    )
    assert "secret-" not in f"{settings!r} {settings} {settings.storage!r}"


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTS_TABLE", "other-events")
    assert storage_settings().events_table == "other-events"
