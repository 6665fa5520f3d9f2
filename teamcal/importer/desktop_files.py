"""The desktop application's files, read and repaired: what can be taken, and what can't and why. Pure."""

import json
import re
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

from teamcal.domain.fields import department_from, event_from, is_web_address
from teamcal.domain.values import timestamp
from teamcal.errors import InvalidInput
from teamcal.texts.messages import message

DEPARTMENTS_FILE, EVENTS_FILE = "departments.json", "calendar_events.json"
UNTITLED = "(제목 없음)"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://team-calendar/desktop-files")
# Keys of calendar_events.json: a date, perhaps with a time as C# writes it in one culture or another.
_DATE_KEY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]+(?:오전 |오후 |AM |PM )?[0-9]{1,2}:.*)?")
_HOST = re.compile(
    r"(?:localhost|[^\s/@:?#.]+(?:\.[^\s/@:?#.]+)+)(?::[0-9]{1,5})?(?:[/?#].*)?", re.IGNORECASE
)
_REPEATED = "\x00repeated"
"""Under this key a JSON object lists the pairs of keys that stand in it more than once."""


@dataclass
class OldDepartment:
    """`old_ids`: what events call it; several when the file names it more than once."""

    where: str
    id: str
    fields: dict[str, str]
    old_ids: list[str]


class OldEvent(NamedTuple):
    """`id` is the same in every run; `last_modified` is None when the file doesn't tell."""

    where: str
    id: str
    old_department: str
    fields: dict[str, str]
    last_modified: str | None


@dataclass
class OldFiles:
    """What the files hold. `problems` are records (or whole files) that can't be taken."""

    departments: list[OldDepartment] = field(default_factory=list)
    events: list[OldEvent] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Unusable(Exception):
    """A record or file that can't be taken; the text is for people."""


def department_id_of(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"department\n{name}"))


def read_old_files(departments: Path | None, events: Path | None, zone: tzinfo) -> OldFiles:
    """`zone`: of a LastModified that names none. A path is None when there is no such file."""
    found = OldFiles()
    for name, path, read in (
        (DEPARTMENTS_FILE, departments, _read_departments),
        (EVENTS_FILE, events, lambda content, into: _read_events(content, into, zone)),
    ):
        try:
            if path is None:
                raise Unusable("파일이 없습니다.")
            read(_json_of(path), found)
        except Unusable as error:
            found.problems.append(f"{name}: {error}")
    return found


# JSON


