"""/ and the files of the calendar page."""

import hashlib
import re
from pathlib import Path

from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotFound
from werkzeug.http import parse_accept_header

from teamcal import VERSION
from teamcal.domain.values import to_json
from teamcal.rest.call import Call, Reply, revalidated
from teamcal.rest.routes import Routes
from teamcal.settings import ROOT
from teamcal.texts.messages import message

WEB = ROOT / "web"
# The page's own files; neither its tests nor what npm put beside them. No name leads out of the folder.
_PAGE_FILE = re.compile(r"(?:vendor/)?[a-z][a-z.-]*(\.(?:js|css|svg))")
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
# No inline scripts or styles, nothing from other servers; the page connects to this server only.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
_VARY = {"Vary": "Accept, Accept-Language"}

routes = Routes("page")


@routes.get("/")
def index(call: Call) -> Reply:
    """The calendar page for a browser, the state of the server for everything else."""
    accepted = parse_accept_header(call.environ.get("HTTP_ACCEPT"), MIMEAccept)
    file = WEB / "index.html"
    if accepted.best_match(["application/json", "text/html"]) == "text/html" and file.is_file():
        page = _file_reply(file)
        return page._replace(headers={**page.headers, **_VARY, "Content-Security-Policy": _POLICY})
    text = message("running", call.language)
    return Reply(200, _VARY, to_json({"status": "running", "message": text, "version": VERSION}))


@routes.get("/web/<path:name>")
def page_file(call: Call) -> Reply:
    """Raises NotFound."""
    name = call.arguments["name"]
    if not _PAGE_FILE.fullmatch(name):
        raise NotFound
    return _file_reply(WEB / name)


def _file_reply(file: Path) -> Reply:
    """Raises NotFound."""
    try:
        content = file.read_bytes()
    except OSError:
        raise NotFound from None
    etag = hashlib.blake2b(content, digest_size=16).hexdigest()
    return Reply(200, revalidated(etag), content, _CONTENT_TYPES[file.suffix])
