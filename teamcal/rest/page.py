"""/ and the files of the calendar page, as web/vite.config.js has built them into web/dist."""

import hashlib
import re
from pathlib import Path

from werkzeug.datastructures import Accept, MIMEAccept
from werkzeug.exceptions import NotFound
from werkzeug.http import parse_accept_header

from teamcal import VERSION
from teamcal.domain.values import to_json
from teamcal.rest.call import Call, Reply, revalidated
from teamcal.rest.routes import Routes
from teamcal.settings import ROOT
from teamcal.texts.language import shortened
from teamcal.texts.messages import message

WEB = ROOT / "web"
DIST = WEB / "dist"
# The built files lie flat in one folder: no name leads out of it, nor to a compressed copy or a hidden file.
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(\.(?:js|css|svg|txt))")
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
# What the build puts beside each file, best first.
_ENCODINGS = {"br": ".br", "gzip": ".gz"}

routes = Routes("page")


@routes.get("/")
def index(call: Call) -> Reply:
    """The calendar page for a browser, the state of the server for everything else."""
    accepted = parse_accept_header(shortened(call.environ.get("HTTP_ACCEPT", "")), MIMEAccept)
    if accepted.best_match(["application/json", "text/html"]) == "text/html":
        return _page(call)
    text = message("running", call.language)
    return Reply(
        200,
        _varies("Accept", "Accept-Language"),
        to_json({"status": "running", "message": text, "version": VERSION}),
    )


def _page(call: Call) -> Reply:
    """The page; without a build a page that names the command that makes it."""
    try:
        page = _compressed(DIST / "index.html", call)
    except NotFound:
        unbuilt = (WEB / "unbuilt.html").read_bytes()
        return Reply(503, _varies("Accept"), unbuilt, _CONTENT_TYPES[".html"])
    return page._replace(headers={**page.headers, **_varies("Accept", "Accept-Language", "Accept-Encoding")})


@routes.get("/sw.js")
def service_worker(call: Call) -> Reply:
    """The page's service worker. Its address decides what it is in charge of: all of the page.

    Raises NotFound.
    """
    return _compressed(DIST / "sw.js", call)


@routes.get("/web/<name>")
def page_file(call: Call) -> Reply:
    """A built file. Its name changes with its content, so it may be kept (teamcal/http/headers.py).

    Raises NotFound.
    """
    name = call.given["name"]
    if not _FILE.fullmatch(name):
        raise NotFound
    return _compressed(DIST / "web" / name, call)


def _compressed(file: Path, call: Call) -> Reply:
    """The file in the encoding that the client likes best, of those that the build has made.

    Raises NotFound.
    """
    encoding = encoding_for(call.environ.get("HTTP_ACCEPT_ENCODING", ""))
    content = _read(file.with_name(file.name + _ENCODINGS[encoding])) if encoding else None
    if content is None:
        encoding, content = None, _read(file)
    if content is None:
        raise NotFound
    headers = {
        **revalidated(hashlib.blake2b(content, digest_size=16).hexdigest()),
        **_varies("Accept-Encoding"),
    }
    if encoding:
        headers["Content-Encoding"] = encoding
    return Reply(200, headers, content, _CONTENT_TYPES[file.suffix])


def encoding_for(header: str) -> str | None:
    """Returns the encoding that an Accept-Encoding header prefers; None for the file as it is."""
    accepted = parse_accept_header(shortened(header), Accept)
    best = max(_ENCODINGS, key=accepted.quality)  # the first of equal ones
    plain = max((quality for name, quality in accepted if name.lower() == "identity"), default=0)
    return best if accepted.quality(best) > 0 and accepted.quality(best) >= plain else None


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _varies(*headers: str) -> dict[str, str]:
    return {"Vary": ", ".join(headers)}
