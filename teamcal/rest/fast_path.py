"""Ordinary requests, answered before Flask (docs/develop/decisions/fast_path.md)."""

import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.http import HTTP_STATUS_CODES

from teamcal.calendar import Calendar
from teamcal.http.origins import CorsHeaders
from teamcal.rest.call import Call
from teamcal.rest.dispatch import run
from teamcal.rest.routes import Handler, Route

# A preflight with this header needs what only flask-cors knows.
_PRIVATE_NETWORK = "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"
_STATUS_LINES = {status: f"{status} {phrase.upper()}" for status, phrase in HTTP_STATUS_CODES.items()}


class FastPath:
    """Dispatches to the handlers of the route table as Flask does, to the byte; passes on what needs more.

    Flask's routing, contexts, request and response objects take 250 µs a request.
    """

    def __init__(
        self,
        application: WSGIApplication,
        routes: Iterable[Route],
        calendar: Calendar,
        cors_headers: CorsHeaders,
    ) -> None:
        self._application, self._calendar, self._cors_headers = application, calendar, cors_headers
        self._routes: dict[tuple[str, str], list[tuple[re.Pattern[str], Handler]]] = {}
        """The routes of a method under one name, such as `events` of /api/events/<event_id>."""
        for route in sorted(routes, key=_precedence):
            key = (route.method, _name_in(route.rule))
            self._routes.setdefault(key, []).append((_pattern_of(route.rule), route.handler))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        ordinary = _PRIVATE_NETWORK not in environ and environ.get("HTTP_UPGRADE", "").lower() != "websocket"
        path = environ.get("PATH_INFO", "")
        routes = self._routes.get((environ["REQUEST_METHOD"], _name_in(path)), ()) if ordinary else ()
        for pattern, handler in routes:
            if match := pattern.fullmatch(path):
                call = Call(environ, match.groupdict(), self._calendar)
                status, headers, body, content_type, _ = run(handler, call)
                fields = [*headers.items(), *self._cors_headers(environ.get("HTTP_ORIGIN"))]
                if status != 304:
                    fields += [("Content-Type", content_type), ("Content-Length", str(len(body)))]
                start_response(_STATUS_LINES[status], fields)
                return [body]
        return self._application(environ, start_response)


def _name_in(path: str) -> str:
    """Returns the segment after `/api/`, which is fixed in every rule; "" elsewhere."""
    return path[5:].partition("/")[0] if path.startswith("/api/") else ""


def _precedence(route: Route) -> tuple[int, ...]:
    """A fixed segment goes before a variable one, as in Flask's routing."""
    return tuple("<" in segment for segment in route.rule.split("/"))


def _pattern_of(rule: str) -> re.Pattern[str]:
    """A variable part takes printable ASCII only; other paths are Flask's to decode."""

    def group(variable: re.Match[str]) -> str:
        characters = "[!-.0-~][!-~]*" if variable[1] else "[!-.0-~]+"
        return f"(?P<{variable[2]}>{characters})"

    return re.compile(re.sub(r"<(path:)?(\w+)>", group, rule))
