"""Servers that are wrong on purpose. The convergence test has to fail on each: else it sees nothing.

Each variant changes the running server whose replicas it is given.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from teamcal.calendar import batch
from teamcal.calendar.catch_up import CatchUp
from teamcal.domain.changes import DEPARTMENTS
from teamcal.domain.cursor import Cursor
from teamcal.domain.fold import Fold, Submission
from teamcal.domain.operations import CreateEvent
from teamcal.domain.values import new_id
from teamcal.realtime import publisher
from teamcal.realtime.audience import Audience
from teamcal.rest.call import Call
from teamcal.storage import transactions
from teamcal.storage.client import DynamoDBClient
from teamcal.storage.purge import _Purging
from teamcal.storage.transactions import Action
from teamcal.sync.replica import Replica
from teamcal.sync.replicas import Replicas
from teamcal.sync.watcher import Watcher


def publish_before_commit(replicas: Replicas) -> None:
    """Members hear of a change that may not come to be."""
    database, members = replicas.ports.database, replicas.ports.members
    commit, publish = database.commit, members.publish
    published: set[str] = set()

    def early(writes: Any, token: str) -> None:
        for write in writes:
            for change in write.changes:
                published.add(change.change_id)
                publish(write.base.log_id, change, write.head)
        commit(writes, token)

    def late(log_id: str, change: Any, head: Any, *plain: Any) -> None:
        if change.change_id not in published:
            publish(log_id, change, head, *plain)

    database.commit, members.publish = early, late  # type: ignore[method-assign]


def number_outside(replicas: Replicas) -> None:
    """The head moves without a condition: two processes give out one number."""
    update = transactions.head_update

    def unconditional(write: Any, changes_table: str) -> dict[str, Any]:
        action = update(write, changes_table)
        condition = action.pop("ConditionExpression")
        for name in re.findall(r":\w+", condition):
            del action["ExpressionAttributeValues"][name]
        return action

    transactions.head_update = unconditional


def no_timer(replicas: Replicas) -> None:
    """Nothing but notices, and those may be lost."""
    Watcher.run = lambda self: None  # type: ignore[method-assign]


def snapshot_race(replicas: Replicas) -> None:
    """The answer is made, then the client enters the room, with no lock that holds both together."""

    def snapshot(
        self: Any, caller: Any, department_id: str, cursor: object, deliver: Any, *kind: Any
    ) -> None:
        replica = self._gateway.replica(caller, department_id)
        missed = self._missed(replica, cursor)
        with replica.lock():
            newest = None if missed is None else replica.locked_extended(missed)
            content = self._snapshot(replica, newest, cursor is not None, *kind)
        time.sleep(0.2)
        deliver(content)

    CatchUp.snapshot = snapshot  # type: ignore[method-assign]


def retry_twice(replicas: Replicas) -> None:
    """Every attempt is an operation of its own: new token, new change_id, new event."""
    call, add, create = DynamoDBClient.call, Fold.add, CreateEvent.apply
    catch_up = Replica.locked_catch_up

    def without_token(self: Any, operation: str, **params: Any) -> Any:
        params.pop("ClientRequestToken", None)
        return call(self, operation, **params)

    def numbered_anew(self: Fold, submission: Submission, *rest: Any) -> Any:
        submission.change_id = str(uuid.uuid4())
        return add(self, submission, *rest)

    def forgetful(self: Replica, *source: str) -> None:
        self.in_flight = {}
        catch_up(self, *source)

    def created_anew(self: CreateEvent, view: Any) -> Any:
        return create(replace(self, event_id=new_id()), view)

    DynamoDBClient.call = without_token  # type: ignore[method-assign]
    Fold.add = numbered_anew  # type: ignore[method-assign]
    Replica.locked_catch_up = forgetful  # type: ignore[method-assign, assignment]
    CreateEvent.apply = created_anew  # type: ignore[method-assign]


def no_dedupe(replicas: Replicas) -> None:
    """A change that is known already is published again when a notice tells of it."""
    notice = Replica.notice

    def again(self: Replica, change: Any, digest: int | None = None) -> None:
        with self.lock():
            if self.head is not None and change.revision <= self.head.revision:
                self.ports.members.publish(self.log_id, change, self.head)
        notice(self, change, digest)

    Replica.notice = again  # type: ignore[method-assign]


def eviction_parts_a_member(replicas: Replicas) -> None:
    """A replica is dropped although its department has members here, and they are told nothing."""
    members = replicas.ports.members

    def drop(self: Replicas, log_id: str) -> None:
        records = self._kept[log_id].records
        del self._kept[log_id]
        self._all.pop(log_id, None)
        self._uncount(log_id, records)

    def evict(self: Replicas) -> None:
        for log_id in list(self._kept)[:-1]:
            if self.used > self.memory and log_id != DEPARTMENTS:
                self._drop(log_id)

    Replicas._drop = drop  # type: ignore[method-assign]
    Replicas._evict = evict  # type: ignore[method-assign]
    members.send_away = lambda log_id: None  # type: ignore[method-assign]


def unconditional_purge(replicas: Replicas) -> None:
    """A deleted department's events are removed however late, though it lives again."""
    move = _Purging._move

    def regardless(self: _Purging, position: dict[str, Any]) -> Action:
        (update,) = move(self, position).values()
        del update["ConditionExpression"], update["ExpressionAttributeNames"]
        update["ExpressionAttributeValues"] = {":position": update["ExpressionAttributeValues"][":position"]}
        return {"Update": update}

    _Purging._move = regardless  # type: ignore[method-assign]


def members_stay(replicas: Replicas) -> None:
    """Who doesn't see a department any more is told so, and stays in its room."""
    Audience.leave = lambda self, sids, department_id: None  # type: ignore[method-assign]


def last_cursor_everywhere(replicas: Replicas) -> None:
    """Every message of a burst has the change's cursor: who is cut off in it never gets the rest."""
    effects = publisher._effects

    def careless(
        log_id: str, plain: Any, revision: int, before: Cursor, after: Cursor, author: Any
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        return effects(log_id, plain, revision, after._replace(day=plain.day), after, author)

    publisher._effects = careless


def midnight_at_reads(replicas: Replicas) -> None:
    """The day passes for those who ask, and nobody else is told."""
    replicas.ports.members.publish_day = lambda *given: None  # type: ignore[method-assign]


def keys_forgotten(replicas: Replicas) -> None:
    """A write that is sent again is another write, whatever its key."""
    Call.operation_id = lambda self, *asked: None  # type: ignore[method-assign]
    batch.operation_id_from = lambda *given: None  # type: ignore[assignment, attr-defined]


VARIANTS: dict[str, Callable[[Replicas], None]] = {
    variant.__name__: variant
    for variant in (
        publish_before_commit,
        number_outside,
        no_timer,
        snapshot_race,
        retry_twice,
        no_dedupe,
        eviction_parts_a_member,
        unconditional_purge,
        last_cursor_everywhere,
        midnight_at_reads,
        keys_forgotten,
    )
}
NAMES = tuple(VARIANTS)
OF_RIGHTS = ("members_stay",)
"""Seen by rights.py only."""
VARIANTS |= {"members_stay": members_stay}
