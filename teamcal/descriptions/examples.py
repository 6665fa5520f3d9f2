"""The examples of docs/api-examples.yaml, each at its operation. A test runs them against a real server."""

from collections import Counter
from itertools import chain
from typing import Any

from teamcal.descriptions import Node
from teamcal.descriptions.sources import source


def add_examples(document: Node) -> None:
    operations = {
        operation["operationId"]: operation
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    }
    numbers: Counter[str] = Counter()
    for example in chain.from_iterable(source("api-examples.yaml").values()):
        operation = operations[example["operation"]]
        numbers[example["operation"]] += 1
        name = f"example{numbers[example['operation']]}"
        if "body" in example:
            _put(operation["requestBody"]["content"], name, example["request"], example["body"])
        if "answer" in example:
            status = str(example["status"])
            response = operation["responses"][status]
            if "$ref" in response:
                response = _own_response(document, operation, status)
            _put(response["content"], name, example["request"], example["answer"])


def _put(content: Node, name: str, request: str, value: Any) -> None:
    media = next(iter(content.values()))
    media.setdefault("examples", {})[name] = {"summary": request, "value": value}


def _own_response(document: Node, operation: Node, status: str) -> Node:
    """Gives the operation a copy of a shared response, so that its examples are its own."""
    shared = document["components"]["responses"][operation["responses"][status]["$ref"].rsplit("/", 1)[-1]]
    content = {kind: dict(media) for kind, media in shared["content"].items()}
    own: Node = {**shared, "content": content}
    operation["responses"][status] = own
    return own
