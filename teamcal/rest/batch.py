"""/api/events/{department_id}/batch"""

from typing import Any

from flask import Blueprint, Response

from ..batch import Batch, Result
from ..errors import CalendarError, FieldProblem, InvalidInput
from ..events import public_event
from ..language import language
from ..responses import failure_of, status_of
from .answers import answer
from .parsing import json_object


def _shown(op: str, result: Result) -> dict[str, Any]:
    if isinstance(result, CalendarError):
        told = failure_of(result, language())
        del told["success"]
        return {"status": status_of(result), **told}
    made = op == "create" and result.change is not None
    return {"status": 201 if made else 200, "event": public_event(result.record)}


def batch_blueprint(batch: Batch) -> Blueprint:
    routes = Blueprint("batch", __name__)

    @routes.post("/api/events/<department_id>/batch")
    def run(department_id: str) -> Response:
        body = json_object()
        atomic = body.get("atomic", False)
        if not isinstance(atomic, bool):
            raise InvalidInput([FieldProblem("atomic", "not_a_boolean")])
        results = batch.run(department_id, body.get("operations"), atomic)
        return answer(results=[_shown(op, result) for op, result in results])

    return routes
