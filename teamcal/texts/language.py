"""Which of our languages the caller prefers."""

from typing import Any

from flask import request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from teamcal.texts.messages import LANGUAGES


def preferred(accepted: LanguageAccept) -> str:
    """`ko` unless English is preferred; a region (`en-GB`) counts as its language."""
    for wanted, quality in accepted:  # best first
        primary = wanted.split("-")[0].split("_")[0].lower()
        if quality > 0 and primary in LANGUAGES:
            return primary
    return "ko"


def language_of(environ: dict[str, Any]) -> str:
    """Of a WSGI request."""
    return preferred(parse_accept_header(environ.get("HTTP_ACCEPT_LANGUAGE", ""), LanguageAccept))


def language() -> str:
    """Of the request at hand."""
    return preferred(request.accept_languages)
