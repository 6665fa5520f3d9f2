"""How a handler is run, the same by both dispatchers: its reply, its failure, its 304."""

import logging
import re

from werkzeug.exceptions import HTTPException
from werkzeug.http import is_resource_modified, parse_etags

from teamcal.domain.values import new_id, to_json
from teamcal.errors import CalendarError
from teamcal.rest.call import Call, Reply
from teamcal.rest.encodings import SMALLEST, accepts_gzip, varying
from teamcal.rest.routes import Handler
from teamcal.texts.error_body import code_of, failure, failure_of, headers_of, status_of

logger = logging.getLogger(__name__)

_ONE_TAG = re.compile(r'"[^"]*"')


def run(handler: Handler, call: Call) -> Reply:
    """Runs `handler` once, whatever comes of it: a write that failed may have been stored."""
    try:
        reply = handler(call)
        if call.environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return reply
        return if_modified(reply, call) if reply.gzip is None else negotiated(reply, call)
    except Exception as error:  # noqa: BLE001 -- error_reply logs what nobody expected
        return error_reply(error, call)


def negotiated(reply: Reply, call: Call) -> Reply:
    """As `if_modified`, of a reply that may be compressed: in gzip, if the client takes that.

    Then its ETag is weak: the bytes are others than those of the same state that aren't compressed.
    """
    if reply.gzip is None or reply.status != 200 or len(reply.body) < SMALLEST:
        return if_modified(reply, call)
    compressed = accepts_gzip(call.environ.get("HTTP_ACCEPT_ENCODING", ""))
    answer = if_modified(varying(reply, compressed), call)
    if not compressed or answer.status != 200:
        return answer
    return answer._replace(headers={**answer.headers, "Content-Encoding": "gzip"}, body=reply.gzip())


def if_modified(reply: Reply, call: Call) -> Reply:
    """Returns the `reply` to a read; 304 if the client already has the state that its ETag names.

    An If-Match that doesn't name that state makes it 412 (RFC 9110, §13).
    """
    etag = reply.headers.get("ETag")
    if etag is None:
        return reply
    if_none_match, if_match = call.environ.get("HTTP_IF_NONE_MATCH"), call.environ.get("HTTP_IF_MATCH")
    if if_match is None:
        if if_none_match is None:
            return reply
        if _ONE_TAG.fullmatch(if_none_match):  # the usual one, in a tenth of the time of all that is allowed
            return _not_modified(reply) if if_none_match == etag.removeprefix("W/") else reply
    if is_resource_modified(call.environ, etag):
        return reply
    return reply._replace(status=412) if parse_etags(if_match) else _not_modified(reply)


def _not_modified(reply: Reply) -> Reply:
    return Reply(304, reply.headers, b"", reply.content_type)


def error_reply(error: Exception, call: Call) -> Reply:
    """Code and details of a CalendarError; the status of an HTTPException, with its code.

    For a bug, a request id that is also in the log, and nothing else.
    """
    if isinstance(error, CalendarError):
        return Reply(status_of(error), headers_of(error), to_json(failure_of(error, call.language)))
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
        allow = {name: value for name, value in error.get_headers() if name == "Allow"}
        return Reply(error.code, allow, to_json(failure(code_of(error.code), call.language)))
    request_id = new_id()
    logger.error("request %s failed: %s %s", request_id, call.method, call.path, exc_info=error)
    return Reply(500, {}, to_json(failure("internal_error", call.language, request_id=request_id)))
