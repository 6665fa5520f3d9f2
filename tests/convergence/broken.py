"""Servers that are wrong on purpose. The convergence test has to fail on each: else it sees nothing.

Each variant changes the running server whose replicas it is given.
"""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from teamcal.calendar.catch_up import CatchUp
from teamcal.domain.fold import Fold, Submission
from teamcal.domain.operations import CreateEvent
from teamcal.domain.values import new_id
from teamcal.storage import transactions
from teamcal.storage.client import DynamoDBClient
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

    def late(log_id: str, change: Any, head: Any) -> None:
        if change.change_id not in published:
            publish(log_id, change, head)

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
    Watcher.look = lambda self: None  # type: ignore[method-assign]


def snapshot_race(replicas: Replicas) -> None:
    """The answer is made, then the client enters the room, with no lock that holds both together."""

    def snapshot(self: Any, caller: Any, department_id: str, cursor: object, deliver: Any) -> None:
        replica = self._gateway.replica(caller, department_id)
        with replica.lock():
            content = self._snapshot(replica, cursor)
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

    def again(self: Replica, change: Any) -> None:
        with self.lock():
            if self.head is not None and change.revision <= self.head.revision:
                self.ports.members.publish(self.log_id, change, self.head)
        notice(self, change)

    Replica.notice = again  # type: ignore[method-assign]


VARIANTS: dict[str, Callable[[Replicas], None]] = {
    variant.__name__: variant
    for variant in (
        publish_before_commit,
        number_outside,
        no_timer,
        snapshot_race,
        retry_twice,
        no_dedupe,
    )
}
NAMES = tuple(VARIANTS)
