"""The decorators that put a rule above a handler."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import NamedTuple

from werkzeug.exceptions import NotFound

from teamcal.rest.call import Call, Reply

Handler = Callable[[Call], Reply]


class Route(NamedTuple):
    """`rule` is written as in Flask: `/api/events/<event_id>`, `/web/<path:name>`."""

    method: str
    rule: str
    name: str
    handler: Handler


class Routes:
    """The routes of one resource. Iterating yields them in the order of their definition.

    routes = Routes("events")

    @routes.get("/api/events/<department_id>")
    def list_events(call: Call) -> Reply: ...

    `with_tokens`: with AUTH_MODE=open they are answered as if they didn't exist.
    """

    def __init__(self, resource: str, with_tokens: bool = False) -> None:
        self.resource, self._with_tokens = resource, with_tokens
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get(self, rule: str) -> Callable[[Handler], Handler]:
        return self._adding("GET", rule)

    def post(self, rule: str) -> Callable[[Handler], Handler]:
        return self._adding("POST", rule)

    def put(self, rule: str) -> Callable[[Handler], Handler]:
        return self._adding("PUT", rule)

    def patch(self, rule: str) -> Callable[[Handler], Handler]:
        return self._adding("PATCH", rule)

    def delete(self, rule: str) -> Callable[[Handler], Handler]:
        return self._adding("DELETE", rule)

    def _adding(self, method: str, rule: str) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            served = _only_with_tokens(handler) if self._with_tokens else handler
            self._routes.append(Route(method, rule, f"{self.resource}.{handler.__name__}", served))
            return handler

        return add


def _only_with_tokens(handler: Handler) -> Handler:
    @wraps(handler)
    def served(call: Call) -> Reply:
        if call.calendar.permits.is_open:
            raise NotFound
        return handler(call)

    return served
