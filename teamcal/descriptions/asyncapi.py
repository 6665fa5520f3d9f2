"""AsyncAPI 3: docs/asyncapi.yaml with the schemas of the OpenAPI description that it refers to."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from teamcal import VERSION
from teamcal.descriptions import Node
from teamcal.descriptions.openapi import openapi
from teamcal.descriptions.sources import source
from teamcal.domain.values import to_json

_SCHEMA = "#/components/schemas/"


@lru_cache(1)
def asyncapi_json() -> bytes:
    return to_json(asyncapi())


def asyncapi() -> Node:
    """Returns the whole description."""
    document = source("asyncapi.yaml")
    document["info"]["version"] = VERSION
    own, shared = document["components"]["schemas"], openapi()["components"]["schemas"]
    waiting = list(references(document))
    while waiting:
        name = waiting.pop().removeprefix(_SCHEMA)
        if name not in own:
            own[name] = shared[name]
            waiting += references(shared[name])
    for name, message in document["components"]["messages"].items():
        message["name"] = name
    return document


def references(node: Any) -> Iterator[str]:
    """Yields the references to schemas in `node`."""
    if isinstance(node, dict):
        if str(node.get("$ref", "")).startswith(_SCHEMA):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from references(inner)
