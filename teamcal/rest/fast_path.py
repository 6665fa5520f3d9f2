"""Before Flask: what is asked most, two reads and two writes (docs/decisions/door.md)."""

import io
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any

from teamcal import deadline
from teamcal.calendar import Calendar
from teamcal.domain.caller import UNNAMED
from teamcal.domain.fields import client_id_from, event_edit_from, event_from
from teamcal.errors import InvalidInput
from teamcal.rest.changes import DEFAULT_LIMIT, changes_content
from teamcal.rest.events import created, written
from teamcal.rest.parsing import object_from, version_from
from teamcal.rest.replies import Told, refusal, tags
from teamcal.texts.language import language_of

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Ask = Callable[[], Told]

LARGEST_BODY = 65_536
"""Bytes that are read here; an event takes up to 40,000."""
_EVENTS = re.compile(r"/api/events/([0-9A-Za-z-]+)")
_CHANGES = re.compile(r"/api/changes/([0-9A-Za-z-]+)")
_CURSOR = re.compile(r"cursor=([0-9A-Za-z_-]+)")
_ONE_TAG = re.compile(r'"[^"]*"')
_JSON = re.compile(r"application/json(; ?charset=utf-8)?", re.IGNORECASE)
_PRIVATE_NETWORK = "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"
_STATUS = {status.value: f"{status.value} {status.phrase.upper()}" for status in HTTPStatus}


class Door:
    """Answers these four as Flask's routes do, to the byte, and lets everything else through.

    Routing, contexts, request and response objects take 250 µs of 700, and there is little else to do.
    `everywhere` are the headers of every answer.
    """

    def __init__(self, inner: Application, calendar: Calendar, everywhere: list[tuple[str, str]]) -> None:
        self.inner, self.calendar, self.everywhere = inner, calendar, everywhere

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.monotonic()
        ask = self._asked(environ)
        if ask is None:
            return self.inner(environ, start_response)
        told: Told | None = None
        with deadline.within(began + deadline.REQUEST_SECONDS - time.monotonic()):  # a slow body counts
            with suppress(Exception):  # Flask's route meets it as well, and has the words for it and the log
                told = ask()
            if told is None:
                return self.inner(environ, start_response)
        status, headers, content = told
        if status != HTTPStatus.NOT_MODIFIED:
            headers = {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
        start_response(_STATUS[status], [*headers.items(), *self.everywhere])
        return [content]

    def _asked(self, environ: dict[str, Any]) -> Ask | None:
        if _PRIVATE_NETWORK in environ:
            return None
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        query = environ.get("QUERY_STRING", "")
        if method == "GET" and "HTTP_IF_MATCH" not in environ:
            return self._read(path, query, environ.get("HTTP_IF_NONE_MATCH"))
        if method in ("POST", "PUT") and not query and (asked := _EVENTS.fullmatch(path)):
            with suppress(InvalidInput):  # Flask's route meets it as well
                return self._write(method, asked[1], environ)
        return None

    # Reads

    def _read(self, path: str, query: str, seen: str | None) -> Ask | None:
        if not query and (asked := _EVENTS.fullmatch(path)) and (seen is None or _ONE_TAG.fullmatch(seen)):
            return partial(self._list, asked[1], seen)
        if (asked := _CHANGES.fullmatch(path)) and (cursor := _CURSOR.fullmatch(query)):
            return partial(self._changes, asked[1], cursor[1])
        return None

    def _list(self, department_id: str, seen: str | None) -> Told:
        content, cursor = self.calendar.events.list_json(UNNAMED, department_id)
        if seen == f'"{cursor}"':
            return 304, tags(cursor), b""
        return 200, tags(cursor), content

    def _changes(self, department_id: str, cursor: str) -> Told:
        page = self.calendar.catch_up.changes(UNNAMED, department_id, cursor, DEFAULT_LIMIT)
        return 200, {}, changes_content(page, False)

    # Writes

    def _write(self, method: str, named: str, environ: dict[str, Any]) -> Ask | None:
        """Raises InvalidInput."""
        body = _body_of(environ)
        if body is None:
            return None
        given = object_from(body)
        if method == "POST":
            return self._once(environ, partial(self._create, named, event_from(given), client_id_from(given)))
        version = version_from(environ.get("HTTP_IF_MATCH"))
        return self._once(environ, partial(self._update, named, event_edit_from(given), version))

    def _once(self, environ: dict[str, Any], write: Ask) -> Ask:
        """A write that failed may have been applied: Flask's route must not try it again."""

        def told() -> Told:
            try:
                return write()
            except Exception as error:  # noqa: BLE001 -- as Flask's handler does
                what = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
                return refusal(error, language_of(environ), what)

        return told

    def _create(self, department_id: str, fields: dict[str, str], client_id: str | None) -> Told:
        return created(self.calendar.events.create(UNNAMED, department_id, fields, client_id))

    def _update(self, event_id: str, fields: dict[str, str], version: int | None) -> Told:
        return written(self.calendar.events.update(UNNAMED, event_id, fields, version).record)


def _body_of(environ: dict[str, Any]) -> bytes | None:
    """The JSON that came, which can be read again afterwards; None for what is out of the ordinary."""
    length = environ.get("CONTENT_LENGTH") or ""
    plain = (
        length.isascii() and length.isdigit() and len(length) < 6 and "HTTP_TRANSFER_ENCODING" not in environ
    )
    if (
        not plain
        or not 0 < int(length) <= LARGEST_BODY
        or not _JSON.fullmatch(environ.get("CONTENT_TYPE", ""))
    ):
        return None
    try:
        body: bytes = environ["wsgi.input"].read(int(length))
    except OSError:  # the client has gone: Flask has the words for it
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body if len(body) == int(length) else None
