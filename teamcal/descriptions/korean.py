"""The descriptions' texts in Korean: docs/api-texts.yaml, a list of `{en, ko}`."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from teamcal.descriptions.sources import source

Translate = Callable[[str], str]
_TEXTS = ("title", "summary", "description")


@lru_cache(1)
def _korean() -> dict[str, str]:
    return {in_one_line(text["en"]): text["ko"] for text in source("api-texts.yaml")}


def translator(language: str) -> Translate:
    """Returns what gives a text of a description in `language`; the English one if there is no other."""
    if language == "en":
        return in_one_line
    texts = _korean()
    return lambda text: texts.get(in_one_line(text), in_one_line(text))


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def texts_of(node: Any, is_names: bool = False) -> Iterator[str]:
    """Yields the texts that people read in a description. `is_names`: the keys of `node` are names."""
    if isinstance(node, list):
        for inner in node:
            yield from texts_of(inner)
    elif isinstance(node, dict):
        for key, value in node.items():
            if not is_names and key in _TEXTS and isinstance(value, str):
                yield in_one_line(value)
            elif is_names or key not in ("example", "examples", "enum", "const"):
                yield from texts_of(value, not is_names and key in NAMED)


NAMED = (
    "properties", "schemas", "responses", "messages", "paths", "parameters", "headers", "securitySchemes",
    "channels", "operations", "servers", "content",
)  # fmt: skip
"""Keys whose values are objects by name."""
