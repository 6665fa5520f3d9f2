"""What the import repairs in an event of the desktop client, and the sentence it reports for each repair."""

import re
from typing import Any

from teamcal.domain.text_rules import is_web_address
from teamcal.domain.visible_text import trimmed
from teamcal.importer.json_file import shown

UNTITLED = "(제목 없음)"
# A host name without a scheme, perhaps with a port and a path: www.naver.com, localhost:8000/a
_HOST = re.compile(
    r"(?:localhost|[^\s/@:?#.]+(?:\.[^\s/@:?#.]+)+)(?::[0-9]{1,5})?(?:[/?#].*)?", re.IGNORECASE
)

RawFields = dict[str, Any]
"""title, description, time, url and event_date as they are in the file: any JSON value."""


def repaired(fields: RawFields) -> tuple[RawFields, list[str]]:
    """Returns the fields with a title and a usable address, and a sentence for each repair."""
    fields, title_repairs = _with_title(fields)
    fields, url_repairs = _with_usable_url(fields)
    return fields, title_repairs + url_repairs


def _with_title(fields: RawFields) -> tuple[RawFields, list[str]]:
    title = fields["title"]
    if title is None or (isinstance(title, str) and not trimmed(title)):
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
        return {**fields, "url": address}, [f"Url에 https://를 붙였습니다: {shown(address)}"]
    if description is None or isinstance(description, str):
        description = f"{description or ''}\n{url}".lstrip("\n")
        repair = f"웹 주소가 아닌 Url을 설명 끝으로 옮겼습니다: '{shown(url)}'"
        return {**fields, "url": "", "description": description}, [repair]
    return fields, []
