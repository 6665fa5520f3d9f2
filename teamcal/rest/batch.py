"""/api/events/{department_id}/batch"""

from typing import Any

from teamcal.calendar.gateway import Result
from teamcal.domain.events import public_event
from teamcal.errors import CalendarError, FieldProblem, InvalidInput
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.routes import Routes
from teamcal.texts.error_body import failure_of, status_of

routes = Routes("batch")


@routes.post("/api/events/<department_id>/batch")
def run_batch(call: Call) -> Reply:
    body = call.json_object()
    atomic = body.get("atomic", False)
    if not isinstance(atomic, bool):
        raise InvalidInput([FieldProblem("atomic", "not_a_boolean")])
    department_id, operations = call.arguments["department_id"], body.get("operations")
    operation_id = call.operation_id("batch", department_id, _without_versions(operations))
    results = call.calendar.batch.run(call.caller, department_id, operations, atomic, operation_id)
    return json_reply(results=[_public_result(op, result, call.language) for op, result in results])


def _without_versions(operations: Any) -> Any:
    """Returns what is asked: the versions that the client expects are no part of it."""
    if not isinstance(operations, list):
        return operations
    return [
        {name: value for name, value in one.items() if name != "version"} if isinstance(one, dict) else one
        for one in operations
    ]


def _public_result(op: str, result: Result, language: str) -> dict[str, Any]:
    """`{"status", "event"}`, or `{"status", "code", "message", …}` of an operation that failed."""
    if isinstance(result, CalendarError):
        failure = failure_of(result, language)
        del failure["success"]
        return {"status": status_of(result), **failure}
    created = op == "create" and result.change is not None
    return {"status": 201 if created else 200, "event": public_event(result.record)}
