"""The files that people write, in docs/."""

from typing import Any

import yaml

from teamcal.settings import ROOT

# libyaml's, where it is there: 50 ms instead of 600.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def source(name: str) -> Any:
    """Returns docs/`name`, a new object each time."""
    text = (ROOT / "docs" / name).read_text("utf-8")
    return yaml.load(text, _LOADER)
