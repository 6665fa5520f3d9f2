"""The link of the first administrator."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from teamcal.signin import setup

NOW = datetime(2099, 1, 1, tzinfo=UTC)


def test_the_code_opens_it_for_thirty_minutes_and_is_not_stored() -> None:
    code, stored = setup.make(NOW)
    assert len(code) >= 27  # 160 bits
    assert code not in repr(stored)
    assert setup.verify(stored, code, NOW + timedelta(minutes=29, seconds=59))
    assert not setup.verify(stored, code, NOW + timedelta(minutes=30))


@pytest.mark.parametrize("code", ["", "x" * 27, "가", None, 1, "x" * 1_000_000])
def test_another_code_opens_nothing(code: object) -> None:
    _, stored = setup.make(NOW)
    assert not setup.verify(stored, code, NOW)
    assert setup.make(NOW)[1].code_hash != stored.code_hash


def test_the_link_has_the_code_where_browsers_send_it_nowhere() -> None:
    code, _ = setup.make(NOW)
    parts = urlsplit(setup.link("https://calendar.example.com/", code))
    assert (parts.path, parts.query, parts.fragment) == ("/", "", f"setup={code}")
