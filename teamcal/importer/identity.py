"""The ids that the import gives: the same in every run, whatever is repaired or chosen by an option."""

import json
import re
import unicodedata
import uuid
from typing import Any

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://team-calendar/desktop-files")
_LINE_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")


def department_id_of(name: str) -> str:
    """Returns the id of a department with this name in the files."""
    # Not trimmed as the server trims names: two names that earlier versions took for different are two
    # departments in their tables.
    name = _LINE_BREAK.sub(" ", unicodedata.normalize("NFC", name)).strip()
    return str(uuid.uuid5(_NAMESPACE, f"department\n{name}"))


def event_id_of(department_id: str, content: str) -> str:
    """Returns the id of the event with this `content_of` in this department."""
    return str(uuid.uuid5(_NAMESPACE, f"event in {department_id}\n{content}"))


def earlier_event_id_of(content: str) -> str:
    """Returns the id that earlier versions gave to the event, whichever department it went to."""
    return str(uuid.uuid5(_NAMESPACE, f"event\n{content}"))


def content_of(record: dict[str, Any], date: str) -> str:
    """Returns the text that tells a record of the files from all others: the record as it is there.

    `date` is what its key in the file says.
    """
    # The order is that of the first version: its ids have to be found.
    values = [record.get("description"), date, *map(record.get, ("time", "title", "url", "lastmodified"))]
    texts = [old_id(record.get("id")), old_id(record.get("departmentid")), *map(_text_of, values)]
    # json.dumps escapes all but ASCII, since a lone surrogate can't be encoded; event_from refuses it later.
    return json.dumps(texts)


def _text_of(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return unicodedata.normalize("NFC", text).strip()


def old_id(value: Any) -> str:
    """Returns an old id as text: 1, 1.0 and "1" are the same; 0, null and a missing id are ""."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    return "" if text == "0" else text
