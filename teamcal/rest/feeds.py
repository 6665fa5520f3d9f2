"""iCalendar and CSV for other programs, and statistics. Feeds are read again and again: mostly it is 304."""

import re
from urllib.parse import quote

from teamcal.calendar.feeds import Feed
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.dispatch import if_modified
from teamcal.rest.parsing import date_from
from teamcal.rest.routes import Routes
from teamcal.sync.sorted_events import EventFilter

CALENDAR, TABLE = "text/calendar; charset=utf-8", "text/csv; charset=utf-8"
NAME_CHARACTERS = 100
"""Of a file's name."""
_NO_NAME = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
"""What no file system takes in a name."""

routes = Routes("feeds")


@routes.get("/api/departments/<department_id>/calendar.ics")
def get_calendar(call: Call) -> Reply:
    feed = call.calendar.feeds.of_department(call.caller, call.arguments["department_id"])
    return _reply(call, feed, "ics", CALENDAR)


@routes.get("/api/calendar.ics")
def get_calendars(call: Call) -> Reply:
    ids = [one for one in call.query.get("departments", "").split(",") if one]
    feed = call.calendar.feeds.of_departments(call.caller, list(map(call.calendar.stored_id, ids)))
    return _reply(call, feed, "ics", CALENDAR)


@routes.get("/api/departments/<department_id>/calendar.csv")
def get_table(call: Call) -> Reply:
    feed = call.calendar.feeds.table(call.caller, call.arguments["department_id"])
    return _reply(call, feed, "csv", TABLE, "attachment")


@routes.get("/api/events/<department_id>/<event_id>/calendar.ics")
def get_event(call: Call) -> Reply:
    department_id, event_id = call.arguments["department_id"], call.arguments["event_id"]
    feed = call.calendar.feeds.of_event(call.caller, department_id, event_id)
    return _reply(call, feed, "ics", CALENDAR)


@routes.get("/api/departments/<department_id>/stats")
def get_statistics(call: Call) -> Reply:
    query = call.query
    filter = EventFilter(date_from("from", query.get("from")), date_from("to", query.get("to")))
    department_id = call.arguments["department_id"]
    statistics, cursor = call.calendar.expanded.statistics(call.caller, department_id, filter)
    return json_reply(stats=statistics, etag=cursor)


def _reply(call: Call, feed: Feed, extension: str, content_type: str, shown: str = "inline") -> Reply:
    """Returns the feed; nothing of it is made if the program has it already."""
    name = _NO_NAME.sub(" ", feed.name).strip(" .")[:NAME_CHARACTERS] or "calendar"
    file_name = quote(f"{name}.{extension}", safe="", errors="replace")
    headers = {"ETag": f'"{feed.etag}"', "Content-Disposition": f"{shown}; filename*=UTF-8''{file_name}"}
    reply = Reply(200, headers, b"", content_type)
    if if_modified(reply, call).status != 200:
        return reply
    return reply._replace(body=feed.content())
