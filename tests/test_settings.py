"""A wrong value stops the start with the variable's name and what is allowed; secrets are never shown."""

import pytest

from teamcal.settings import (
    EXAMPLE_SECRET,
    ROOT,
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
        "http://a:65536",
    ],
    "DATA_SYNC": ["never"],
    "ENGINE_PORT": ["-1", "65536", "a"],
    "TIME_ZONE": ["KST", "Asia", "../Seoul", "서울"],
    "CHANGE_RETENTION_DAYS": ["0", "1.5", "forever"],
    "CORS_ORIGINS": [
        "example.com",
        "https://*.example.com",
        "https://a.b/c",
        ",",
        "https://me@a.b",
        "https://가..b",
        "https://a.b:99999",
    ],
    "PUBLIC_URL": [
        "calendar.example.com",
        "ftp://a",
        "https://",
        "https://a b",
        "https://a/?b",
        "https://a/#b",
        "https://a:99999",
        "https://me@a",
        "*",
    ],
    "ALLOWED_HOSTS": ["*", "https://a", "a:8000", "*.a", ".a", "a b", ",", "a/b", "a..b", "[::1]"],
    "TRUSTED_PROXIES": ["-1", "17", "yes", "10.0.0.1"],
    "REDIS_URL": ["localhost", "http://localhost", "redis://h:port", "redis://:p/ss@h:1", "redis://[::1"],
    "TAIL_INTERVAL_SECONDS": ["0", "nan", "inf"],
    "REPLICA_MEMORY_MB": ["1", "all"],
    "LOADING_MEMORY_MB": ["15", "all"],
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


def test_one_table_for_two_things_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"EVENTS_TABLE.*four different"):
        load_settings({**SECRET, "EVENTS_TABLE": "departments"})


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
    assert settings.holidays_file is None
    assert (settings.host, settings.port, settings.tail_interval) == ("127.0.0.1", 5000, 5.0)


@pytest.mark.parametrize(
    ("given", "missing"), [("OIDC_ISSUER", "OIDC_CLIENT_ID"), ("OIDC_CLIENT_ID", "OIDC_ISSUER")]
)
def test_a_provider_and_what_it_calls_the_calendar_belong_together(given: str, missing: str) -> None:
    both = {**SECRET, "OIDC_ISSUER": "https://login.example.com", "OIDC_CLIENT_ID": "calendar"}
    assert load_settings(both).oidc_client_id == "calendar"
    with pytest.raises(SettingsError, match=rf"^{missing}: {given}와 함께.* Required with {given}\.$"):
        load_settings({**both, missing: ""})


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
            "HOLIDAYS_FILE": "holidays.txt",
        }
    )
    assert settings.cors_origins == ("https://a.example.com", "http://localhost:3000")
    assert settings.replica_memory == 32 * 1024 * 1024
    assert settings.tail_interval == 0.5
    assert settings.holidays_file == ROOT / "holidays.txt"
    assert load_settings({**SECRET, "DYNAMODB_ENDPOINT_URL": "embedded"}).storage.embedded


def test_origins_are_taken_as_browsers_send_them() -> None:
    origins = (
        "https://Intra.Example.com:443, http://a.example.com:80/, http://b.example.com:443, http://c:8080,"
        "https://캘린더.회사.kr:8443, http://[::1]:3000"
    )
    assert load_settings({**SECRET, "CORS_ORIGINS": origins}).cors_origins == (
        "https://intra.example.com",
        "http://a.example.com",
        "http://b.example.com:443",
        "http://c:8080",
        "https://xn--9m1bp4jzvt.xn--vf4b131b.kr:8443",
        "http://[::1]:3000",
    )


def test_names_of_the_server_are_taken_as_browsers_send_them() -> None:
    for url, expected in {
        "https://Calendar.Example.com/": "https://calendar.example.com",
        "http://intra:80": "http://intra",
        "https://intra:8443/team/Calendar/": "https://intra:8443/team/Calendar",
        "https://캘린더.회사.kr": "https://xn--9m1bp4jzvt.xn--vf4b131b.kr",
        "http://192.168.0.7:8000": "http://192.168.0.7:8000",
    }.items():
        assert load_settings({**SECRET, "PUBLIC_URL": url}).public_url == expected
    hosts = load_settings({**SECRET, "ALLOWED_HOSTS": "Intra, calendar.example.com,캘린더.회사.kr"})
    assert hosts.allowed_hosts == ("intra", "calendar.example.com", "xn--9m1bp4jzvt.xn--vf4b131b.kr")
    assert load_settings({**SECRET, "TRUSTED_PROXIES": "2"}).trusted_proxies == 2


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
