"""The route table on a Flask app, which also knows HEAD, OPTIONS, CORS preflights and 404s."""

from collections.abc import Callable, Iterable

from flask import Flask, Response, request

from teamcal.calendar import Calendar
from teamcal.rest.call import Call, Reply
from teamcal.rest.dispatch import error_reply, run
from teamcal.rest.routes import Handler, Route


def register_routes(app: Flask, routes: Iterable[Route], calendar: Calendar) -> None:
    """Every failure is answered as JSON, those of Flask's own routing too: any status, path or method."""
    # No redirects: a doubled slash is a 404 and a trailing one the same route.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for route in routes:
        view = _view_of(route.handler, calendar)
        app.add_url_rule(route.rule, endpoint=route.name, view_func=view, methods=[route.method])

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        return _response(error_reply(error, Call(request.environ, {}, calendar)))


def _view_of(handler: Handler, calendar: Calendar) -> Callable[..., Response]:
    def view(**arguments: str) -> Response:
        return _response(run(handler, Call(request.environ, arguments, calendar)))

    return view


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, reply.headers, content_type=reply.content_type)
