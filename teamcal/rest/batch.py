"""/api/events/{department_id}/batch"""

from typing import Any

from flask import Blueprint, Response

from teamcal.calendar.batch import Batch
from teamcal.calendar.gateway import Result
from teamcal.domain.caller import UNNAMED
from teamcal.domain.events import public_event
from teamcal.errors import CalendarError, FieldProblem, InvalidInput
from teamcal.rest.parsing import json_object
from teamcal.rest.replies import answer
from teamcal.texts.error_body import failure_of, status_of
from teamcal.texts.language import language


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
        results = batch.run(UNNAMED, department_id, body.get("operations"), atomic)
        return answer(results=[_shown(op, result) for op, result in results])

    return routes
