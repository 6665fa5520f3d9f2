"""Whether an occurrence may be changed by a client that knows its series at some version."""

import pytest

from teamcal.domain.series_operations import require_unchanged
from teamcal.errors import VersionConflict

SERIES = {"id": "s", "version": 7}


@pytest.mark.parametrize("expected", [None, 5, 6, 7])
def test_nothing_has_changed_since(expected: int | None) -> None:
    require_unchanged(SERIES, {"id": "s_20261102", "version": 5}, expected)


@pytest.mark.parametrize("expected", [1, 4, 8])
def test_it_has_changed_since_or_the_version_is_unknown(expected: int) -> None:
    with pytest.raises(VersionConflict):
        require_unchanged(SERIES, {"id": "s_20261102", "version": 5}, expected)
