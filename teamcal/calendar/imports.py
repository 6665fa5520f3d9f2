"""Importing a file into a department: begun by a request, done in the background, event by event."""

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any

from teamcal.calendar.gateway import Gateway, Result
from teamcal.calendar.import_files import FileEvent, Remark, ShortTurns, file_from, remark_of
from teamcal.calendar.import_jobs import PROGRESS_SECONDS, RESULTS, Job, Jobs
from teamcal.deadline import REQUEST_SECONDS, within
from teamcal.domain.caller import Caller, Right
from teamcal.domain.changes import DEPARTMENTS, EVENT_CREATED
from teamcal.domain.fold import Outcome
from teamcal.domain.import_operations import ImportEntry
from teamcal.domain.values import Record, new_id, timestamp
from teamcal.errors import (
    CalendarError,
    EditedHere,
    EventGone,
    FieldProblem,
    ImportNotFound,
    InvalidInput,
    NotApplied,
    StorageError,
    TooBusy,
    TooLarge,
    TooManyOccurrences,
    WriteRefused,
)
from teamcal.sync.turns import ThreadTurns, in_short_turns

logger = logging.getLogger(__name__)

AT_ONCE = 3
"""Imports that a process runs: each holds its file, and what was read of it."""
TRIES = 8
"""How often a batch is written when the storage fails, with longer and longer pauses between: a minute."""
LONGEST_REST = 0.05
"""Seconds after a batch in which the import does nothing; at most as long as the batch took."""
PAUSE_SECONDS = 0.25
TURN_SECONDS = 0.001
BATCH = 8
"""Events in one write: the embedded engine answers nobody else meanwhile, 3 ms."""
_NAMESPACE = uuid.UUID("6f4d8d0e-2c1b-5a39-9b57-0f3a4e6c7d21")
_OWN_UID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@teamcal")


def in_background(work: Callable[[], None]) -> None:
    """Without the request's deadline: each write has its own."""
    threading.Thread(target=work, daemon=True, name="import").start()