def _json_of(path: Path) -> Any:
    try:
        raw = path.read_bytes()
        text = raw.decode(json.detect_encoding(raw))
        return json.loads(text, object_pairs_hook=_object)
    except OSError as error:
        raise Unusable(f"읽을 수 없습니다 ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise Unusable(f"{line}행 {column}번째 바이트: UTF-8이 아닙니다.") from None
    except json.JSONDecodeError as error:
        raise Unusable(f"{error.lineno}행 {error.colno}열: 올바른 JSON이 아닙니다 ({error.msg}).") from None
    except (RecursionError, ValueError) as error:
        raise Unusable(f"올바른 JSON이 아닙니다 ({error}).") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        read[_REPEATED] = pairs
    return read


def _record(value: Any) -> dict[str, Any]:
    """A record with its keys as `lastmodified`, however they are written. Raises Unusable."""
    if not isinstance(value, dict):
        raise Unusable("JSON 객체가 아닙니다.")
    if _REPEATED in value:
        raise Unusable("같은 이름의 항목이 두 번 있습니다.")
    record: dict[str, Any] = {}
    for key, one in value.items():
        name = key.replace("_", "").lower()
        if record.get(name) is not None and one not in (None, record[name]):
            raise Unusable(f"{key}에 값이 두 개 있습니다.")
        record[name] = record.get(name) if one is None else one
    return record


def _old_id(value: Any) -> str:
    """1, 1.0 and "1" are the same; 0, null and nothing are ""."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    return "" if text == "0" else text


def _text_of(error: InvalidInput) -> str:
    return ", ".join(
        f"{problem.field}: {message(problem.reason, 'ko', **problem.details)}" for problem in error.problems
    )


# Departments


def _read_departments(content: Any, into: OldFiles) -> None:
    if isinstance(content, dict) and _REPEATED not in content:
        content = next((one for key, one in content.items() if key.lower() == "departments"), None)
    if not isinstance(content, list):
        raise Unusable('{"departments": […]} 형식이 아닙니다.')
    for index, value in enumerate(content):
        where = f"{DEPARTMENTS_FILE}: departments[{index}]"
        try:
            _add_department(_department(where, value), into)
        except Unusable as error:
            into.problems.append(f"{where}: {error}")


def _department(where: str, value: Any) -> OldDepartment:
    record = _record(value)
    given = {name: record[name] for name in ("name", "description") if name in record}
    try:
        fields = department_from(given)
    except InvalidInput as error:
        raise Unusable(_text_of(error)) from None
    old_id = _old_id(record.get("id"))
    return OldDepartment(where, department_id_of(fields["name"]), fields, [old_id] if old_id else [])


def _add_department(department: OldDepartment, into: OldFiles) -> None:
    for known in into.departments:
        shared = set(known.old_ids) & set(department.old_ids)
        if known.id == department.id:
            known.old_ids += [one for one in department.old_ids if one not in known.old_ids]
            into.warnings.append(
                f"{department.where}: 부서 '{known.fields['name']}'와 이름이 같아 하나로 합쳤습니다."
                + ("" if known.fields == department.fields else " 설명은 먼저 나온 것을 씁니다.")
            )
            return
        if shared:
            department.old_ids = []
            into.warnings.append(
                f"{department.where}: id {shared.pop()}은(는) 부서 '{known.fields['name']}'의 것입니다. "
                "이 id의 이벤트는 그 부서로 옮깁니다."
            )
    into.departments.append(department)


# Events


def _read_events(content: Any, into: OldFiles, zone: tzinfo) -> None:
    if not isinstance(content, dict):
        raise Unusable('{"날짜": [이벤트, …]} 형식이 아닙니다.')
    seen: dict[str, str] = {}
    for where, key, value in _positions(content, into):
        try:
            event = _event(where, key, value, into, zone)
        except Unusable as error:
            into.problems.append(f"{where}: {error}")
            continue
        if event.id in seen:
            into.warnings.append(f"{where}: {seen[event.id]}와 똑같은 이벤트라 한 번만 옮깁니다.")
            continue
        seen[event.id] = where
        into.events.append(event)


def _positions(content: dict[str, Any], into: OldFiles) -> Iterator[tuple[str, str, Any]]:
    """Every record with where it stands; a date that stands there twice counts with both lists."""
    for key, values in content.get(_REPEATED) or content.items():
        place = f"{EVENTS_FILE}: {json.dumps(key, ensure_ascii=False)}"
        if isinstance(values, list):
            for index, value in enumerate(values):
                yield f"{place}[{index}]", key, value
        elif values is not None:
            into.problems.append(f"{place}: 이벤트의 목록이 아닙니다.")


def _event(where: str, key: str, value: Any, into: OldFiles, zone: tzinfo) -> OldEvent:
    record = _record(value)
    dated = _DATE_KEY.fullmatch(key.strip())
    given = {name: record.get(name) for name in ("title", "description", "time", "url")}
    given["event_date"] = dated[1] if dated else key
    stable = _stable_id(given, record)
    repairs = _repair(given)
    try:
        fields = event_from(given)
    except InvalidInput as error:
        raise Unusable(_text_of(error)) from None
    last_modified, invalid = _moment(record.get("lastmodified"), zone)
    if invalid:
        repairs.append("LastModified를 알 수 없어 지금 시각을 씁니다.")
    into.warnings += [f"{where}: {repair}" for repair in repairs]
    return OldEvent(where, stable, _old_id(record.get("departmentid")), fields, last_modified)


def _stable_id(given: dict[str, Any], record: dict[str, Any]) -> str:
    """From the record as it stands in the file: repairs and options may change, the id may not."""
    values = [_old_id(record.get("id")), _old_id(record.get("departmentid"))]
    for value in (*(given[name] for name in sorted(given)), record.get("lastmodified")):
        text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
        values.append(unicodedata.normalize("NFC", text).strip())
    # ASCII: a lone surrogate has to pass here, it is refused later.
    return str(uuid.uuid5(_NAMESPACE, "event\n" + json.dumps(values)))


def _repair(given: dict[str, Any]) -> list[str]:
    """Changes `given` where the contract allows it; says what was done."""
    repairs = []
    title, url = given["title"], given["url"]
    if title is None or (isinstance(title, str) and not title.strip()):
        given["title"] = UNTITLED
        repairs.append(f"제목이 비어 있어 '{UNTITLED}'(으)로 옮깁니다.")
    url = given["url"] = url.strip() if isinstance(url, str) else url
    if not url or not isinstance(url, str) or is_web_address(url):
        return repairs
    address = "https://" + url.removeprefix("//")
    if _HOST.fullmatch(url.removeprefix("//")) and is_web_address(address):
        given["url"] = address
        repairs.append(f"Url에 https://를 붙였습니다: {address}")
    elif given["description"] is None or isinstance(given["description"], str):
        given["url"] = ""
        given["description"] = f"{given['description'] or ''}\n{url}".lstrip("\n")
        repairs.append(f"웹 주소가 아닌 Url을 설명의 끝으로 옮겼습니다: {url!r}")
    return repairs


def _moment(value: Any, zone: tzinfo) -> tuple[str | None, bool]:
    """UTC as it is stored, and whether something was there that is no time."""
    if value is None or value == "":
        return None, False
    try:
        moment = datetime.fromisoformat(value.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        # C# writes the year 1 for a time that was never set.
        return (timestamp(moment), False) if moment.year >= 1000 else (None, True)
    except (AttributeError, ValueError, OverflowError):
        return None, True
