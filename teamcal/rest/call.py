"""A REST request and its reply, as handlers see them; neither knows Flask."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

import orjson
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.wsgi import get_input_stream

from teamcal.calendar import Calendar
from teamcal.domain.caller import UNNAMED, Caller
from teamcal.domain.values import to_json
from teamcal.rest.parsing import caller_from, is_json, json_object_from, version_from
from teamcal.texts.language import language_of

MAX_BODY_BYTES = 1024 * 1024
SMALL_BODY_BYTES = 99_999
"""A body up to this size is read at once; an event takes up to 40,000."""
SMALL_LENGTH = re.compile(r"[0-9]{0,5}")
"""The Content-Length of a body of at most SMALL_BODY_BYTES, or of none."""
_JSON = frozenset({"application/json", "application/json; charset=utf-8"})
"""What nearly every client sends as the Content-Type of JSON."""
_PLAIN_QUERY = re.compile(r"[a-z]+=[0-9A-Za-z_.-]+")


@dataclass(eq=False)
class Call:
    """One request. `arguments` are the variable parts of its path; everything else is parsed when asked for.

    Properties and methods raise InvalidInput where they say nothing else.
    """

    environ: WSGIEnvironment
    arguments: Mapping[str, str]
    calendar: Calendar

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        return str(self.environ.get("PATH_INFO", ""))

    @property
    def query(self) -> dict[str, str]:
        """The query string's parameters; the first value of one that is repeated."""
        text = self.environ.get("QUERY_STRING", "")
        if _PLAIN_QUERY.fullmatch(text):  # most of them, in a fifth of the time
            name, _, value = text.partition("=")
            return {name: value}
        text = text.encode("latin-1").decode(errors="replace")
        # werkzeug's error handler leaves bytes that aren't UTF-8 percent-encoded.
        return dict(reversed(parse_qsl(text, keep_blank_values=True, errors="werkzeug.url_quote")))

    def json_object(self) -> dict[str, Any]:
        """Returns the body.

        Raises InvalidInput, UnsupportedMediaType, RequestEntityTooLarge, ClientDisconnected.
        """
        body = _body_of(self.environ)
        content_type = self.environ.get("CONTENT_TYPE", "")
        if content_type not in _JSON and not is_json(content_type):
            raise UnsupportedMediaType
        try:
            value = orjson.loads(body)
        except ValueError:
            value = None
        return value if isinstance(value, dict) else json_object_from(body)

    def expected_version(self) -> int | None:
        """Returns the version that `If-Match` demands; None for any."""
        return version_from(self.environ.get("HTTP_IF_MATCH"))

    @cached_property
    def language(self) -> str:
        """`ko` or `en`, for the texts of the reply."""
        return language_of(self.environ)

    @property
    def caller(self) -> Caller:
        """Who calls, by the name in `X-Display-Name`."""
        name = self.environ.get("HTTP_X_DISPLAY_NAME")
        return UNNAMED if name is None else caller_from(name)


def _body_of(environ: WSGIEnvironment) -> bytes:
    """Reads a small body in a tenth of the time of werkzeug's stream, which reads the others.

    Raises RequestEntityTooLarge, ClientDisconnected.
    """
    content_length = environ.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in environ or not SMALL_LENGTH.fullmatch(content_length):
        return _streamed_body_of(environ)
    length = int(content_length)
    try:
        body: bytes = environ["wsgi.input"].read(length) if length else b""
    except (OSError, ValueError):
        raise ClientDisconnected from None
    if len(body) < length:
        raise ClientDisconnected
    return body


def _streamed_body_of(environ: WSGIEnvironment) -> bytes:
    # One byte more: a chunked body is cut at the limit without an error.
    body = get_input_stream(environ, max_content_length=MAX_BODY_BYTES + 1).read()
    if len(body) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    return body


class Reply(NamedTuple):
    """What a handler answers. `headers` are those besides the content's type and length."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    content_type: str = "application/json"


def json_reply(status: int = 200, etag: str | None = None, **body: Any) -> Reply:
    """`{"success": true, …}`. `etag` (without quotes) names the state that the body shows."""
    return Reply(status, revalidated(etag), to_json({"success": True, **body}))


def bytes_reply(content: bytes, etag: str | None = None) -> Reply:
    """`content` is JSON already."""
    return Reply(200, revalidated(etag), content)


def revalidated(etag: str | None) -> Mapping[str, str]:
    """Headers of a reply that clients may keep but must ask about before each use."""
    return {} if etag is None else {"ETag": f'"{etag}"', "Cache-Control": "no-cache"}
