"""All tests of this folder use the time zones of the package `tzdata`, as the server does."""

import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ical.other_parsers import python_with_packages


@pytest.fixture(autouse=True, scope="session")
def packaged_zones() -> Iterator[None]:
    zoneinfo.reset_tzpath(())
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.fixture(scope="session")
def other_python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has other parsers; kept in pytest's cache, if there is one."""
    cache = getattr(request.config, "cache", None)
    return python_with_packages(
        Path(cache.mkdir("ical-parsers")) if cache else tmp_path_factory.mktemp("parsers")
    )
