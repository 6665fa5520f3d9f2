"""The decorators that put a rule above a handler."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

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
    """

    def __init__(self, resource: str) -> None:
        self.resource = resource
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get(self, rule: str) -> Callable[[Handler], Handler]:
        return self._adding("GET", rule)

    def post(self, rule: str) -> Callable[[Handler], Handler]:
        return self._adding("POST", rule)

    def put(self, rule: str) -> Callable[[Handler], Handler]:
        return self._adding("PUT", rule)

    def delete(self, rule: str) -> Callable[[Handler], Handler]:
        return self._adding("DELETE", rule)

    def _adding(self, method: str, rule: str) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            self._routes.append(Route(method, rule, f"{self.resource}.{handler.__name__}", handler))
            return handler

        return add
