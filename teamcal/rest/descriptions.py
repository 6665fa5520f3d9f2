"""/api, the descriptions, and /docs. They hold no data, so that everybody gets them whatever AUTH_MODE is."""

import hashlib
from functools import lru_cache

from teamcal import VERSION
from teamcal.descriptions.asyncapi import asyncapi_json
from teamcal.descriptions.openapi import openapi_json
from teamcal.descriptions.page import docs_html, docs_style
from teamcal.domain.values import to_json
from teamcal.errors import FieldProblem, InvalidInput
from teamcal.rest.call import Call, Reply, revalidated
from teamcal.rest.routes import Routes
from teamcal.texts.messages import LANGUAGES

routes = Routes("descriptions")


@routes.get("/api")
def get_places(call: Call) -> Reply:
    """Addresses relative to the request's own: behind a proxy the server may not know its prefix."""
    root = root_of(call.path)
    places = {
        "page": root or "./",
        "docs": f"{root}docs",
        "openapi": f"{root}api/openapi.json",
        "asyncapi": f"{root}api/asyncapi.json",
        "socketio": f"{root}socket.io/",
    }
    return _reply(to_json({"success": True, "version": VERSION, **places}))


@routes.get("/api/openapi.json")
def get_openapi(call: Call) -> Reply:
    return _reply(openapi_json())


@routes.get("/api/asyncapi.json")
def get_asyncapi(call: Call) -> Reply:
    return _reply(asyncapi_json())


@routes.get("/docs")
def get_docs(call: Call) -> Reply:
    """In the language of `?lang=`, else of Accept-Language. Raises InvalidInput."""
    language = call.query.get("lang", call.language)
    if language not in LANGUAGES:
        raise InvalidInput([FieldProblem("lang", "not_one_of", {"allowed": ", ".join(LANGUAGES)})])
    reply = _reply(docs_html(language, root_of(call.path)), "text/html; charset=utf-8")
    return reply._replace(headers={**reply.headers, "Vary": "Accept-Language"})


@routes.get("/docs/style.css")
def get_docs_style(call: Call) -> Reply:
    return _reply(docs_style(), "text/css; charset=utf-8")


def root_of(path: str) -> str:
    """Returns the way from `path`, of one segment, to the server's own address; `/docs/` is served too."""
    return "../" * (path.count("/") - 1)


def _reply(content: bytes, content_type: str = "application/json") -> Reply:
    return Reply(200, revalidated(_etag(content)), content, content_type)


@lru_cache(16)
def _etag(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
