"""Before Flask: the two reads that are asked most, a whole calendar and what was missed since a cursor."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from .. import deadline
from ..calendar import Calendar
from ..history import History
from .answers import tags
from .changes import DEFAULT_LIMIT, changes_content
from .events import list_content

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Answer = tuple[str, list[tuple[str, str]], bytes]

_LIST = re.compile(r"/api/events/([0-9A-Za-z-]+)")
_CHANGES = re.compile(r"/api/changes/([0-9A-Za-z-]+)")
_CURSOR = re.compile(r"cursor=([0-9A-Za-z_-]+)")
_ONE_TAG = re.compile(r'"[^"]*"')
_UNUSUAL = {"HTTP_IF_MATCH", "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"}


class Door:
    """Answers these two as Flask's routes do, to the byte, and lets everything else through.

    Routing, contexts and response objects take 250 µs of 700, and such a read has little else to do.
    `everywhere` are the headers of every answer.
    """

    def __init__(
        self, inner: Application, calendar: Calendar, history: History, everywhere: list[tuple[str, str]]
    ) -> None:
        self.inner, self.calendar, self.history, self.everywhere = inner, calendar, history, everywhere

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        ask = self._asked(environ)
        if ask is None:
            return self.inner(environ, start_response)
        answer: Answer | None = None
        with deadline.within(deadline.REQUEST_SECONDS):
            with suppress(Exception):  # Flask's route meets it as well, and has the words for it and the log
                answer = ask()
            if answer is None:
                return self.inner(environ, start_response)
        status, headers, content = answer
        start_response(status, headers + self.everywhere)
        return [content]

    def _asked(self, environ: dict[str, Any]) -> Callable[[], Answer] | None:
        if environ["REQUEST_METHOD"] != "GET" or not _UNUSUAL.isdisjoint(environ):
            return None
        path, query, seen = (
            environ.get("PATH_INFO", ""),
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_IF_NONE_MATCH"),
        )
        if not query and (asked := _LIST.fullmatch(path)) and (seen is None or _ONE_TAG.fullmatch(seen)):
            return partial(self._list, asked[1], seen)
        if (asked := _CHANGES.fullmatch(path)) and (cursor := _CURSOR.fullmatch(query)):
            return partial(self._changes, asked[1], cursor[1])
        return None

    def _list(self, department_id: str, seen: str | None) -> Answer:
        replica = self.calendar.list_events(department_id)
        cursor = replica.at_hand().cursor
        if seen == f'"{cursor}"':
            return "304 NOT MODIFIED", tags(cursor), b""
        content, cursor = list_content(replica, None)
        return "200 OK", _of(content) + tags(cursor), content

    def _changes(self, department_id: str, cursor: str) -> Answer:
        content = changes_content(self.history.changes(department_id, cursor, DEFAULT_LIMIT), False)
        return "200 OK", _of(content), content


def _of(content: bytes) -> list[tuple[str, str]]:
    return [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
