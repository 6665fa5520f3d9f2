"""docs/openapi.yaml describes every route, every code and every socket event, and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from teamcal.factory import create_app
from teamcal.realtime.handlers import ANSWERS, RECEIVED
from teamcal.realtime.publisher import DEPARTMENT_EVENTS, MEMBER_EVENTS
from teamcal.settings import load_settings
from teamcal.texts.error_body import STATUS
from tests.docs.pages import DOCS, KOREAN, README, ROOT, korean, name_of, rows

REST, SOCKETIO = DOCS / "rest.md", DOCS / "socketio.md"


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def routes() -> set[tuple[str, str]]:
    app, _ = create_app(load_settings({"FLASK_ENV": "testing"}), database=None, watch=False)
    return {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_is_described(description: dict[str, Any], routes: set[tuple[str, str]]) -> None:
    verbs = {"get", "put", "post", "delete", "patch"}
    described = {(verb, path) for path, item in description["paths"].items() for verb in verbs & item.keys()}
    assert described == routes


@pytest.mark.parametrize("page", [REST, korean(REST)], ids=name_of)
def test_every_route_is_on_the_page(page: Path, routes: set[tuple[str, str]]) -> None:
    listed = rows(page, r"^\| `(GET|POST|PUT|DELETE) (/[^`?]*)`")
    assert {(verb.lower(), path) for verb, path in listed} == {one for one in routes if "/web/" not in one[1]}


def test_every_code_is_described(description: dict[str, Any]) -> None:
    assert set(description["components"]["schemas"]["Code"]["enum"]) == set(STATUS)
    for page in (REST, korean(REST)):
        shown = {
            code: int(status)
            for status, codes in rows(page, r"^\| (\d{3}) \| (.*) \|$")
            for code in re.findall(r"`(\w+_\w+)`", codes)
        }
        shown.pop("request_id", None)
        assert shown == STATUS


def test_every_socket_event_is_described(description: dict[str, Any]) -> None:
    described = description["x-socketio"]
    assert set(described["client"]) == {"connect", *RECEIVED}
    sent = {*ANSWERS, *DEPARTMENT_EVENTS, *MEMBER_EVENTS}
    assert set(described["server"]) == sent
    for page in (README, KOREAN, SOCKETIO, korean(SOCKETIO)):
        listed = [name for row in rows(page, r"^\|(.*)\|$") for name in re.findall(r"`(\w+)`", row)]
        assert {*RECEIVED, *sent} <= set(listed), page.name


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
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
    assert description["openapi"].startswith("3.1")
    for path, item in description["paths"].items():
        for verb in {"get", "put", "post", "delete"} & item.keys():
            named = [*item.get("parameters", []), *item[verb].get("parameters", [])]
            names = {one["$ref"].rsplit("/", 1)[1] if "$ref" in one else one["name"] for one in named}
            for placeholder in re.findall(r"\{(\w+)\}", path):
                assert {placeholder, placeholder.title().replace("_", "")} & names, (verb, path)
