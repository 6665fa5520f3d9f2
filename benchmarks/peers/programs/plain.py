"""Plain Flask-SocketIO with the part of the calendar that the load client uses; the same as node.js."""

import json
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask_socketio import SocketIO, join_room

TEMPLATE = json.loads((Path(__file__).parent / "event.json").read_text())

app = Flask(__name__)
socketio = SocketIO(app)


@app.get("/")
def running() -> dict[str, str]:
    return {"status": "running"}


@app.post("/api/events/<department>")
def create(department: str) -> tuple[dict[str, bool], int]:
    socketio.emit("event_created", {**TEMPLATE, **request.get_json()}, to=department)
    return {"success": True}, 201


@app.post("/api/events/<department>/batch")
def create_many(department: str) -> tuple[dict[str, bool], int]:
    for operation in request.get_json()["operations"]:
        socketio.emit("event_created", {**TEMPLATE, **operation["event"]}, to=department)
    return {"success": True}, 201


@socketio.on("join_department")
def join_department(payload: dict[str, Any]) -> dict[str, Any]:
    join_room(payload["department_id"])
    return {"department_id": payload["department_id"], "revision": 0}
