"""A REST request and its reply, as handlers see them; neither knows Flask."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

import orjson
from werkzeug.exceptions import UnsupportedMediaType

from teamcal.calendar import Calendar
from teamcal.domain.caller import UNNAMED, Caller, Kind
from teamcal.domain.fields import operation_id_from
from teamcal.domain.operation_ids import OperationId
from teamcal.domain.values import to_json
from teamcal.http.callers import caller_of
from teamcal.rest.parsing import caller_from, is_json, json_object_from, version_from
from teamcal.sync.gzipped import gzip_of
from teamcal.texts.language import language_of

_JSON = frozenset({"application/json", "application/json; charset=utf-8"})
"""What nearly every client sends as the Content-Type of JSON."""
_PLAIN_QUERY = re.compile(r"[a-z]+=[0-9A-Za-z_.-]+")


@dataclass(eq=False)
class Call:
    """One request. `given` are the variable parts of its path; everything else is parsed when asked for.

    Properties and methods raise InvalidInput where they say nothing else.
    """

    environ: WSGIEnvironment
    given: Mapping[str, str]
    calendar: Calendar

    @property
    def arguments(self) -> Mapping[str, str]:
        """The variable parts of the path, ids as the tables have them."""
        return {name: self.calendar.stored_id(text) for name, text in self.given.items()}

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
        if not text:
            return {}
        if _PLAIN_QUERY.fullmatch(text):  # most of them, in a fifth of the time
            name, _, value = text.partition("=")
            return {name: value}
        text = text.encode("latin-1").decode(errors="replace")
        # werkzeug's error handler leaves bytes that aren't UTF-8 percent-encoded.
        return dict(reversed(parse_qsl(text, keep_blank_values=True, errors="werkzeug.url_quote")))

    def json_object(self) -> dict[str, Any]:
        """Returns the body, which is complete (teamcal/http/bodies.py).

        Raises InvalidInput, UnsupportedMediaType.
        """
        body = self.environ["wsgi.input"].read()
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

    def operation_id(self, *asked: Any) -> OperationId | None:
        """The id in `Idempotency-Key` of a write that asks for these JSON values; None if there is none."""
        given = self.environ.get("HTTP_IDEMPOTENCY_KEY")
        return None if given is None else operation_id_from(given, "Idempotency-Key", *asked)

    @cached_property
    def language(self) -> str:
        """`ko` or `en`, for the texts of the reply."""
        return language_of(self.environ)

    @property
    def caller(self) -> Caller:
        """Who calls. Who isn't known by name may give one in `X-Display-Name`. Raises StorageError, too."""
        name, caller = self.environ.get("HTTP_X_DISPLAY_NAME"), caller_of(self.environ)
        if caller is None:
            return UNNAMED if name is None else caller_from(name)
        if name is None or caller.kind not in (Kind.GUEST, Kind.PASSCODE):
            return caller
        return replace(caller, name=caller_from(name).name)


class Reply(NamedTuple):
    """What a handler answers. `headers` are those besides the content's type and length.

    `gzip()` returns the body's gzip form, of an answer that may be compressed
    (docs/develop/decisions/compression.md).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    content_type: str = "application/json"
    gzip: Callable[[], bytes] | None = None


def json_reply(status: int = 200, etag: str | None = None, **body: Any) -> Reply:
    """`{"success": true, …}`. `etag` (without quotes) names the state that the body shows."""
    return Reply(status, revalidated(etag), to_json({"success": True, **body}))


def bytes_reply(content: bytes, etag: str | None = None, gzip: Callable[[], bytes] | None = None) -> Reply:
    """`content` is JSON already."""
    return Reply(200, revalidated(etag), content, gzip=gzip)


def compressible(reply: Reply) -> Reply:
    """Returns a list that may be compressed, anew for each who asks for it."""
    status, headers, body, content_type, _ = reply  # `_replace` takes ten times as long
    return Reply(status, headers, body, content_type, partial(gzip_of, body))


def revalidated(etag: str | None) -> Mapping[str, str]:
    """Headers of a reply that clients may keep; all must be asked about first (teamcal/http/headers.py)."""
    return {} if etag is None else {"ETag": f'"{etag}"'}
