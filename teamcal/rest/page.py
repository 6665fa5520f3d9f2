"""/ and the files of the calendar page."""

import re
from pathlib import Path

from flask import Blueprint, Response, jsonify, request, send_from_directory
from werkzeug.exceptions import NotFound

from teamcal import VERSION
from teamcal.texts.language import language
from teamcal.texts.messages import message

# The page's own files; not its tests, nor what npm put beside them.
_PAGE_FILE = re.compile(r"(?:vendor/)?[a-z][a-z.-]*\.(?:js|css|svg)")
# Nothing inline, nothing from elsewhere; the page talks to this server only.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


def root_blueprint(web: Path) -> Blueprint:
    routes = Blueprint("root", __name__)

    @routes.get("/")
    def index() -> Response:
        """A browser gets the calendar page, everything else the state of the server."""
        accepted = request.accept_mimetypes.best_match(["application/json", "text/html"])
        if accepted == "text/html" and (web / "index.html").is_file():
            response = send_from_directory(web, "index.html")
            response.headers["Content-Security-Policy"] = _POLICY
        else:
            response = jsonify(status="running", message=message("running", language()), version=VERSION)
        response.headers["Vary"] = "Accept, Accept-Language"
        return response

    @routes.get("/web/<path:name>")
    def page_file(name: str) -> Response:
        if not _PAGE_FILE.fullmatch(name):
            raise NotFound
        return send_from_directory(web, name)

    return routes
