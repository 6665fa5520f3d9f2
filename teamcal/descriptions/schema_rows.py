"""Schemas as a page shows them: one row for each property, its type in a few words."""

from typing import Any, NamedTuple

from teamcal.descriptions import Node
from teamcal.descriptions.openapi import resolved

_SAID = {
    "Revision", "Cursor", "Timestamp", "Clock", "OnlyDepartments", "Code", "Full", "Deleted", "EndsAt",
    "Present",
}  # fmt: skip
"""Small schemas that are shown where they are used."""


class Row(NamedTuple):
    """`links`: names of schemas that the type is made of."""

    name: str
    type: str
    links: list[str]
    required: bool
    description: str


def rows_of(document: Node, schema: Node) -> list[Row]:
    """Returns the properties of an object, those of all its parts."""
    schema = resolved(document, schema)
    rows: dict[str, Row] = {}
    required = _required(document, schema)
    for part in parts_of(document, schema):
        for name, value in part.get("properties", {}).items():
            about = value if "$ref" not in value else resolved(document, value)
            text = value.get("description") or about.get("description", "")
            if name not in rows or text:
                kind, links = type_of(document, value)
                rows[name] = Row(name, kind, links, name in required, text)
    return list(rows.values())


def parts_of(document: Node, schema: Node) -> list[Node]:
    schema = resolved(document, schema)
    parts = [schema] if "properties" in schema else []
    for inner in (*schema.get("allOf", ()), *schema.get("anyOf", ())):
        parts += parts_of(document, inner)
    return parts


def _required(document: Node, schema: Node) -> set[str]:
    names = set(schema.get("required", ()))
    for inner in schema.get("allOf", ()):
        names |= _required(document, resolved(document, inner))
    return names


def type_of(document: Node, schema: Node) -> tuple[str, list[str]]:
    """Returns a type in a few words, and the names of the schemas that are in it."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return type_of(document, resolved(document, schema)) if name in _SAID else ("", [name])
    if "oneOf" in schema:
        return "", [name for inner in schema["oneOf"] for name in type_of(document, inner)[1]]
    if "const" in schema:
        return _literal(schema["const"]), []
    if "enum" in schema and len(schema["enum"]) < 12:
        return " | ".join(map(_literal, schema["enum"])), []
    kinds = schema.get("type", "object")
    kind = " | ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if "items" in schema:
        inner, links = type_of(document, schema["items"])
        return f"{kind} [{inner}] {_bounds(schema)}".replace("[]", "").strip(), links
    return f"{kind} {_bounds(schema)}".strip(), []


def _literal(value: Any) -> str:
    return (
        {True: "true", False: "false", None: "null"}.get(value, f'"{value}"')
        if _is_word(value)
        else str(value)
    )


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, str | bool)


def _bounds(schema: Node) -> str:
    words = [str(schema["format"])] if "format" in schema else []
    low, high = schema.get("minimum", schema.get("minLength")), None
    for name in ("maximum", "maxLength", "maxItems", "maxProperties"):
        high = schema.get(name, high)
    if high is not None:
        words.append(f"{low}…{high}" if low is not None else f"≤ {high}")
    elif low is not None:
        words.append(f"≥ {low}")
    if "pattern" in schema:
        words.append(f"/{schema['pattern']}/")
    return " ".join(words)
