"""/api/audit: who changed what in who may do what, for administrators. Only with AUTH_MODE=token."""

from teamcal.calendar.audit import public_entry
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.parsing import whole_number_from
from teamcal.rest.routes import Routes

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
_LAST_REVISION = 999_999_999

routes = Routes("audit", with_tokens=True)


@routes.get("/api/audit")
def list_audit(call: Call) -> Reply:
    """Newest first. `before` in the answer asks for the next, older page; it is null at the end.

    With ?user= or ?department= a page may be short, even empty, before the end.
    """
    query, stored_id = call.query, call.calendar.stored_id
    limit = whole_number_from("limit", query["limit"], 1, MAX_LIMIT) if "limit" in query else DEFAULT_LIMIT
    before = whole_number_from("before", query["before"], 1, _LAST_REVISION) if "before" in query else None
    about = {name: stored_id(query[name]) for name in ("user", "department") if query.get(name)}
    page = call.calendar.audit.page(call.caller, before, limit, **about)
    return json_reply(changes=[public_entry(change) for change in page.changes], before=page.before)
