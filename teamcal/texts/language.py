"""Which of the languages a client prefers."""

from typing import Any

from flask import request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from teamcal.texts.messages import LANGUAGES


def language_of(environ: dict[str, Any]) -> str:
    """Returns the language of a WSGI request: `ko` unless its Accept-Language prefers `en`."""
    header = environ.get("HTTP_ACCEPT_LANGUAGE")
    return preferred(parse_accept_header(header, LanguageAccept)) if header else "ko"


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
