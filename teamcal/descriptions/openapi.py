"""OpenAPI 3.1: docs/openapi.yaml with what the code knows better."""

import re
from collections import defaultdict
from functools import lru_cache
from typing import Any

from teamcal import VERSION
from teamcal.descriptions import Node
from teamcal.descriptions.codes import codes_of, keyed
from teamcal.descriptions.examples import add_examples
from teamcal.descriptions.sources import source
from teamcal.domain.event_fields import FIELDS
from teamcal.domain.fields import DepartmentEdit
from teamcal.domain.schemas import rules_of, schema_of
from teamcal.domain.values import to_json
from teamcal.texts.error_body import STATUS

VERBS = ("get", "post", "put", "patch", "delete")
_VARIABLE = re.compile(r"\{(\w+)\}")


@lru_cache(1)
def openapi_json() -> bytes:
    return to_json(openapi())


def openapi() -> Node:
    """Returns the whole description."""
    document = source("openapi.yaml")
    document["info"]["version"] = VERSION
    schemas = document["components"]["schemas"]
    _put_rules(schemas)
    schemas["Code"] = {"type": "string", "enum": sorted(STATUS)}
    for path, item in document["paths"].items():
        for verb in VERBS:
            if verb in item:
                _put_errors(document["components"], path, verb, item)
    add_examples(document)
    document["paths"] = merged(document["paths"], document["components"]["parameters"])
    return document


def _put_rules(schemas: Node) -> None:
    """Puts what the rules of the fields accept beside what is said about them."""
    event, exception = schemas["EventEdit"]["properties"], schemas["ExceptionInput"]["properties"]
    for field in FIELDS:
        event[field.name] = {**schema_of(field.rule), **event.get(field.name, {})}
        if field.in_patch:
            exception[field.name] = schema_of(field.rule)
    department = schemas["DepartmentEdit"]["properties"]
    for name, rule in rules_of(DepartmentEdit).items():
        department[name] = {**department.get(name, {}), **schema_of(rule)}


# Errors


def _put_errors(components: Node, path: str, verb: str, item: Node) -> None:
    """Makes an operation's errors name their codes, and adds those that every operation may answer."""
    operation = item[verb]
    responses, tags = operation["responses"], operation["tags"]
    parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
    takes_key = any("Idempotency" in str(parameter) for parameter in parameters)
    for status in sorted({*(int(status) for status in responses), *_added(verb, tags, operation)}):
        if status < 400:
            continue
        codes = codes_of(operation["operationId"], status, tags, _VARIABLE.findall(path))
        if status == 403 and verb != "get":
            codes = [*codes, "origin_refused"] if str(status) in responses else ["origin_refused"]
        name = responses.get(str(status), {"$ref": "Failure"})["$ref"].rsplit("/", 1)[-1]
        codes = keyed(codes, status) if takes_key else codes
        responses[str(status)] = _response(components, name, codes)
    operation["responses"] = dict(sorted(responses.items()))


def _added(verb: str, tags: list[str], operation: Node) -> list[int]:
    """Statuses that every operation may answer, or every one of its kind."""
    writes = [] if verb == "get" else [403]
    with_body = [408] if "requestBody" in operation else []
    return [421, 500, *([] if "server" in tags else [503]), *writes, *with_body]


def _response(components: Node, name: str, codes: list[str]) -> Node:
    """Returns a reference to the response `name` with one of `codes`."""
    base = components["responses"][name]
    key = ".".join((*(() if name == "Failure" else (name,)), *codes))
    if key not in components["responses"]:
        schema = base["content"]["application/json"]["schema"]
        said = {"type": "object", "properties": {"code": {"enum": codes}}}
        components["responses"][key] = {
            **base,
            "description": f"{base['description']} {', '.join(f'`{code}`' for code in codes)}",
            "content": {"application/json": {"schema": {"allOf": [schema, said]}}},
        }
    return {"$ref": f"#/components/responses/{key}"}


# Paths


def merged(paths: Node, parameters: Node) -> Node:
    """Returns the paths; those that differ by the name of a variable only are one, with `{id}` for it.

    OpenAPI takes them for the same path, and allows it once.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        alike[_VARIABLE.sub("{}", path)].append(path)
    result: Node = {}
    for path in paths:
        group = alike[_VARIABLE.sub("{}", path)]
        if len(group) == 1:
            result[path] = paths[path]
        elif path == group[0]:
            one: Node = {}
            for member in group:
                one |= _with_id(paths[member], parameters)
            result[_VARIABLE.sub("{id}", path)] = one
    return result


def _with_id(item: Node, parameters: Node) -> Node:
    """Returns a path's operations, each with all its parameters; the one in the path is called `id`."""
    shared = [_renamed(parameter, parameters) for parameter in item.get("parameters", [])]
    return {
        verb: operation | {"parameters": [*shared, *operation.get("parameters", [])]}
        for verb, operation in item.items()
        if verb in VERBS
    }


def _renamed(parameter: Node, parameters: Node) -> Node:
    named = parameters[parameter["$ref"].rsplit("/", 1)[-1]] if "$ref" in parameter else parameter
    if named["in"] != "path":
        return parameter
    return {**named, "name": "id"}


def resolved(document: Node, node: Any) -> Any:
    """Returns `node`, or what it refers to."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node
