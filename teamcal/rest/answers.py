"""What goes out over HTTP: always JSON in UTF-8, Korean not escaped, never a page, never a stack trace."""

import json
import logging
import uuid
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from ..errors import CalendarError
from ..language import language
from ..responses import failure, failure_of, headers_of, status_of

log = logging.getLogger("teamcal.rest")

_CODES = {
    400: "validation_error",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}


_CONDITIONS = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"}


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_it_is(content: bytes, etag: str | None = None) -> Response:
    """`content` is JSON already; or 304."""
    return tagged(Response(content, content_type="application/json"), etag)


def tags(etag: str) -> list[tuple[str, str]]:
    """Headers of what may be kept and must be asked about."""
    return [("ETag", f'"{etag}"'), ("Cache-Control", "no-cache")]


def answer(status: int = 200, etag: str | None = None, **body: Any) -> Response:
    """`{"success": true, …}`, or 304 when the caller already has what `etag` names."""
    response = Response(dumps({"success": True, **body}), status, mimetype="application/json")
    return tagged(response, etag)


def tagged(response: Response, etag: str | None) -> Response:
    if etag is not None:
        response.headers.extend(tags(etag))
        if not _CONDITIONS.isdisjoint(request.environ):
            response.make_conditional(request)  # 60 µs
    return response


def _refusal(status: int, body: dict[str, Any]) -> Response:
    return Response(dumps(body), status, mimetype="application/json")


def handle_errors(app: Flask) -> None:
    """Any status, any path, any method: the answer is this JSON."""

    @app.errorhandler(CalendarError)
    def known(error: CalendarError) -> Response:
        response = _refusal(status_of(error), failure_of(error, language()))
        response.headers.update(headers_of(error))
        return response

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        if status >= 500:
            return unexpected(error)
        response = _refusal(status, failure(_CODES.get(status, "bad_request"), language()))
        allowed = [value for name, value in error.get_headers() if name == "Allow"]
        if allowed:
            response.headers["Allow"] = allowed[0]
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        request_id = str(uuid.uuid4())
        log.error("request %s failed: %s %s", request_id, request.method, request.path, exc_info=error)
        return _refusal(500, failure("internal_error", language(), request_id=request_id))
