"""Which of our languages the caller prefers."""

from flask import request


def language() -> str:
    """`ko` unless Accept-Language prefers English."""
    return request.accept_languages.best_match(["ko", "en"], default="ko") or "ko"
