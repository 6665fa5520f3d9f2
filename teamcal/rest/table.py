"""The route table: every REST route. Both dispatchers read it; neither knows a route by name."""

from teamcal.rest import (
    audit,
    batch,
    changes,
    departments,
    descriptions,
    events,
    feeds,
    holidays,
    imports,
    page,
    policies,
    session,
    tokens,
    users,
)
from teamcal.rest.routes import Route

ROUTES: tuple[Route, ...] = (
    *page.routes,
    *descriptions.routes,
    *departments.routes,
    *events.routes,
    *batch.routes,
    *changes.routes,
    *feeds.routes,
    *holidays.routes,
    *imports.routes,
    *session.routes,
    *users.routes,
    *tokens.routes,
    *policies.routes,
    *audit.routes,
)
