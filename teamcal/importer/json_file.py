"""Reads a JSON file so that nothing in it is lost, not even a key that is repeated in an object."""

import codecs
import json
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

MAX_FILE_BYTES = 256 * 1024 * 1024
"""A million events; parsing takes about ten times as much memory."""
HOW_TO_SAVE = "메모장에서 열고 '다른 이름으로 저장'에서 인코딩을 UTF-8로 바꾸세요."
_SHOWN_CHARACTERS = 100
_REFERENCED_DEPTH = 3
"""The object, its lists and their records: no deeper value is an object in the desktop client's files."""


class Unusable(Exception):
    """A file or record that can't be imported; the text is Korean and meant for people."""


class JsonFile(NamedTuple):
    """`content` has its objects as JsonObject; `warning` says how the bytes were read if not as UTF-8."""

    content: Any
    warning: str = ""


class JsonObject(dict[str, Any]):
    """A JSON object as a dict (the last of repeated keys counts), with all of its pairs in file order."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    @property
    def has_repeated_keys(self) -> bool:
        return len(self) < len(self.pairs)


def read_json(path: Path) -> JsonFile:
    """Raises Unusable with the position of the error."""
    raw = _bytes_of(path)
    text, warning = _text_of(raw)
    try:
        if not warning and (lost := text.count("\ufffd")):
            warning = f"알아볼 수 없게 깨진 글자(�)가 {lost}개 있습니다."
        return JsonFile(_Parser().parse(text), warning)
    except json.JSONDecodeError as error:
        raise Unusable(f"{error.lineno}행 {error.colno}열: 올바른 JSON이 아닙니다 ({error.msg}).") from None
    except (RecursionError, ValueError) as error:
        raise Unusable(f"올바른 JSON이 아닙니다 ({error}).") from None


def _bytes_of(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise Unusable("파일이 아닙니다.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise Unusable(f"파일이 너무 큽니다. {MAX_FILE_BYTES // 1024**2} MB까지 읽습니다.")
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"읽을 수 없습니다 ({error.strerror}).") from None


def _text_of(raw: bytes) -> tuple[str, str]:
    """Returns the text and a warning if it isn't UTF-8. Raises Unusable."""
    if raw and not raw.strip(b"\0"):
        raise Unusable("0만 들어 있는 손상된 파일입니다. 백업에서 되살려 주세요.")  # after a power failure
    encoding = json.detect_encoding(raw)  # by the byte order mark, or by where the zeros are
    if not encoding.startswith("utf-8"):
        try:
            return raw.decode(encoding), f"UTF-8이 아니라 {encoding.upper()} 파일로 읽었습니다."
        except UnicodeDecodeError:
            raise Unusable(f"{encoding.upper()} 파일이 손상되었습니다. {HOW_TO_SAVE}") from None
    try:
        return raw.decode(encoding), ""
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        where = f"{line}행 {column}번째 바이트: UTF-8이 아닙니다."
    if (text := _korean_text_of(raw)) is None:
        raise Unusable(f"{where} {HOW_TO_SAVE}")
    return text, f"{where} CP949(한글 Windows)로 읽었습니다. 글자가 깨졌으면 {HOW_TO_SAVE}"


def _korean_text_of(raw: bytes) -> str | None:
    """Returns the text of CP949 bytes; None if they are damaged UTF-8 or anything else.

    Korean text consists of the 2,350 syllables of KS X 1001 for the most part. UTF-8 that is read as CP949
    consists of Chinese characters and of the syllables that CP949 added.
    """
    try:
        text = raw.decode("cp949")
    except UnicodeDecodeError:
        return None
    foreign = list(islice((character for character in text if character > "\x7f"), 10_000))
    usual = sum(len(character.encode("euc-kr", "ignore")) == 2 for character in foreign if character >= "가")
    return text if usual * 10 >= len(foreign) * 7 and not raw.startswith(codecs.BOM_UTF8) else None


class _Reference(NamedTuple):
    """{"$ref": "1"}: the object or list whose "$id" is "1"."""

    id: str


class _Parser:
    """Parses JSON and takes the metadata of Newtonsoft.Json and System.Text.Json out of it.

    {"$id": "1", "$values": […]} is the list, "$id" and "$type" of an object are no data of its own, and
    {"$ref": "1"} is the object or list that has the id.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, Any] = {}

    def parse(self, text: str) -> Any:
        """Raises ValueError, RecursionError."""
        content = json.loads(text, object_pairs_hook=self._value_of)
        return self._resolved(content, _REFERENCED_DEPTH) if self._by_id else content

    def _value_of(self, pairs: list[tuple[str, Any]]) -> Any:
        data = [pair for pair in pairs if pair[0] not in ("$id", "$type")]
        match data:
            case [("$ref", str(referenced))]:
                return _Reference(referenced)
            case [("$values", list(values))]:
                value: Any = values
            case _:
                value = JsonObject(data)
        if len(data) < len(pairs) and isinstance(id_ := dict(pairs).get("$id"), str):
            self._by_id[id_] = value
        return value

    def _resolved(self, value: Any, depth: int) -> Any:
        if isinstance(value, _Reference):
            value = self._by_id.get(value.id, value)
        if depth == 0:
            return value
        if isinstance(value, JsonObject):
            return JsonObject([(key, self._resolved(item, depth - 1)) for key, item in value.pairs])
        if isinstance(value, list):
            return [self._resolved(item, depth - 1) for item in value]
        return value


def shown(text: str) -> str:
    """Returns text of a file for a line of output: short, and what isn't printable as an escape sequence."""
    short = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in short
    )


def normalized_record(value: Any) -> dict[str, Any]:
    """Returns a record with its keys in lower case and without underscores: `LastModified`, `last_modified`
    and `lastModified` all become `lastmodified`. Raises Unusable if a field has two different values.
    """
    if not isinstance(value, JsonObject):
        raise Unusable("JSON 객체가 아닙니다.")
    if value.has_repeated_keys:
        raise Unusable("같은 이름의 항목이 두 번 있습니다.")
    record: dict[str, Any] = {}
    for key, field_value in value.items():
        name = key.replace("_", "").lower()
        if record.get(name) is not None and field_value not in (None, record[name]):
            raise Unusable(f"{shown(key)}에 값이 두 개 있습니다.")
        record[name] = record.get(name) if field_value is None else field_value
    return record
