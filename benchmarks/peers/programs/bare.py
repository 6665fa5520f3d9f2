"""Bare Flask: the floor under every answer, and the cost of sending prepared bytes."""

from functools import cache

from flask import Flask, Response

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return "Hello, World!"


@app.get("/bytes/<int:size>")
def prepared(size: int) -> Response:
    return Response(_bytes(size), mimetype="application/json")


@cache
def _bytes(size: int) -> bytes:
    return b"x" * size
