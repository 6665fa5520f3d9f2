"""What must be true at the end: of the log, of the tables, of the writers and of the clients."""

from collections import Counter, defaultdict
from typing import Any

from teamcal.domain.changes import digest_of_all
from teamcal.domain.events import public_department, public_event
from tests.convergence.findings import Findings
from tests.convergence.ledger import Ledger
from tests.convergence.members import LIST, Member

Row = dict[str, Any]
TURNS = ("department_created", "department_deleted")


class Tables:
    """A dump, sorted: `heads` and `rows` by log, `events` (live ones) by department, `departments` by id."""

    def __init__(self, dump: dict[str, list[Row]]) -> None:
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

    def log(self, log_id: str) -> list[Row]:
        """The rows up to the head; what lies beyond is not history."""
        head = self.heads[log_id]["head"]
        return [row for number, row in sorted(self.rows[log_id].items()) if number <= head]


def check_logs(tables: Tables, findings: Findings) -> None:
    """Revisions without a hole, `previous` linked up, the head at the last row, the digest right."""
    for log_id, head in tables.heads.items():
        previous, expected = "", 0
        for row in tables.log(log_id):
            expected += 1
            if row["revision"] != expected:
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
    """The table holds what the log, played from its beginning, gives; and no event is in two places."""
    places: Counter[str] = Counter()
    for log_id in tables.heads:
        if log_id == LIST:
            continue
        state: dict[str, Row] = {}
        for row in tables.log(log_id):
            if row["kind"] in TURNS:
                state = {}
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
        event = tables.rows[told.department_id].get(told.revision, {}).get("event", {})
        if (event.get("id"), event.get("description")) != (told.event_id, told.text):
            findings.add("lost", f"{told} was acknowledged, the log has {event.get('description')}")
    made, creators, removals = _introductions(tables)
    for text, fate in ledger.texts.items():
        count = made[text]
        if fate == "done" and not count:
            findings.add("lost", f"{text!r} was acknowledged and isn't in the log")
        elif fate == "refused" and count:
            findings.add("refused but applied", text)
        restorable = creators[text] & ledger.restored
        if len(creators[text]) > 1 or (count > 1 and not restorable):
            findings.add("duplicated", f"{text!r} was applied {count} times to {sorted(creators[text])}")
    for event_id, count in ledger.deletes.items():
        if removals[event_id] < count:
            findings.add("lost", f"{count} deletions of {event_id} acknowledged, {removals[event_id]} logged")
    _check_departments(tables, ledger, findings)


def _introductions(tables: Tables) -> tuple[Counter[str], dict[str, set[str]], Counter[str]]:
    """How often each text became an event's; whose; and how often each event was deleted, not moved."""
    made: Counter[str] = Counter()
    creators: dict[str, set[str]] = defaultdict(set)
    removals: Counter[str] = Counter()
    arrivals = {
        row["change_id"] for log_id in tables.heads for row in tables.log(log_id)
        if row["kind"] == "event_created"
    }  # fmt: skip
    for log_id in tables.heads:
        now: dict[str, str] = {}
        for row in tables.log(log_id) if log_id != LIST else []:
            event = row["event"]
            if "id" not in event:
                continue
            moved_in = row["kind"] == "event_created" and row["prior"] is not None
            if event.get("deleted"):
                removals[event["id"]] += row["change_id"] not in arrivals
            elif now.get(event["id"]) != event["description"] and not moved_in:
                made[event["description"]] += 1
                creators[event["description"]].add(event["id"])
            now[event["id"]] = event["description"]
    return made, creators, removals


def _check_departments(tables: Tables, ledger: Ledger, findings: Findings) -> None:
    for department, fate in ledger.departments.items():
        if (department in tables.departments) != (fate == "made") and fate != "perhaps":
            findings.add("lost", f"department {department} should be {fate}")
        if fate == "deleted" and tables.events[department]:
            findings.add("not purged", department)


def check_members(tables: Tables, members: list[Member], findings: Findings) -> None:
    """Every client shows what the tables hold, without having asked again."""
    listed = {one["id"]: public_department(one) for one in tables.departments.values()}
    shown = {
        department: {one["id"]: public_event(one) for one in events.values()}
        for department, events in tables.events.items()
    }
    for member in members:
        who = f"{member.name} ({member.transport}, {member.kind})"
        if not member.ready:
            findings.add("not connected", who)
        if member.listed != listed:
            findings.add("client differs", f"{who}: the list of departments")
        for department in member.departments:
            wanted, held = shown.get(department, {}), member.calendars.get(department, {})
            if held != wanted:
                wrong = [one for one in wanted.keys() | held.keys() if wanted.get(one) != held.get(one)]
                findings.add("client differs", f"{who}: {len(wrong)} events of {department}")
