"""Where an import has got to, kept among the plain items, so that every server process can tell it."""

import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from teamcal.domain.items import Items, ItemWrite
from teamcal.domain.values import Record
from teamcal.errors import ImportNotFound, ImportRunning, StorageError, TooBusy

JOB, RUNNING = "import:", "import-of:"
"""What the ids of items begin with: of a job, whose id follows; of what names a department's running job."""
KEPT_SECONDS = 3600
PROGRESS_SECONDS = 1.0
"""How often a running job writes how far it is."""
INTERRUPTED_SECONDS = 30
"""A running job that hasn't written for so long is none any more: its process has ended."""
PAGE = 250
"""Entries of a report in one item: at most 200 KB, even of titles that can't be compressed."""
RESULTS = ("created", "updated", "unchanged", "kept", "refused")
_ATTEMPTS = 5
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LARGEST_PAGE = 16 * 2**20


@dataclass(eq=False)
class Job:
    """`user` began it. `total`, `done`: events of the file. `reason`: why it failed, a code.

    `counts`: by RESULTS. `pages`: of the report that are stored; `rows` are those after them.
    """

    id: str
    department_id: str
    user: str
    state: str = "running"
    reason: str = ""
    total: int = 0
    done: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RESULTS, 0))
    pages: int = 0
    rows: list[Record] = field(default_factory=list)

    @property
    def is_running(self) -> bool:
        return self.state == "running"

    def public(self) -> dict[str, Any]:
        """Returns the job without its report."""
        job = {"id": self.id, "department_id": self.department_id, "state": self.state}
        return {**job, "total": self.total, "done": self.done, **self.counts}


class Jobs:
    """Every method raises StorageError."""

    def __init__(self, items: Items, now: Callable[[], datetime]) -> None:
        self._items, self._now = items, now

    # By the process that runs the job

    def begin(self, job: Job) -> None:
        """Stores a new job. Raises ImportRunning if there is another one of the department."""
        self.write(job)
        try:
            self._claim(job)
        except BaseException:
            self._items.write(ItemWrite(JOB + job.id))
            raise

    def _claim(self, job: Job) -> None:
        name = RUNNING + job.department_id
        claim = {"id": name, "job": job.id, "expires_at": self._seconds() + 24 * KEPT_SECONDS}
        for _ in range(_ATTEMPTS):
            if self._items.write(ItemWrite(name, claim, new=True)):
                return
            other = self._items.get(name)
            if other is None:
                continue
            running = self.find(other["job"])
            if running is not None and running.is_running:
                raise ImportRunning(running.id)
            if self._items.write(ItemWrite(name, claim, expects={"job": other["job"]})):
                return
        raise TooBusy

    def write(self, job: Job) -> None:
        """Stores how far the job is. What was stored before is kept for an hour from now."""
        while len(job.rows) >= PAGE or (job.rows and not job.is_running):
            self._write_page(job)
        fields = {"department_id": job.department_id, "state": job.state, "reason": job.reason,
                  "user": job.user, "total": job.total, "done": job.done, **job.counts}  # fmt: skip
        seconds = self._seconds()
        item = {"id": JOB + job.id, **fields, "written_at": seconds, "expires_at": seconds + KEPT_SECONDS}
        self._items.write(ItemWrite(JOB + job.id, item))

    def _write_page(self, job: Job) -> None:
        content = zlib.compress(orjson.dumps(job.rows[:PAGE]))
        # The last page is needed as long as the job, which may go on for a while.
        expires_at = self._seconds() + 2 * KEPT_SECONDS
        name = f"{JOB}{job.id}:{job.pages}"
        self._items.write(ItemWrite(name, {"id": name, "report": content, "expires_at": expires_at}))
        job.pages += 1
        del job.rows[:PAGE]

    def end(self, job: Job) -> None:
        """Stores the job's end, and tries it for some seconds."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self.write(job)
                self._items.write(ItemWrite(RUNNING + job.department_id, expects={"job": job.id}))
            except StorageError:
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(attempt)  # the job has ended, and nobody waits for this
            else:
                return

    # By any process

    def find(self, job_id: str) -> Job | None:
        """Returns the job without its report; None if there is none, or no longer."""
        item = self._items.get(JOB + job_id) if _ID.fullmatch(job_id) else None
        if item is None or item["expires_at"] <= self._seconds():
            return None
        counts = {name: item[name] for name in RESULTS}
        job = Job(job_id, item["department_id"], item["user"], item["state"], item["reason"],
                  item["total"], item["done"], counts)  # fmt: skip
        if job.is_running and item["written_at"] + INTERRUPTED_SECONDS < self._seconds():
            job.state, job.reason = "failed", "import_interrupted"
        return job

    def report(self, job: Job, first: int) -> list[Record]:
        """Returns the rows of the report from number `first` on, to the end of their page."""
        item = self._items.get(f"{JOB}{job.id}:{first // PAGE}")
        if item is None:
            return []
        content = zlib.decompressobj().decompress(item["report"], _LARGEST_PAGE)
        rows: list[Record] = orjson.loads(content)
        return rows[first % PAGE :]

    def require(self, job_id: str) -> Job:
        """Raises ImportNotFound."""
        job = self.find(job_id)
        if job is None:
            raise ImportNotFound(job_id)
        return job

    def _seconds(self) -> int:
        return int(self._now().timestamp())
