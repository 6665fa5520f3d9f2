"""304 and 412: what Flask's own `make_conditional` would make of a reply."""

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from teamcal.rest.call import Call, Reply, bytes_reply
from teamcal.rest.dispatch import run

NONE_MATCH = [
    None, "", '"tag"', 'W/"tag"', '"other"', "*", '"other", "tag"', '"other",W/"tag"', '"other", "another"',
    "garbage", "tag", '"tag', '"', '""', '"ta"g"', " ",
]  # fmt: skip
MATCH = [None, "", '"tag"', 'W/"tag"', '"other"', "*", '"other", "tag"', "garbage", " "]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("if_match", MATCH)
@pytest.mark.parametrize("if_none_match", NONE_MATCH)
def test_conditions_are_flasks(method: str, if_none_match: str | None, if_match: str | None) -> None:
    given = {"If-None-Match": if_none_match, "If-Match": if_match}
    headers = {name: value for name, value in given.items() if value is not None}
    environ = EnvironBuilder("/", method=method, headers=headers).get_environ()
    expected = Response(b"content", headers={"ETag": '"tag"'}).make_conditional(environ)
    reply = run(lambda call: bytes_reply(b"content", etag="tag"), Call(environ, {}, None))
    assert reply.status == expected.status_code
    assert reply.body == (b"" if reply.status == 304 else b"content")
    assert reply.headers == {"ETag": '"tag"'}


def test_a_reply_without_a_tag_knows_no_conditions() -> None:
    environ = EnvironBuilder("/", headers={"If-None-Match": "*", "If-Match": '"x"'}).get_environ()
    reply = Reply(200, {}, b"content")
    assert run(lambda call: reply, Call(environ, {}, None)) is reply
