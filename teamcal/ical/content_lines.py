"""Content lines (RFC 5545 §3.1): cut from bytes, taken apart, and written.

A line keeps the bytes that it stood in, so that a component can be written back as it came. Everything here
takes time in proportion to the input.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

LINE_END = re.compile(rb"[\r\n]++(?![ \t])")
"""The end of a content line: line breaks that no fold follows."""

_FOLD_AT = 75  # octets, without the line break
_FOLD = re.compile(rb"[\r\n]++[ \t]")

# Name, parameters (a quoted value may hold any of ;:,), value. Possessive: no attempt is made twice.
_PARTS = re.compile(r'([^;:"]*+)((?:;[^";:]*+(?:"[^"]*+"[^";:]*+)*+)*+):(.*)', re.DOTALL)
_LENIENT_PARTS = re.compile(r"([^;:]*+)([^:]*+):?(.*)", re.DOTALL)
_PARAMETER = re.compile(r';([^=;"]*+)=?((?:[^";]++|"[^"]*+"?)*+)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LIST_ITEM = re.compile(r"((?:[^\\,]++|\\.?)*+)(?:,|\Z)", re.DOTALL)


class ContentLine(NamedTuple):
    """One property. `raw`: with its folds and line breaks; `value`: as written, escapes included."""

    raw: bytes
    name: str
    parameters: str
    value: str

    def parameter(self, name: str) -> str | None:
        """Returns the value of a parameter without quotes; None without it."""
        for key, value in _PARAMETER.findall(self.parameters) if self.parameters else ():
            if key.strip().upper() == name:
                return str(value).strip().strip('"')
        return None

    def parameter_names(self) -> set[str]:
        return {key.strip().upper() for key, _ in _PARAMETER.findall(self.parameters)}


@dataclass(slots=True)
class Component:
    """A component as it came: its lines and the components inside it in their order.

    The parts are complete before anybody asks for lines by name.
    """

    kind: str
    begin: bytes
    parts: "list[ContentLine | Component]" = field(default_factory=list)
    end: bytes = b""
    _by_name: dict[str, list[ContentLine]] | None = field(default=None, repr=False, compare=False)

    def lines(self, *names: str) -> list[ContentLine]:
        """Returns the component's own lines, all or those with the names."""
        if not names:
            return [part for part in self.parts if isinstance(part, ContentLine)]
        return [line for name in names for line in self._named().get(name, ())]

    def line(self, name: str) -> ContentLine | None:
        return next(iter(self._named().get(name, ())), None)

    def without(self, *lines: ContentLine) -> "Component":
        """Returns the component without some of its own lines."""
        return Component(self.kind, self.begin, [part for part in self.parts if part not in lines], self.end)

    def _named(self) -> dict[str, list[ContentLine]]:
        if self._by_name is None:
            self._by_name = {}
            for line in self.lines():
                self._by_name.setdefault(line.name, []).append(line)
        return self._by_name

    def children(self, kind: str | None = None) -> "list[Component]":
        inner = [part for part in self.parts if isinstance(part, Component)]
        return [part for part in inner if kind in (None, part.kind)]

    def raw(self) -> bytes:
        parts = (part.raw if isinstance(part, ContentLine) else part.raw() for part in self.parts)
        return b"".join((self.begin, *parts, self.end))


def raw_lines(text: bytes) -> Iterator[bytes]:
    """Yields each content line with its folds and line breaks, those of empty lines after it included."""
    at = 0
    for end in LINE_END.finditer(text):
        yield text[at : end.end()]
        at = end.end()
    if at < len(text):
        yield text[at:]


def unfolded(raw: bytes) -> bytes:
    """Returns the content line without folds and line breaks.

    Bytes, because some programs fold in the middle of a character.
    """
    line = raw.rstrip(b"\r\n")
    return _FOLD.sub(b"", line) if b"\n" in line or b"\r" in line else line


def decoded(text: bytes) -> str:
    """Returns UTF-8, else CP949 (older Korean programs), else UTF-8 with replacement characters."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return text.decode("cp949")
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace")


def content_line(raw: bytes) -> ContentLine:
    text = decoded(unfolded(raw))
    match = _PARTS.fullmatch(text) or _LENIENT_PARTS.fullmatch(text)
    assert match  # the lenient one takes everything
    return ContentLine(raw, match[1].strip().upper(), match[2], match[3])


def components(text: bytes) -> list[Component]:
    """Returns the components of a text that `calendar_file` has cut, so that they nest properly."""
    top: list[Component] = []
    stack: list[Component] = []
    for raw in raw_lines(text):
        line = content_line(raw)
        if line.name == "BEGIN":
            component = Component(line.value.strip().upper(), line.raw)
            (stack[-1].parts if stack else top).append(component)
            stack.append(component)
        elif line.name == "END" and stack:
            stack.pop().end = line.raw
        elif stack:
            stack[-1].parts.append(line)
    return top


def unescaped(value: str) -> str:
    """Returns a TEXT value (§3.3.11) without its escapes."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def unescaped_list(value: str) -> list[str]:
    """Returns the items of a list of TEXT values."""
    items = [match[1] for match in _LIST_ITEM.finditer(value)]
    # The pattern also matches the empty rest behind the last item.
    return [unescaped(item) for item in (items[:-1] if len(items) > 1 and not value.endswith(",") else items)]


def escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def folded(line: str) -> bytes:
    """Returns the line with CRLF, folded after at most 75 octets and never within a character (§3.1)."""
    raw = line.encode("utf-8", "replace")
    if len(raw) <= _FOLD_AT:
        return raw + b"\r\n"
    pieces, at, room = [], 0, _FOLD_AT
    while at < len(raw):
        end = at + room
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(raw[at:end])
        at, room = end, _FOLD_AT - 1
    return b"\r\n ".join(pieces) + b"\r\n"
