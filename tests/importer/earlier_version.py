"""What version 1.0 of the migration wrote: an event's id didn't contain the department that it went to."""

import json
import unicodedata
import uuid
from typing import Any

from teamcal.domain.caller import UNNAMED
from tests.importer.migration import Migration

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://team-calendar/desktop-files")


def earlier_department_id(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"department\n{name}"))


def earlier_id(date_key: str, record: dict[str, Any]) -> str:
    """Returns the id of a record whose key is a date, perhaps with a time; its old ids are integers."""
    values = [str(record["Id"]), "" if not record.get("DepartmentId") else str(record["DepartmentId"])]
    fields = (record["Description"], date_key[:10], record["Time"], record["Title"], record["Url"])
    for value in (*fields, record["LastModified"]):
        values.append(unicodedata.normalize("NFC", value).strip())
    return str(uuid.uuid5(NAMESPACE, "event\n" + json.dumps(values)))


def migrate_as_earlier(migration: Migration, default: str | None = None, upto: int | None = None) -> None:
    """Imports the folder's files as version 1.0 did, its first `upto` events: what has the id in any
    department was taken for imported.
    """
    calendar = migration.house.server().calendar
    departments, dated = (
        json.loads((migration.folder / name).read_bytes())
        for name in ("departments.json", "calendar_events.json")
    )
    by_old_id, by_name = {}, {}
    for department in departments["departments"]:
        name = unicodedata.normalize("NFC", department["name"]).strip()
        fields = {"name": name, "description": department.get("description") or ""}
        stored = calendar.departments.import_one(UNNAMED, earlier_department_id(name), fields)
        by_old_id[department["id"]] = by_name[name] = stored["id"]
    default_id = by_name[default] if default else next(iter(by_name.values()))
    records = [(key, record) for key, dated_records in dated.items() for record in dated_records]
    for key, record in records[:upto]:
        event_id = earlier_id(key, record)
        if any(
            item["id"] == event_id for item in migration.house.items(migration.house.storage.events_table)
        ):
            continue
        department_id = by_old_id.get(record.get("DepartmentId"), default_id)
        event = {
            "id": event_id, "department_id": department_id, "event_date": key[:10],
            "title": record["Title"].strip(), "description": record["Description"], "time": record["Time"],
            "url": record["Url"], "created_at": "2024-01-15T01:30:00.000Z",
            "last_modified": "2024-01-15T01:30:00.000Z",
        }  # fmt: skip
        calendar.events.import_many(UNNAMED, department_id, [event])
