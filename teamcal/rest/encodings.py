"""Which encoding a client takes an answer in (RFC 9110, 12.5.3)."""

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from teamcal.rest.call import Reply

SMALLEST = 4_096
"""Bytes of the smallest answer that is compressed: what is smaller fits into a few packets as it is."""


def accepts_gzip(accept_encoding: str) -> bool:
    if "gzip" not in accept_encoding.lower():
        return False
    if "q=" not in accept_encoding.replace(" ", ""):  # what browsers and libraries send
        return True
    return bool(parse_accept_header(accept_encoding, Accept).quality("gzip") > 0)


def varying(reply: Reply, compressed: bool) -> Reply:
    """Returns the reply with the headers that it has because there are two forms of it."""
    headers = {**reply.headers, "Vary": "Accept-Encoding"}
    if compressed and "ETag" in headers:
        headers["ETag"] = f"W/{headers['ETag']}"
    return Reply(reply.status, headers, reply.body, reply.content_type, reply.gzip)
