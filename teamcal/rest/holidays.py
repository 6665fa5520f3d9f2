"""/api/holidays: days off, for everybody; the installation's own list, for administrators."""

import hashlib
from collections.abc import Iterable

from teamcal.domain.fields import event_date_from
from teamcal.domain.holidays import Holiday, holiday_name_from
from teamcal.domain.values import to_json
from teamcal.rest.call import Call, Reply, bytes_reply, json_reply
from teamcal.rest.parsing import date_from
from teamcal.rest.routes import Routes

routes = Routes("holidays")


@routes.get("/api/holidays")
def list_holidays(call: Call) -> Reply:
    query = call.query
    first, last = date_from("from", query.get("from")), date_from("to", query.get("to"))
    holidays = call.calendar.holidays.between(call.caller, first, last)
    content = to_json({"success": True, "holidays": _public(holidays)})
    return bytes_reply(content, etag=hashlib.blake2b(content, digest_size=16).hexdigest())


@routes.put("/api/holidays/<date>")
def set_holiday(call: Call) -> Reply:
    day, name = event_date_from("date", call.given["date"]), holiday_name_from(call.json_object())
    return json_reply(holidays=_public(call.calendar.holidays.set(call.caller, day, name)))


@routes.delete("/api/holidays/<date>")
def remove_holiday(call: Call) -> Reply:
    """Also 200 if the date isn't on the list: the answer shows what is left of it."""
    day = event_date_from("date", call.given["date"])
    return json_reply(holidays=_public(call.calendar.holidays.set(call.caller, day, None)))


def _public(holidays: Iterable[Holiday]) -> list[dict[str, str]]:
    return [holiday._asdict() for holiday in holidays]