class Imports:
    """Importing a file again changes nothing, whether the first import ended or not."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._permits = gateway, gateway.permits
        self._jobs = Jobs(gateway.database.items, gateway.now)
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def begin(self, caller: Caller, department_id: str, data: bytes) -> Job:
        """Begins to import a file, and returns the job that does it.

        Raises DepartmentNotFound, Forbidden, InvalidInput for an empty file, ImportRunning, TooBusy.
        """
        self._gateway.replica(caller, department_id)
        self._permits.require(caller, Right.EDIT, department_id)
        if not data.strip():
            raise InvalidInput([FieldProblem("", "required")])
        if not self._places.acquire(blocking=False):
            raise TooBusy
        job = Job(new_id(), department_id, caller.id)
        try:
            self._jobs.begin(job)
        except BaseException:
            self._places.release()
            raise
        begun = replace(job, counts=dict(job.counts))
        in_background(lambda: self._run(caller, job, data))
        return begun

    def get(self, caller: Caller, job_id: str, first: int = 0) -> tuple[Job, list[Record]]:
        """Returns a job and a part of its report from row `first` on.

        For who began it and for who may edit the department. Raises ImportNotFound, TokenRequired,
        TokenInvalid.
        """
        self._permits.require_somebody(caller)
        job = self._jobs.require(job_id)
        is_own = bool(caller.id) and caller.id == job.user and caller.scope.is_whole
        if not is_own and not self._may_edit(caller, job.department_id):
            raise ImportNotFound(job_id)
        return job, self._jobs.report(job, first)

    def _may_edit(self, caller: Caller, department_id: str) -> bool:
        if self._permits.is_open:
            return True
        is_there = department_id in self._gateway.replicas.of(DEPARTMENTS).records
        return is_there and self._permits.may(caller, Right.EDIT, department_id)

    def _run(self, caller: Caller, job: Job, data: bytes) -> None:
        try:
            with ThreadTurns():
                _Run(self._gateway, self._jobs, caller, job).run(data)
            job.state = "done"
        except InvalidInput as error:
            job.state, job.reason = "failed", error.problems[0].reason
        except CalendarError as error:
            job.state, job.reason = "failed", error.code
        except Exception:
            logger.exception("the import %s failed", job.id)
            job.state, job.reason = "failed", "internal_error"
        finally:
            self._places.release()
            self._end(job)

    def _end(self, job: Job) -> None:
        try:
            self._jobs.end(job)
        except StorageError as error:
            logger.warning("the end of the import %s couldn't be stored: %s", job.id, error)


class _Run:
    """One job at work. Raises CalendarError when it can't go on."""

    def __init__(self, gateway: Gateway, jobs: Jobs, caller: Caller, job: Job) -> None:
        self._gateway, self._jobs, self._caller, self._job = gateway, jobs, caller, job
        self._replica = gateway.replicas.of(job.department_id)
        self._by_uid: dict[str, str] = {}
        """Ids of the department's imported events."""
        self._seen: set[str] = set()
        """Ids of the events that the file has had so far."""
        self._stored_at = 0.0

    def run(self, data: bytes) -> None:
        file = file_from(data, self._gateway.zone, ShortTurns(TURN_SECONDS, self._store_progress))
        self._job.total = file.entries
        with self._replica.lock():
            records = list(self._replica.records.values())
        self._by_uid = {record["uid"]: record["id"] for record in in_short_turns(records) if "uid" in record}
        batch: list[FileEvent] = []
        for events in file.events:
            self._job.total += len(events) - 1
            for series, parts in groupby(events, key=attrgetter("part_of")):
                if series:
                    self._import(batch)
                    self._import([*parts], whole=True)
                    batch = []
                else:
                    batch += parts
            if len(batch) >= BATCH:
                self._import(batch[:BATCH])
                batch = batch[BATCH:]
        self._import(batch)

    def _import(self, batch: list[FileEvent], whole: bool = False) -> None:
        """Writes a batch, and reports each of its events in the file's order. Then others have a moment.

        `whole`: all of it or, if one of them can't be or mustn't be written, none.
        """
        began = time.monotonic()
        ids, gone = self._ids_of(event for event in batch if event.refused is None)
        for event in batch:
            if event.refused is None and ids[event.uid] in self._seen:
                event.refused = Remark("uid_repeated")
            elif event.refused is None:
                self._seen.add(ids[event.uid])
        left_out = {
            number: ("refused", event.refused) if event.refused else ("kept", Remark("event_deleted"))
            for number, event in enumerate(batch)
            if event.refused or ids[event.uid] in gone
        }
        if whole and left_out:
            left_out = dict.fromkeys(range(len(batch)), next(iter(left_out.values()))) | left_out
        operations = {
            number: self._operation(event, ids[event.uid], whole)
            for number, event in enumerate(batch)
            if number not in left_out
        }
        results = dict(zip(operations, self._written(list(operations.values()), whole), strict=True))
        for number, event in enumerate(batch):
            if number in left_out:
                self._report(event, *left_out[number])
            else:
                self._report_result(event, operations[number], results[number])
        self._store_progress()
        # Others' requests come first: an import takes half of the time at most.
        time.sleep(min(time.monotonic() - began, LONGEST_REST))

    def _ids_of(self, events: Iterable[FileEvent]) -> tuple[dict[str, str], set[str]]:
        """Returns the event's id for each UID, and those ids whose event was deleted.

        A UID of ours is the event of this department that it names, if there is one or was. Any other is that
        of an imported event, or means an id that is made from it.
        """
        department_id, records = self._job.department_id, self._replica.records
        ids, unsure = dict[str, str](), dict[str, str]()
        for event in events:
            own = _OWN_UID.fullmatch(event.uid)
            made = str(uuid.uuid5(_NAMESPACE, f"{department_id}\n{event.uid}"))
            ids[event.uid] = self._by_uid.get(event.uid) or (own[1] if own and own[1] in records else made)
            if own and own[1] not in records:
                unsure[event.uid] = own[1]
        asked = {one for one in (*ids.values(), *unsure.values()) if one not in records}
        stored = self._stored(asked)
        ids |= {uid: own_id for uid, own_id in unsure.items() if own_id in stored}
        return ids, {event_id for event_id, event in stored.items() if event.get("deleted")}

    def _stored(self, event_ids: Iterable[str]) -> dict[str, Record]:
        keys = [(event_id, self._job.department_id) for event_id in event_ids]
        return self._patiently(lambda: self._gateway.database.read_events(keys)) if keys else {}

    def _operation(self, event: FileEvent, event_id: str, whole: bool) -> ImportEntry:
        at, zone = timestamp(self._gateway.now()), self._gateway.zone
        return ImportEntry(
            event_id, self._job.department_id, event.uid, event.fields, at, zone, event.source, event.digest,
            whole,
        )  # fmt: skip

    def _written(self, operations: list[ImportEntry], whole: bool) -> list[Result]:
        """Returns the result of each. What the storage refused to do now is tried again, then raised."""
        if not operations:
            return []
        results: dict[int, Result] = {}

        def write() -> list[Result]:
            left = [number for number in range(len(operations)) if number not in results]
            written = self._gateway.write(
                self._caller, self._job.department_id, [operations[number] for number in left]
            )
            failures = []
            for number, result in zip(left, written, strict=True):
                if isinstance(result, StorageError) and not isinstance(result, WriteRefused):
                    failures.append(result)
                else:
                    results[number] = result
            if failures:
                raise failures[0]
            return [results[number] for number in range(len(operations))]

        return self._patiently((lambda: self._written_together(operations)) if whole else write)

    def _written_together(self, operations: list[ImportEntry]) -> list[Result]:
        """Writes them in one transaction. If one fails, its error is the result of all."""
        try:
            results = self._gateway.write(self._caller, self._job.department_id, operations, atomic=True)
        except (TooLarge, WriteRefused) as error:
            results = [error.with_traceback(None)]
        for result in results:
            if isinstance(result, StorageError) and not isinstance(result, WriteRefused):
                raise result
            if isinstance(result, CalendarError) and not isinstance(result, NotApplied):
                return [result] * len(operations)
        return results

    def _patiently(self, work: Any) -> Any:
        """Returns what `work()` returns, tried for a minute while the storage fails."""
        for attempt in range(TRIES):
            try:
                with within(REQUEST_SECONDS):
                    return work()
            except StorageError:
                if attempt == TRIES - 1:
                    raise
            self._store_progress()
            time.sleep(min(PAUSE_SECONDS * 2**attempt, 10))  # until the storage may answer again
        raise AssertionError

    def _report_result(self, event: FileEvent, operation: ImportEntry, result: Result) -> None:
        if isinstance(result, Outcome):
            if result.change is not None:
                self._report(event, "created" if result.change.kind == EVENT_CREATED else "updated")
            elif operation.says_what(result.record):
                self._report(event, "unchanged")
            else:
                self._report(event, "kept", Remark("edited_here"))
        elif isinstance(result, EventGone | EditedHere):
            self._report(event, "kept", Remark(result.code))
        elif isinstance(result, InvalidInput):
            self._report(event, "refused", remark_of(result))
        elif isinstance(result, TooManyOccurrences | TooLarge | WriteRefused):
            self._report(event, "refused", Remark(result.code, result.details()))
        else:
            raise result

    def _report(self, event: FileEvent, result: str, remark: Remark | None = None) -> None:
        assert result in RESULTS
        uid, title = (text.encode(errors="replace").decode() for text in (event.uid, event.title))
        row: Record = {"entry": event.entry, "uid": uid, "title": title, "result": result}
        if remark is not None:
            row |= {"reason": remark.reason, "details": remark.details}
        row["warnings"] = [{"reason": one.reason, "details": one.details} for one in event.warnings]
        self._job.rows.append(row)
        self._job.counts[result] += 1
        self._job.done += 1

    def _store_progress(self) -> None:
        """Stores how far the job is, at most once a second. If that fails, the next time is soon enough."""
        now = time.monotonic()
        if now - self._stored_at < PROGRESS_SECONDS:
            return
        self._stored_at = now
        try:
            with within(REQUEST_SECONDS):
                self._jobs.write(self._job)
        except StorageError as error:
            logger.warning("how far the import %s is couldn't be stored: %s", self._job.id, error)
