"""docs/openapi.yaml describes every route and code, docs/asyncapi.yaml every event, and nothing else."""

import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from models import DynamoDBDatabase
from teamcal.descriptions.asyncapi import asyncapi
from teamcal.descriptions.openapi import openapi
from teamcal.descriptions.sources import source
from teamcal.factory import create_app
from teamcal.realtime.access_changes import ACCESS_CHANGED
from teamcal.realtime.handlers import ANSWERS, ANSWERS_WITH_TOKENS, RECEIVED, RECEIVED_WITH_TOKENS
from teamcal.realtime.publisher import DEPARTMENT_EVENTS, MEMBER_EVENTS, PRESENCE
from teamcal.settings import load_settings
from teamcal.texts.error_body import STATUS
from tests.docs.pages import DOCS, KOREAN, README, korean, rows

REST, PEOPLE, FEEDS = DOCS / "rest.md", DOCS / "people.md", DOCS / "feeds.md"
SOCKETIO = DOCS / "socketio.md"

ROUTE = r"^\| `(GET|POST|PUT|PATCH|DELETE) (/[^`?]*)`"


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    found: dict[str, Any] = source("openapi.yaml")
    return found


@pytest.fixture(scope="module")
def routes() -> set[tuple[str, str]]:
    settings = load_settings({"FLASK_ENV": "testing"})
    app, _ = create_app(settings, DynamoDBDatabase(settings.storage), watch=False)
    return {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_is_described(description: dict[str, Any], routes: set[tuple[str, str]]) -> None:
    verbs = {"get", "put", "post", "delete", "patch"}
    described = {(verb, path) for path, item in description["paths"].items() for verb in verbs & item.keys()}
    assert described == routes


@pytest.mark.parametrize(
    "pages", [(REST, PEOPLE, FEEDS), (korean(REST), korean(PEOPLE), korean(FEEDS))], ids=["en", "ko"]
)
def test_every_route_is_on_a_page(pages: tuple[Path, ...], routes: set[tuple[str, str]]) -> None:
    listed = chain.from_iterable(rows(page, ROUTE) for page in pages)
    assert {(verb.lower(), path) for verb, path in listed} == {
        one for one in routes if not one[1].startswith(("/web/", "/docs/", "/sw.js"))
    }


def test_every_code_is_described() -> None:
    assert set(openapi()["components"]["schemas"]["Code"]["enum"]) == set(STATUS)
    for page in (REST, korean(REST)):
        shown = {
            code: int(status)
            for status, codes in rows(page, r"^\| (\d{3}) \| (.*) \|$")
            for code in re.findall(r"`(\w+_\w+|forbidden)`", codes)
        }
        shown.pop("request_id", None)
        assert shown == STATUS


def directions() -> tuple[set[str], set[str]]:
    """Returns the events that AsyncAPI says the server receives and sends."""
    received, sent = set(), set()
    for operation in asyncapi()["operations"].values():
        messages, answers = (
            {one["$ref"].rsplit("/", 1)[-1] for one in part.get("messages", ())}
            for part in (operation, operation.get("reply", {}))
        )
        sent |= answers
        if operation["action"] == "receive":
            received |= messages
        else:
            sent |= messages
    return received, sent


def test_every_socket_event_is_described() -> None:
    sent = {*ANSWERS, *DEPARTMENT_EVENTS, *MEMBER_EVENTS, PRESENCE}
    with_tokens = {*RECEIVED_WITH_TOKENS, *ANSWERS_WITH_TOKENS, ACCESS_CHANGED}
    assert directions() == (
        {*RECEIVED, *RECEIVED_WITH_TOKENS},
        {*sent, *ANSWERS_WITH_TOKENS, ACCESS_CHANGED},
    )
    described = asyncapi()
    assert set.union(*directions()) == set(described["components"]["messages"])
    assert set(described["channels"]["calendar"]["messages"]) == set(described["components"]["messages"])
    for page in (README, KOREAN, SOCKETIO, korean(SOCKETIO)):
        listed = [name for row in rows(page, r"^\|(.*)\|$") for name in re.findall(r"`(\w+)`", row)]
        assert {*RECEIVED, *sent} <= set(listed), page.name
        assert page in (README, KOREAN) or with_tokens <= set(listed), page.name


@pytest.mark.parametrize("make", [openapi, asyncapi, lambda: source("openapi.yaml")])
def test_every_reference_leads_somewhere(make: Callable[[], dict[str, Any]]) -> None:
    description = make()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                target: Any = description
                for part in node["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for inner in node.values():
                look(inner)
        elif isinstance(node, list):
            for inner in node:
                look(inner)

    look(description)


def test_every_variable_of_a_path_is_a_parameter(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    for path, item in description["paths"].items():
        for verb in {"get", "put", "post", "delete", "patch"} & item.keys():
            named = [*item.get("parameters", []), *item[verb].get("parameters", [])]
            names = {one["$ref"].rsplit("/", 1)[1] if "$ref" in one else one["name"] for one in named}
            for placeholder in re.findall(r"\{(\w+)\}", path):
                assert {placeholder, placeholder.title().replace("_", "")} & names, (verb, path)
