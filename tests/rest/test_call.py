"""A call: what it reads from a WSGI environ, and when it refuses."""

from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from teamcal.domain.caller import UNNAMED, Caller
from teamcal.errors import InvalidInput
from teamcal.rest.call import Call


def call(query: str = "", **options: Any) -> Call:
    environ = EnvironBuilder("/", **options).get_environ()
    return Call(environ | {"QUERY_STRING": query}, {}, None)


def refused_field(name: str) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as refused:
        _ = call(headers={"X-Display-Name": name}).caller
    (problem,) = refused.value.problems
    return problem.field, problem.reason


@pytest.mark.parametrize(
    "query",
    ["", "a=1&a=2", "q=%ED%9A%8C+%EC%9D%98", "a", "a=&b", "&&=x", "q=%ff", "a=1;b=2", "a=%3D%26", "%61=1"],
)
def test_the_query_is_read_as_werkzeug_reads_it(query: str) -> None:
    environ = EnvironBuilder("/").get_environ() | {"QUERY_STRING": query}
    assert call(query).query == Request(environ).args.to_dict()


def test_a_query_that_is_not_utf_8_is_no_bug() -> None:
    assert call("q=\xff&limit=1").query == {"q": "�", "limit": "1"}


@pytest.mark.parametrize("name", ["김민수", "  김민수\t ", "김민수".encode().decode("latin-1")])
@pytest.mark.parametrize("encoded", [True, False], ids=["percent", "raw"])
def test_the_caller_is_named_by_a_header(name: str, encoded: bool) -> None:
    raw = name if not name.isascii() and max(name) <= "\xff" else name.encode().decode("latin-1")
    value = quote(raw.encode("latin-1")) if encoded else raw
    assert call(environ_overrides={"HTTP_X_DISPLAY_NAME": value}).caller == Caller("김민수", verified=False)


def test_a_name_is_normalised_and_a_percent_sign_of_its_own_stays() -> None:
    decomposed = quote("가".encode())
    assert call(headers={"X-Display-Name": decomposed}).caller.name == "가"
    assert call(headers={"X-Display-Name": "100%"}).caller.name == "100%"


@pytest.mark.parametrize("headers", [{}, {"X-Display-Name": ""}, {"X-Display-Name": "%20"}])
def test_without_a_name_the_caller_is_unnamed(headers: dict[str, str]) -> None:
    assert call(headers=headers).caller == UNNAMED


def test_names_that_cannot_be_taken() -> None:
    assert refused_field("%ff") == ("X-Display-Name", "bad_characters")
    assert refused_field("a%00b") == ("X-Display-Name", "bad_characters")
    assert refused_field("a" * 101) == ("X-Display-Name", "too_long")


def test_a_name_that_is_too_long_says_how_long_it_may_be() -> None:
    with pytest.raises(InvalidInput) as refused:
        _ = call(headers={"X-Display-Name": quote("가" * 101)}).caller
    assert refused.value.problems[0].details == {"limit": 100}


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        ("application/json", True), ("application/json; charset=utf-8", True),
        ("Application/JSON ; charset=utf-8", True), ("application/vnd.api+json", True),
        ("text/json", False), ("", False),
        ("text/plain; application/json", False), ("application/jsonx", False), ("image/svg+json", False),
    ],
)  # fmt: skip
def test_the_body_has_to_be_declared_as_json(content_type: str, accepted: bool) -> None:
    options: dict[str, Any] = {"method": "POST", "data": b'{"a": 1}', "content_type": content_type}
    assert Request(EnvironBuilder("/", **options).get_environ()).is_json is accepted
    if accepted:
        assert call(**options).json_object() == {"a": 1}
    else:
        with pytest.raises(UnsupportedMediaType):
            call(**options).json_object()


@pytest.mark.parametrize(
    ("if_match", "version"), [(None, None), ("*", None), ('"3"', 3), ('W/"3"', 3), (' "3" ', 3)]
)
def test_the_version_that_a_write_expects(if_match: str | None, version: int | None) -> None:
    headers = {} if if_match is None else {"If-Match": if_match}
    assert call(headers=headers).expected_version() == version


@pytest.mark.parametrize("if_match", ["3", '"a"', '"1", "2"', '"٣"', '"-1"', '"1234567890123456"', ""])
def test_a_version_that_is_none(if_match: str) -> None:
    with pytest.raises(InvalidInput):
        call(headers={"If-Match": if_match}).expected_version()
