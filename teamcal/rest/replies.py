"""What goes out over HTTP: always JSON in UTF-8, Korean not escaped, never a page, never a stack trace."""

import logging
import uuid
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from teamcal.domain.values import to_json
from teamcal.errors import CalendarError
from teamcal.texts.error_body import failure, failure_of, headers_of, status_of
from teamcal.texts.language import language

log = logging.getLogger("teamcal.rest")

_CODES = {
    400: "validation_error",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}


_CONDITIONS = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"}


Told = tuple[int, dict[str, str], bytes]
"""Status, headers (but those of every answer) and JSON of an answer."""


def as_it_is(content: bytes, etag: str | None = None) -> Response:
    """`content` is JSON already; or 304."""
    return tagged(respond((200, {}, content)), etag)


def tags(etag: str) -> dict[str, str]:
    """Headers of what may be kept and must be asked about."""
    return {"ETag": f'"{etag}"', "Cache-Control": "no-cache"}


def answer(status: int = 200, etag: str | None = None, **body: Any) -> Response:
    """`{"success": true, …}`, or 304 when the caller already has what `etag` names."""
    return tagged(respond((status, {}, to_json({"success": True, **body}))), etag)


def tagged(response: Response, etag: str | None) -> Response:
    if etag is not None:
        response.headers.update(tags(etag))
        if not _CONDITIONS.isdisjoint(request.environ):
            response.make_conditional(request)  # 60 µs
    return response


def respond(told: Told) -> Response:
    """By Flask."""
    status, headers, content = told
    return Response(content, status, headers, content_type="application/json")


def refusal(error: Exception, language: str, request: str) -> Told:
    """What a request that failed is told: the facts, or of a defect a number that the log has as well."""
    if isinstance(error, CalendarError):
        return status_of(error), headers_of(error), to_json(failure_of(error, language))
    request_id = str(uuid.uuid4())
    log.error("request %s failed: %s", request_id, request, exc_info=error)
    return 500, {}, to_json(failure("internal_error", language, request_id=request_id))


def handle_errors(app: Flask) -> None:
    """Any status, any path, any method: the answer is this JSON."""

    @app.errorhandler(Exception)
    def any_other(error: Exception) -> Response:
        return respond(refusal(error, language(), f"{request.method} {request.path}"))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        if status >= 500:
            return any_other(error)
        allowed = {name: value for name, value in error.get_headers() if name == "Allow"}
        return respond((status, allowed, to_json(failure(_CODES.get(status, "bad_request"), language()))))
