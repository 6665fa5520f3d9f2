"""What the import repairs in an event of the desktop client, and the sentence it reports for each repair."""

import re
from datetime import datetime, tzinfo
from typing import Any

from teamcal.domain.fields import is_web_address
from teamcal.domain.values import timestamp

UNTITLED = "(제목 없음)"
# A host name without a scheme, perhaps with a port and a path: www.naver.com, localhost:8000/a
_HOST = re.compile(
    r"(?:localhost|[^\s/@:?#.]+(?:\.[^\s/@:?#.]+)+)(?::[0-9]{1,5})?(?:[/?#].*)?", re.IGNORECASE
)
_EARLIEST_YEAR = 1000  # C# writes the year 1 for a time that was never set.

RawFields = dict[str, Any]
"""title, description, time, url and event_date as they are in the file: any JSON value."""


def repaired(fields: RawFields) -> tuple[RawFields, list[str]]:
    """Returns the fields with a title and a usable address, and a sentence for each repair."""
    fields, title_repairs = _with_title(fields)
    fields, url_repairs = _with_usable_url(fields)
    return fields, title_repairs + url_repairs


def _with_title(fields: RawFields) -> tuple[RawFields, list[str]]:
    title = fields["title"]
    if title is None or (isinstance(title, str) and not title.strip()):
        return {**fields, "title": UNTITLED}, [f"제목이 비어 있어 '{UNTITLED}'으로 바꿨습니다."]
    return fields, []


def _with_usable_url(fields: RawFields) -> tuple[RawFields, list[str]]:
    """Adds https:// to a bare host name; moves any other text to the end of the description."""
    url, description = fields["url"], fields["description"]
    if not isinstance(url, str):
        return fields, []
    url = url.strip()
    fields = {**fields, "url": url}
    if not url or is_web_address(url):
        return fields, []
    without_slashes = url.removeprefix("//")
    address = "https://" + without_slashes
    if _HOST.fullmatch(without_slashes) and is_web_address(address):
        return {**fields, "url": address}, [f"Url에 https://를 붙였습니다: {address}"]
    if description is None or isinstance(description, str):
        description = f"{description or ''}\n{url}".lstrip("\n")
        repair = f"웹 주소가 아닌 Url을 설명 끝으로 옮겼습니다: {url!r}"
        return {**fields, "url": "", "description": description}, [repair]
    return fields, []


def last_modified_from(value: Any, zone: tzinfo) -> tuple[str | None, list[str]]:
    """Returns LastModified in UTC as it is stored, or None, and a sentence if the value isn't a time.

    `zone` is the time zone of a value that names none.
    """
    if value is None or value == "":
        return None, []
    moment = _moment(value, zone)
    if moment is None:
        return None, ["LastModified의 시각을 알 수 없어 현재 시각을 사용합니다."]
    return moment, []


def _moment(value: Any, zone: tzinfo) -> str | None:
    try:
        moment = datetime.fromisoformat(value.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return timestamp(moment) if moment.year >= _EARLIEST_YEAR else None
    except (AttributeError, ValueError, OverflowError):
        return None
