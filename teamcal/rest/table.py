"""The route table: every REST route. Both dispatchers read it; neither knows a route by name."""

from teamcal.rest import batch, changes, departments, events, page
from teamcal.rest.routes import Route

ROUTES: tuple[Route, ...] = (
    *page.routes,
    *departments.routes,
    *events.routes,
    *batch.routes,
    *changes.routes,
)
