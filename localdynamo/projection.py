"""ProjectionExpressions, parsed once a request: ministack parses and checks one for each item."""

from collections.abc import Callable
from functools import partial
from typing import Any

from ministack.services import dynamodb

from localdynamo.sorted_keys import Item


def projection_of(expression: str | None, names: dict[str, str]) -> Callable[[Item], Item] | None:
    """Returns what shows of an item what a valid ProjectionExpression names; None for everything.

    It does what ministack's `_project_item` does.
    """
    if not expression:
        return None
    paths = [dynamodb._parse_projection_path(path.strip(), names) for path in expression.split(",")]
    wanted: dict[str, list[str]] = {}
    for (_, name), *rest in paths:
        wanted.setdefault(name, []).extend(inner for kind, inner in rest if kind == "name")
    is_plain = len(paths) == len({str(path) for path in paths}) and all(
        len(path) == 1 + bool(wanted[path[0][1]]) for path in paths
    )
    return partial(_plain_parts, wanted) if is_plain else partial(_parts, paths)


def _plain_parts(wanted: dict[str, list[str]], item: Item) -> Item:
    """`wanted`: names of attributes, and of each the names of a map's, without any the attribute itself."""
    shown: Item = {}
    for name, inner_names in wanted.items():
        value = item.get(name)
        if value is None:
            continue
        if not inner_names:
            shown[name] = value
        elif part := {inner: value["M"][inner] for inner in inner_names if inner in value.get("M", ())}:
            shown[name] = {"M": part}
    return shown


def _parts(paths: list[Any], item: Item) -> Item:
    shown: Item = {}
    for (_, name), *rest in paths:
        if name not in item:
            continue
        if not rest:
            shown[name] = item[name]
        elif (part := dynamodb._project_one(item[name], rest)) is not None:
            shown[name] = dynamodb._merge_projection(shown[name], part) if name in shown else part
    return {name: dynamodb._compact_projection(value) for name, value in shown.items()}
