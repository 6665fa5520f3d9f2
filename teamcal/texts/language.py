"""Which of the languages a client prefers."""

from typing import Any

from flask import request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from teamcal.texts.messages import LANGUAGES

MAX_ACCEPT = 400
"""Characters of an Accept header that are read; browsers send up to 200."""
_LANGUAGE = "teamcal.language"


def language_of(environ: dict[str, Any]) -> str:
    """Returns the language of a WSGI request: `ko` unless its Accept-Language prefers `en`.

    It is found once for each request. All messages of a Socket.IO client are one: that of its handshake.
    """
    language: str | None = environ.get(_LANGUAGE)
    if language is None:
        header = shortened(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        language = preferred(parse_accept_header(header, LanguageAccept)) if header else "ko"
        environ[_LANGUAGE] = language
    return language


def shortened(accept: str) -> str:
    """Returns the first entries of an Accept header: werkzeug takes 4 ms for one of 8 KB."""
    return accept if len(accept) <= MAX_ACCEPT else accept[:MAX_ACCEPT].rpartition(",")[0]


def preferred(accepted: LanguageAccept) -> str:
    """Returns `ko` unless English is preferred; a region (`en-GB`) counts as its language."""
    for tag, quality in accepted:  # best first
        primary = tag.split("-")[0].split("_")[0].lower()
        if quality > 0 and primary in LANGUAGES:
            return primary
    return "ko"


def language() -> str:
    """Returns the language of the request in Flask's context, where there is one."""
    return language_of(request.environ)
