"""A calendar as the response to a polling request, in parts: nothing of it is copied as a whole."""

import zlib
from collections.abc import Iterator
from typing import Any

from teamcal.realtime.shared_packet import SharedPacket

GZIP = 16 + zlib.MAX_WBITS


def respond(server: Any, packet: SharedPacket, environ: dict[str, Any], start_response: Any) -> Any:
    """Responds with `packet`, for a client of the engineio.Server `server`; returns the WSGI body.

    It is compressed, if the client takes that, part by part: other tasks run in between.
    """
    headers = [("Content-Type", "text/plain; charset=UTF-8"), *server._cors_headers(environ)]
    encodings = [part.split(";")[0].strip() for part in environ.get("HTTP_ACCEPT_ENCODING", "").split(",")]
    if "gzip" in encodings and server.http_compression:
        start_response("200 OK", [*headers, ("Content-Encoding", "gzip")])
        return _compressed(server, packet)
    start_response("200 OK", [*headers, ("Content-Length", str(packet.size))])
    return map(bytes, packet.chunks())


def _compressed(server: Any, packet: SharedPacket) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=GZIP)
    for chunk in packet.chunks():
        if compressed := compressor.compress(chunk):
            yield compressed
        server.sleep(0)
    yield compressor.flush()
