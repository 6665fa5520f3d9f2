"""The descriptions that the server gives: valid, with what the code does, in both languages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import requests
from openapi_spec_validator import validate

from teamcal import VERSION
from teamcal.calendar.batch import MAX_ATOMIC, MAX_OPERATIONS
from teamcal.calendar.expanded import MAX_DAYS
from teamcal.descriptions.asyncapi import asyncapi
from teamcal.descriptions.korean import texts_of
from teamcal.descriptions.openapi import VERBS, openapi, resolved
from teamcal.descriptions.page import WORDS
from teamcal.descriptions.sources import source
from teamcal.domain.event_fields import DERIVED, EVENT_FIELDS, FIELDS, SIMPLE
from teamcal.domain.fields import DepartmentEdit
from teamcal.domain.holidays import MAX_OWN
from teamcal.domain.occurrences import MAX_OCCURRENCES
from teamcal.domain.schemas import rules_of, schema_of
from teamcal.http.headers import PAGE_POLICY
from teamcal.realtime.handlers import MAX_JOINS
from teamcal.rest import changes, events
from teamcal.texts.error_body import STATUS
from tests.docs.pages import Comparison
from tests.docs.test_requests import administrators_token
from tests.house import House, Server
from tests.servers import running

Document = dict[str, Any]


@pytest.fixture(scope="module")
def described() -> Document:
    return openapi()


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        yield from ((path, verb, item[verb]) for verb in VERBS if verb in item)


def schema_in(document: Document, schema: Document) -> Any:
    """Returns a validator of a schema of the document."""
    return jsonschema_rs.validator_for(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **schema,
            "components": document["components"],
        }
    )


def test_it_is_valid(server: Server) -> None:
    document = server.http.get("/api/openapi.json").json
    validate(document)
    assert document["info"]["version"] == VERSION


def test_no_two_paths_differ_by_a_variables_name_only(described: Document) -> None:
    shapes = [re.sub(r"\{\w+\}", "{}", path) for path in described["paths"]]
    assert len(shapes) == len(set(shapes))
    assert set(described["paths"]["/api/events/{id}"]) == {"get", "post", "put", "delete"}
    for path, _, operation in operations(described):
        names = {resolved(described, one)["name"] for one in operation.get("parameters", ())}
        shared = described["paths"][path].get("parameters", ())
        assert set(re.findall(r"\{(\w+)\}", path)) <= names | {
            resolved(described, one)["name"] for one in shared
        }


def test_what_a_field_accepts_is_read_off_its_rule(described: Document) -> None:
    assert all(schema_of(field.rule) for field in FIELDS), (
        "a rule without a line in teamcal/domain/schemas.py"
    )
    assert all(schema_of(rule) for rule in rules_of(DepartmentEdit).values())
    schemas = described["components"]["schemas"]
    assert set(schemas["EventEdit"]["properties"]) == set(EVENT_FIELDS)
    assert set(EVENT_FIELDS) | set(DERIVED) <= set(schemas["Event"]["properties"])
    assert set(SIMPLE) <= set(schemas["Event"]["required"])


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
def test_the_limits_of_a_field_are_the_servers(name: str, server: Server, described: Document) -> None:
    schema = described["components"]["schemas"]["EventEdit"]["properties"][name]
    department = server.department()
    for value, is_right in values_at(schema):
        body = {"event_date": "2024-01-20", "title": "x", "start_time": "10:00", name: value}
        answer = server.http.post(f"/api/events/{department}", json=body)
        assert (answer.status_code == 201) == is_right, (value, answer.text)


def values_at(schema: Document) -> list[tuple[Any, bool]]:
    """Returns values at the limits of a schema, and whether they are right."""
    values: list[tuple[Any, bool]] = [(7.5, False)]
    texts = schema.get("items", {})
    for limit in filter(None, [schema.get("maxLength")]):
        if limit not in (1000, 2048):  # a rule or an address is more than a text
            values += [("x" * limit, True)]
        values += [("x" * (limit + 1), False)]
    for most in filter(None, [schema.get("maxItems")]):
        one = (lambda number: number) if "maximum" in texts else str
        values += [([one(n) for n in range(most)], True), ([one(n) for n in range(most + 1)], False)]
    if "maximum" in texts:
        values += [([texts["maximum"]], True), ([texts["maximum"] + 1], False)]
    if "maxLength" in texts:
        values += [(["x" * texts["maxLength"]], True), (["x" * (texts["maxLength"] + 1)], False)]
    values += [(value, True) for value in schema.get("enum", ())]
    if "null" in schema["type"]:
        values.append((None, True))
    return values


def test_the_looks_of_a_department_are_the_servers(server: Server, described: Document) -> None:
    schema = described["components"]["schemas"]["DepartmentEdit"]["properties"]
    color, position = (jsonschema_rs.validator_for(schema[name]) for name in ("color", "position"))
    most = schema["position"]["maximum"]
    department = server.department()
    for name, validator, values in (
        ("color", color, ("teal", "#00aaFF", None, "", "#00aaf", "cyan", 5, "teal ")),
        ("position", position, (0, 1.5, most, -most, None, most + 1, -most - 1, "1", True)),
    ):
        for value in values:
            answer = server.http.put(f"/api/departments/{department}", json={name: value})
            assert (answer.status_code == 200) == validator.is_valid(value), (name, value, answer.text)


LIMITS = [
    ("/api/events/{department_id}/batch", "post", "operations", "maxItems", MAX_OPERATIONS),
    ("/api/changes/{department_id}", "get", "limit", "maximum", changes.MAX_LIMIT),
    ("/api/changes/{department_id}", "get", "limit", "default", changes.DEFAULT_LIMIT),
    ("/api/events/{id}", "get", "limit", "maximum", events.MAX_LIMIT),
]


@pytest.mark.parametrize(("path", "verb", "name", "limit", "value"), LIMITS)
def test_limits_are_those_of_the_code(
    described: Document, path: str, verb: str, name: str, limit: str, value: int
) -> None:
    operation = described["paths"][path][verb]
    named = {
        resolved(described, one)["name"]: one["schema"] for one in operation["parameters"] if "schema" in one
    }
    if verb == "post":
        named = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert named[name][limit] == value


def test_limits_in_words_are_those_of_the_code(described: Document) -> None:
    text = json.dumps(described)
    for words in (
        f"Up to {MAX_OPERATIONS} operations; with `atomic` up to {MAX_ATOMIC}",
        f"At most {MAX_DAYS:,} days and {MAX_OCCURRENCES:,} events",
        f"at most {MAX_OWN} own ones",
    ):
        assert words in text, words
    joins = asyncapi()["components"]["messages"]["join_department"]["payload"]["anyOf"][1]
    assert joins["properties"]["departments"]["maxItems"] == MAX_JOINS


def test_every_error_names_its_codes(described: Document) -> None:
    for path, verb, operation in operations(described):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                media = resolved(described, response)["content"]["application/json"]
                codes = media["schema"]["allOf"][-1]["properties"]["code"]["enum"]
                assert codes, (path, verb, status)
                assert {STATUS[code] for code in codes} == {int(status)}, (path, verb, status)
        assert {"421", "500"} <= set(operation["responses"])


def test_who_may_call_is_said(described: Document) -> None:
    schemes = {name for one in described["security"] for name in one}
    assert schemes == set(described["components"]["securitySchemes"]) == {"bearer", "basic", "cookie"}
    open_to_all = {op["operationId"] for _, _, op in operations(described) if op.get("security") == []}
    assert {"get_docs", "get_openapi", "get_places", "index", "sign_in"} <= open_to_all
    assert not open_to_all & {"list_events", "create_event", "list_users"}


def run_examples(url: str, examples: list[Document], token: str = "") -> None:
    comparison, document = Comparison(), openapi()
    found = {operation["operationId"]: operation for _, _, operation in operations(document)}
    for example in examples:
        method, path = comparison.translated(example["request"]).split(" ", 1)
        body = comparison.translated(json.dumps(example["body"])) if "body" in example else None
        headers = {name: value.replace("$TOKEN", token) for name, value in example.get("headers", {}).items()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = requests.request(
            method, url + path, headers=headers, data=body and body.encode(), timeout=60
        )
        assert answer.status_code == example["status"], (example["request"], answer.text)
        response = resolved(document, found[example["operation"]]["responses"][str(example["status"])])
        schema_in(document, response["content"]["application/json"]["schema"]).validate(answer.json())
        if "answer" in example:
            comparison.check(example["answer"], answer.json(), example["request"])


def test_every_example_is_answered_as_shown(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path) as server:
        run_examples(server.url, source("api-examples.yaml")["open"])


def test_every_example_of_token_mode_is_answered_as_shown(tmp_path: Path) -> None:
    with running("eventlet", data_dir=tmp_path, env={"AUTH_MODE": "token"}) as server:
        token = administrators_token(server, tmp_path)
        run_examples(server.url, source("api-examples.yaml")["token"], token)


def test_every_body_has_an_example(described: Document) -> None:
    without = {
        operation["operationId"]
        for _, _, operation in operations(described)
        if "requestBody" in operation
        and not any(media.get("examples") for media in operation["requestBody"]["content"].values())
    }
    assert without == {"import_file"}  # a file; docs/feeds.md has one


# The page


def test_every_text_is_in_korean() -> None:
    texts = source("api-texts.yaml")
    english = {*texts_of(source("openapi.yaml")), *texts_of(source("asyncapi.yaml"))}
    assert {" ".join(text["en"].split()) for text in texts} == english
    assert all(re.search("[가-힣]|^(OpenAPI|AsyncAPI|팀)", text["ko"]) for text in texts)
    assert all({"ko", "en"} == set(word) for word in WORDS.values())


@pytest.mark.parametrize(
    ("path", "accepted", "language"),
    [
        ("/docs", "", "ko"), ("/docs", "en-GB,ko;q=0.5", "en"),
        ("/docs?lang=en", "ko", "en"), ("/docs?lang=ko", "en", "ko"),
    ],
)  # fmt: skip
def test_the_page_speaks_both_languages(server: Server, path: str, accepted: str, language: str) -> None:
    answer = server.http.get(path, headers={"Accept-Language": accepted})
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert ("부서를 만듭니다." in answer.text) == (language == "ko")
    assert answer.headers["Content-Security-Policy"] == PAGE_POLICY
    assert answer.headers["Vary"] == "Accept-Language"
    assert server.http.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code in (200, 304)


def test_the_page_shows_all_there_is_and_runs_no_script(server: Server, described: Document) -> None:
    page = server.http.get("/docs?lang=en").text
    for path, verb, operation in operations(described):
        assert f'<h3 id="{operation["operationId"]}"><b>{verb.upper()}</b> <code>{path}</code>' in page
    for name in (*asyncapi()["components"]["messages"],):
        assert f'id="event-{name}"' in page
    assert "<code>presence</code> <small>client → server, server → client</small>" in page
    assert all(f'id="code-{code}"' in page for code in STATUS)
    assert not re.search(
        r"<script|<style| style=| on\w+=|https?://", re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)
    )
    targets = set(re.findall(r' id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets
    assert len(targets) == len(re.findall(r' id="', page))


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_its_addresses_hold_with_and_without_a_slash(server: Server, path: str) -> None:
    page = server.http.get(path).text
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    address = requests.compat.urljoin(f"http://host/prefix{path}", style)
    assert address == "http://host/prefix/docs/style.css"


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_where_things_are(server: Server, path: str) -> None:
    places = server.http.get(path).json
    for name, expected in {
        "page": "/prefix/", "docs": "/prefix/docs", "openapi": "/prefix/api/openapi.json",
        "asyncapi": "/prefix/api/asyncapi.json", "socketio": "/prefix/socket.io/",
    }.items():  # fmt: skip
        assert requests.compat.urljoin(f"http://host/prefix{path}", places[name]) == f"http://host{expected}"
    assert places["version"] == VERSION


def test_everybody_gets_them_in_token_mode() -> None:
    server = House().server(token_mode=True)
    for path in ("/api", "/api/openapi.json", "/api/asyncapi.json", "/docs", "/docs/style.css"):
        assert server.http.get(path).status_code == 200
