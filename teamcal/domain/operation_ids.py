"""Ids that callers give their writes, so that one that is sent again is made once. Pure.

Design: docs/develop/decisions/operation_ids.md.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from teamcal.domain.caller import Caller

OPERATION = "~op:"
"""What the keys of stored operations begin with. No department can have such an id."""


@dataclass(frozen=True, slots=True)
class OperationId:
    """The id of a write: the `key` that the client made, and the `digest` of what is asked under it.

    `scope` says whose the key is; nobody else's counts. `replaces`: the change_id of an operation stored
    under it that doesn't count, since its change isn't in the log.
    """

    key: str
    digest: str
    scope: str = ""
    replaces: str = ""

    def of(self, caller: Caller) -> "OperationId":
        """Returns the id as the caller's own. Callers that nobody can tell apart share theirs."""
        return replace(self, scope=caller.id or caller.kind.value)

    @property
    def id(self) -> str:
        return f"{OPERATION}{self.scope}:{self.key}"


class OperationPart(NamedTuple):
    """What an operation did to one log: its last change, and the revision of each part of it.

    Revision 0: that part changed nothing.
    """

    log_id: str
    change_id: str
    revisions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AppliedOperation:
    """An operation that was applied, as it is stored beside its changes."""

    id: str
    digest: str
    parts: tuple[OperationPart, ...]
    replaces: str = ""

    @property
    def change_id(self) -> str:
        return self.parts[-1].change_id if self.parts else ""

    def is_about(self, log_id: str) -> bool:
        """Whether it changed this log and no other."""
        return all(part.log_id == log_id for part in self.parts)


def digest_of(*asked: Any) -> str:
    """Returns the digest of JSON values. Raises RecursionError for one that is nested too deep."""
    content = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def applied(operation_id: OperationId, parts: Iterable[OperationPart]) -> AppliedOperation:
    return AppliedOperation(operation_id.id, operation_id.digest, tuple(parts), operation_id.replaces)


# What is asked, as the digest has it: the same whether it comes as a request of its own or in a batch. The
# version that the client expects is no part of it.


def asked_to_create(department_id: str, body: Any) -> tuple[Any, ...]:
    return "create", department_id, body


def asked_to_update(event_id: str, body: Any, scope: str = "this", series: bool = False) -> tuple[Any, ...]:
    return "update", event_id, body, scope, series


def asked_to_delete(event_id: str, scope: str = "this", series: bool = False) -> tuple[Any, ...]:
    return "delete", event_id, scope, series
