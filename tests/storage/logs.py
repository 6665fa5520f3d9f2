"""Logs for the contract suite, built as the calendar builds them."""

import uuid
from typing import Any

from teamcal.domain.changes import DEPARTMENTS, Change, Head, Write
from teamcal.domain.database import Database
from teamcal.domain.values import Record, timestamp, utc_now


def event(department_id: str, **fields: Any) -> Record:
    return {
        "id": str(uuid.uuid4()),
        "department_id": department_id,
        "event_date": "2024-01-20",
        "title": "팀 회의",
        "description": "",
        **fields,
    }


def department(department_id: str, **fields: Any) -> Record:
    return {"id": department_id, "name": "개발팀", "description": "", **fields}


def deleted(record: Record) -> Record:
    return {**record, "deleted": True}


class Log:
    """One log as a writer keeps it: the head and the records after its last commit."""

    def __init__(self, database: Database, log_id: str) -> None:
        self.database, self.log_id = database, log_id
        self.head = Head(log_id)
        self.records: dict[str, Record] = {}
        self.changes: list[Change] = []

    def write(self, *records_: Record, new: bool = False) -> Write:
        """Returns the write that puts the records, one change each. `new`: their ids must be unused."""
        head, changes, records = self.head, list[Change](), dict(self.records)
        for record in records_:
            change = self._change(head, records.get(record["id"]), record)
            head = head.after(change, records.get(record["id"]))
            records[record["id"]] = change.record
            changes.append(change)
        puts = [records[record_id] for record_id in dict.fromkeys(record["id"] for record in records_)]
        return Write(self.head, head, changes, puts, {put["id"]: 0 for put in puts} if new else {})

    def _change(self, head: Head, before: Record | None, record: Record) -> Change:
        noun = "department" if self.log_id == DEPARTMENTS else "event"
        verb = "deleted" if record.get("deleted") else "updated" if before else "created"
        version = before["version"] + 1 if before else 1
        stored = {**record, "revision": head.revision + 1, "version": version}
        time = timestamp(utc_now())
        return Change(head.revision + 1, f"{noun}_{verb}", stored, str(uuid.uuid4()), head.change_id, time)

    def adopt(self, write: Write) -> None:
        """Takes over the state after a write that was committed."""
        self.head = write.head
        for change in write.changes:
            self.changes.append(change)
            self.records[change.record["id"]] = change.record
            if change.removes:
                del self.records[change.record["id"]]

    def commit(self, *records: Record, new: bool = False) -> Write:
        write = self.write(*records, new=new)
        self.database.commit([write], str(uuid.uuid4()))
        self.adopt(write)
        return write


def department_deletion(log: Log, department_id: str) -> Write:
    """Returns the write that deletes a department: its item goes, and its events are to be purged."""
    return log.write(deleted(log.records[department_id]))


def chunks(records: list[Record], size: int) -> list[list[Record]]:
    return [records[start : start + size] for start in range(0, len(records), size)]


def closed(log: Log) -> Change:
    """Deletes the log's department, as far as its own log is concerned."""
    change = Change(
        log.head.revision + 1,
        "department_deleted",
        {},
        str(uuid.uuid4()),
        log.head.change_id,
        timestamp(utc_now()),
    )
    head = Head(log.log_id, change.revision, change.change_id, deleted=True)
    log.database.commit([Write(log.head, head, [change])], str(uuid.uuid4()))
    log.head, log.records = head, {}
    return change


def reopened(log: Log) -> None:
    change = Change(
        log.head.revision + 1,
        "department_created",
        {},
        str(uuid.uuid4()),
        log.head.change_id,
        timestamp(utc_now()),
    )
    head = Head(log.log_id, change.revision, change.change_id)
    log.database.commit([Write(log.head, head, [change])], str(uuid.uuid4()))
    log.head = head
