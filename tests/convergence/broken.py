"""Servers that are wrong on purpose. The convergence test has to fail on each: else it sees nothing."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import models
from teamcal.calendar import events as calendar
from teamcal.domain import operations as writes
from teamcal.realtime import handlers as rooms
from teamcal.realtime.publisher import room_of
from teamcal.sync import replica, replicas
from teamcal.sync import watcher as tail


def publish_before_commit() -> None:
    """Members hear of a change that may not come to be."""
    commit, publish = models.DynamoDBDatabase.commit, replicas.Replicas.publish_once
    told: set[str] = set()

    def early(self: Any, pending: Any, token: str) -> None:
        for write in pending:
            for change in write.changes:
                told.add(change.change_id)
                publish(EVERYBODY[0], write.base.log_id, change, write.head)
        commit(self, pending, token)

    def late(self: Any, log_id: str, change: Any, head: Any) -> None:
        if change.change_id not in told:
            publish(self, log_id, change, head)

    models.DynamoDBDatabase.commit = early
    replicas.Replicas.publish_once = late


def number_outside() -> None:
    """The head moves without a condition: two processes give out one number."""
    update = models.DynamoDBDatabase._head_update

    def unconditional(self: Any, write: Any) -> dict[str, Any]:
        made = update(self, write)
        del made["ConditionExpression"]
        for name in (":base", ":seen", ":was"):
            made["ExpressionAttributeValues"].pop(name, None)
        return made

    models.DynamoDBDatabase._head_update = unconditional


def no_timer() -> None:
    """Nothing but notices, and those may be lost."""
    tail.Tail.look = lambda self: None


def snapshot_race() -> None:
    """The answer is made, then the room is entered, with no lock that holds both together."""

    def welcome(self: Any, sid: str, found: Any, payload: Any, acknowledge: Callable[[Any], None]) -> None:
        snapshot = self.calendar.snapshot(found, payload.get("cursor"))
        answer = rooms.snapshot_payload(found.log_id, snapshot)
        if "cursor" not in payload:
            for name in ("events", "deleted", "full", "reason"):
                answer.pop(name, None)
        found.lock.release()
        try:
            time.sleep(0.2)
            self.socketio.emit("joined_department", answer, to=sid)
            acknowledge(answer)
            self.socketio.server.enter_room(sid, room_of(found.log_id))
        finally:
            found.lock.acquire()

    rooms.Rooms._welcome = welcome


def retry_twice() -> None:
    """Every attempt is an operation of its own: new token, new change_id, new event."""
    call, make, creating = models.DynamoDBDatabase._call, writes._make, calendar.Calendar.creating
    catch_up = replica.Replica.catch_up

    def once(self: Any, operation: str, quiet: bool = False, **params: Any) -> Any:
        if operation == "transact_write_items":
            params = {name: value for name, value in params.items() if name != "ClientRequestToken"}
        return call(self, operation, quiet, **params)

    def made_anew(folded: Any, pending: Any, *rest: Any) -> None:
        pending.change_id = str(uuid.uuid4())
        make(folded, pending, *rest)

    def forgetful(self: Any) -> None:
        self._in_flight.clear()
        catch_up(self)

    def created_anew(self: Any, department_id: str, fields: Any, client_id: str | None) -> Any:
        def create(view: Any) -> Any:
            return creating(self, department_id, fields, client_id)(view)

        return create

    models.DynamoDBDatabase._call = once
    writes._make = made_anew
    replica.Replica.catch_up = forgetful
    calendar.Calendar.creating = created_anew


def no_dedupe() -> None:
    """A notice of what is known already is told again."""
    notice = replica.Replica.notice

    def again(self: Any, change: Any) -> None:
        with self.held():
            if self.head is not None and change.revision <= self.head.revision:
                self.process.publish(self.log_id, change, self.head)
        notice(self, change)

    replica.Replica.notice = again


EVERYBODY: list[Any] = []
"""The process's Replicas, once they exist."""

VARIANTS: dict[str, Callable[[], None]] = {
    one.__name__: one
    for one in (publish_before_commit, number_outside, no_timer, snapshot_race, retry_twice, no_dedupe)
}
NAMES = tuple(VARIANTS)
