"""Importing files: begun by POST, then asked for until it is done."""

from typing import Any

from teamcal.calendar.import_jobs import Job
from teamcal.domain.values import Record, to_json
from teamcal.rest.call import Call, Reply, json_reply
from teamcal.rest.parsing import whole_number_from
from teamcal.rest.routes import Routes
from teamcal.texts.messages import message

MAX_ROWS = 1_000_000

routes = Routes("imports")


@routes.post("/api/departments/<department_id>/import")
def import_file(call: Call) -> Reply:
    """The body is the file, whatever its Content-Type says: browsers name few of them right."""
    data = call.environ["wsgi.input"].read()
    job = call.calendar.imports.begin(call.caller, call.arguments["department_id"], data)
    body = to_json({"success": True, "job": job.public()})
    return Reply(202, {"Location": f"/api/imports/{job.id}"}, body)


@routes.get("/api/imports/<job_id>")
def get_import(call: Call) -> Reply:
    first = whole_number_from("from", call.query["from"], 0, MAX_ROWS) if "from" in call.query else 0
    job, rows = call.calendar.imports.get(call.caller, call.arguments["job_id"], first)
    report = [_public(row, call.language) for row in rows]
    after = {"next": first + len(rows)} if rows else {}
    return json_reply(job={**job.public(), **_reason(job, call.language), "report": report, **after})


def _reason(job: Job, language: str) -> dict[str, Any]:
    if not job.reason:
        return {}
    return {"reason": job.reason, "message": message(job.reason, language)}


def _public(row: Record, language: str) -> Record:
    """Returns a row of the report with the texts of its reasons."""
    public = {name: row[name] for name in ("entry", "uid", "title", "result")}
    if "reason" in row:
        public |= _remark(row, language)
    return public | {"warnings": [_remark(one, language) for one in row["warnings"]]}


def _remark(remark: Record, language: str) -> Record:
    reason, details = remark["reason"], remark["details"]
    shown = {name: details[name] for name in ("field", "detail") if details.get(name)}
    return {"reason": reason, "message": message(reason, language, **details), **shown}
