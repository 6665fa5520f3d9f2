"""What must be true at the end: of the log, of the tables, of the writers and of the clients."""

from collections import Counter, defaultdict
from typing import Any

from teamcal.domain.changes import REPAIRED, digest_of_all
from teamcal.domain.events import public_department, public_event
from teamcal.domain.occurrences import plain_events
from tests.convergence.findings import Findings
from tests.convergence.introductions import Introductions, answered_as
from tests.convergence.ledger import Ledger
from tests.convergence.members import LIST, Member

Row = dict[str, Any]
TURNS = ("department_created", "department_deleted")


class Tables:
    """A dump, sorted: `heads` and `rows` by log, `events` (live ones) by department, `departments` by id.

    `restored`: were the tables restored? Then events of a department that was deleted and purged may be there
    again, which nobody sees and nothing removes; they are counted in `left_over` and not looked at.
    """

    def __init__(self, dump: dict[str, list[Row]], restored: bool = False) -> None:
        self.heads = {row["department_id"]: row for row in dump["changes"] if row["revision"] == 0}
        self.rows: dict[str, dict[int, Row]] = defaultdict(dict)
        for row in dump["changes"]:
            if row["revision"]:
                self.rows[row["department_id"]][row["revision"]] = row
        self.departments = {one["id"]: one for one in dump["departments"]}
        self.events: dict[str, dict[str, Row]] = defaultdict(dict)
        for event in dump["events"]:
            if not event.get("deleted"):
                self.events[event["department_id"]][event["id"]] = event
        gone = [log_id for log_id, head in self.heads.items() if head.get("deleted") and restored]
        self.left_over = sum(len(self.events.pop(log_id, ())) for log_id in gone)

    def log(self, log_id: str) -> list[Row]:
        """The rows up to the head; what lies beyond is not history."""
        head = self.heads[log_id]["head"]
        return [row for number, row in sorted(self.rows[log_id].items()) if number <= head]


def check_logs(tables: Tables, findings: Findings) -> None:
    """Revisions without a hole, `previous` linked up, the head at the last row, the digest right.

    Only a repair skips numbers and begins anew, which it may after the tables were restored.
    """
    for log_id, head in tables.heads.items():
        previous, expected = "", 0
        for row in tables.log(log_id):
            expected += 1
            if row["kind"] == REPAIRED:
                expected = row["revision"]
            elif row["revision"] != expected:
                findings.add("lost", f"no row {expected} in the log of {log_id}")
                expected = row["revision"]
            elif row["previous"] != previous:
                findings.add("unlinked", f"row {expected} of {log_id} doesn't follow row {expected - 1}")
            previous = row["change_id"]
        if (expected, previous) != (head["head"], head["change_id"]):
            findings.add("lost", f"the head of {log_id} is at {head['head']}, its rows at {expected}")
        records = tables.departments if log_id == LIST else tables.events[log_id]
        if digest_of_all(records.values()) != head["digest"]:
            findings.add("wrong digest", f"head of {log_id}")


def check_events(tables: Tables, findings: Findings) -> None:
    """The table holds what the log, played from its beginning, gives; and no event is in two places.

    A log that was repaired begins with what the table held then: no change since has touched that.
    """
    places: Counter[str] = Counter()
    for log_id in tables.heads:
        if log_id == LIST:
            continue
        state: dict[str, Row] = {}
        for row in tables.log(log_id):
            if row["kind"] in TURNS:
                state = {}
            elif row["kind"] == REPAIRED:
                events = tables.events[log_id]
                state = {one: event for one, event in events.items() if event["revision"] <= row["revision"]}
            elif row["event"].get("deleted"):
                state.pop(row["event"]["id"], None)
            else:
                state[row["event"]["id"]] = row["event"]
        if state != tables.events[log_id]:
            findings.add("table differs from its log", log_id)
        places.update(state.keys())
    for event_id, count in places.items():
        if count > 1:
            findings.add("in two departments", event_id)


def check_writers(tables: Tables, ledger: Ledger, findings: Findings) -> None:
    """Every acknowledged write is in the log, once; none that was refused is."""
    for told in ledger.rows:
        record = tables.rows[told.department_id].get(told.revision, {}).get("event", {})
        event = answered_as(record, told.event_id) or {}
        if event.get("description") != told.text:
            findings.add("lost", f"{told} was acknowledged, the log has {event.get('description')}")
    logs = {log_id: tables.log(log_id) for log_id in tables.heads if log_id != LIST}
    introductions = Introductions(logs)
    made, restored = introductions.made, introductions.roots_of(ledger.restored)
    for text, fate in ledger.texts.items():
        count = made[text]
        if fate == "done" and not count:
            findings.add("lost", f"{text!r} was acknowledged and isn't in the log")
        elif fate == "refused" and count:
            findings.add("refused but applied", text)
        creators = introductions.creators_of(text)
        if len(creators) > 1 or (count > 1 and not creators & restored):
            findings.add("duplicated", f"{text!r} was applied {count} times to {sorted(creators)}")
    for event_id, count in ledger.deletes.items():
        removals = introductions.removals_of(event_id)
        if removals < count:
            findings.add("lost", f"{count} deletions of {event_id} acknowledged, {removals} logged")
    _check_departments(tables, ledger, findings)


def _check_departments(tables: Tables, ledger: Ledger, findings: Findings) -> None:
    for department, fate in ledger.departments.items():
        if (department in tables.departments) != (fate == "made") and fate != "perhaps":
            findings.add("lost", f"department {department} should be {fate}")
        if fate == "deleted" and tables.events[department]:
            findings.add("not purged", department)


def check_members(tables: Tables, members: list[Member], today: str, findings: Findings) -> None:
    """Every client shows what the tables hold, without having asked again.

    To one that doesn't know series that is the occurrences around `today`.
    """
    listed = {one["id"]: public_department(one) for one in tables.departments.values()}
    for member in members:
        who = f"{member.name} ({member.transport}, {member.kind}, {'series' if member.series else 'plain'})"
        if not member.ready:
            findings.add("not connected", who)
        if member.listed != listed:
            findings.add("client differs", f"{who}: the list of departments")
        for department in member.departments:
            records = tables.events.get(department, {}).values()
            events = [
                event
                for record in records
                for event in ([record] if member.series else plain_events(record, today))
            ]
            wanted = _comparable([public_event(event) for event in events])
            held = _comparable(list(member.calendars.get(department, {}).values()))
            if held != wanted:
                wrong = [one for one in wanted.keys() | held.keys() if wanted.get(one) != held.get(one)]
                text = f"{who}: {len(wrong)} events of {department}"
                findings.add("client differs", f"{text}: {wanted.get(wrong[0])} {held.get(wrong[0])}")


def _comparable(events: list[Row]) -> dict[str, Row]:
    """By id; the revision of an occurrence's live message is its place in the log, and not always its own."""
    return {
        event["id"]: {name: event[name] for name in event if name != "revision" or "series_id" not in event}
        for event in events
    }


def check_imported(tables: Tables, department_id: str, event_ids: set[str], findings: Findings) -> None:
    """Whatever was removed of the department's earlier lives: what was imported last is there."""
    missing = event_ids - tables.events[department_id].keys()
    if missing:
        findings.add("lost", f"{len(missing)} of {len(event_ids)} imported events of {department_id}")
