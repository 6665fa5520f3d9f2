"""Answers to requests that go no further: JSON with CORS headers, like any other answer."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.http import HTTP_STATUS_CODES

from teamcal.domain.values import to_json
from teamcal.http.origins import CorsHeaders
from teamcal.texts.error_body import STATUS, failure
from teamcal.texts.language import language_of

Headers = Sequence[tuple[str, str]]


class Refusals:
    """`cors_headers` gives the headers of an answer to a page of another origin.

    `safe_headers(path)`: for refusals outside of the layer that adds them to all others.
    """

    def __init__(
        self, cors_headers: CorsHeaders, safe_headers: Callable[[str], Headers] | None = None
    ) -> None:
        self._cors_headers, self._safe_headers = cors_headers, safe_headers

    def answer(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        code: str,
        headers: Headers = (),
        **details: Any,
    ) -> Iterable[bytes]:
        """Answers `{"success": false, "code", "message", …}` in the request's language."""
        body = to_json(failure(code, language_of(environ), **details))
        status = STATUS[code]
        own = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        cors = self._cors_headers(environ.get("HTTP_ORIGIN"))
        safe = self._safe_headers(environ.get("PATH_INFO", "")) if self._safe_headers else ()
        start_response(f"{status} {HTTP_STATUS_CODES[status].upper()}", [*headers, *cors, *own, *safe])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
