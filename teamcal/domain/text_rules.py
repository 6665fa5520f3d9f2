"""Rules of single values: a text, a date, a web address. Each is a pydantic validator."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial
from math import inf
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from teamcal.domain.visible_text import trimmed

# Surrogates can't be stored in UTF-8; the other controls break terminals, XML and C# clients.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_URL = 2048
"""Characters."""


def refuse(reason: str, **details: Any) -> PydanticCustomError:
    """Returns the error of a value that a rule refuses; `reason` is a key of teamcal.texts.messages."""
    return PydanticCustomError(reason, reason, details)


def text_of(value: Any, *, limit: float = inf, lines: bool = False, if_blank: str = "") -> str:
    """Returns the text in NFC, as one trimmed line unless it may have `lines`.

    `if_blank`: the reason to refuse a blank text with; without one, null is an empty text.
    """
    if value is None and not if_blank:
        return ""
    if not isinstance(value, str):
        raise refuse("not_a_string")
    if _REFUSED.search(value):
        raise refuse("bad_characters")
    text = value if value.isascii() else unicodedata.normalize("NFC", value)
    if not lines:
        text = trimmed(_LINE_BREAK.sub(" ", text))
    if if_blank and not text:
        raise refuse(if_blank)
    if len(text) > limit:
        raise refuse("too_long", limit=limit)
    return text


def one_line(limit: int, *, required: bool = False) -> Callable[[Any], str]:
    """Returns the rule of a text of at most `limit` characters; a line break in it becomes a space."""
    return partial(text_of, limit=limit, if_blank="blank" if required else "")


def date_text(value: Any) -> str:
    """Returns a real date `YYYY-MM-DD`."""
    text = text_of(value, if_blank="not_a_date")
    # fromisoformat alone would take 20240115 and 2024-W03-1 too, and \d other scripts' digits.
    if not _DATE.fullmatch(text):
        raise refuse("not_a_date")
    try:
        date.fromisoformat(text)
    except ValueError:
        raise refuse("not_a_date") from None
    return text


def is_web_address(text: str) -> bool:
    """http or https with a host, and nothing that a browser would read as something else."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and not re.search(r"[\s<>\"\\]", text)


def url_text(value: Any) -> str:
    text = text_of(value, limit=MAX_URL)
    if text and not is_web_address(text):
        raise refuse("not_a_web_address")
    return text


description_text: Callable[[Any], str] = partial(text_of, limit=10_000, lines=True)
Name = Annotated[str, BeforeValidator(one_line(100, required=True))]
Description = Annotated[str, BeforeValidator(description_text)]
