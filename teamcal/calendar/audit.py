"""The audit trail: who changed what in who may do what."""

from typing import Any, NamedTuple

from teamcal.calendar.gateway import Gateway
from teamcal.domain.caller import Caller, Right
from teamcal.domain.changes import ACCESS, Change
from teamcal.domain.people import policy_record_id, user_record_id

LOOKED_AT = 1000
"""Changes that one page of those about a user or department is looked for among."""


class AuditPage(NamedTuple):
    """Changes, newest first. `before`: what the next, older page is asked with; None at the end."""

    changes: list[Change]
    before: int | None


class Audit:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def page(
        self,
        caller: Caller,
        before: int | None = None,
        limit: int = 100,
        user: str | None = None,
        department: str | None = None,
    ) -> AuditPage:
        """Returns at most `limit` changes with revisions below `before`. Raises Forbidden, StorageError.

        `user`: only those about him or his tokens, or by him; `department`: only those about it, or about
        tokens for it. Such a page may be short, even empty, before the end.
        """
        self._gateway.permits.require(caller, Right.ADMINISTER, "")
        database = self._gateway.database
        upto = database.read_head(ACCESS).revision if before is None else before - 1
        most = limit if user is None and department is None else LOOKED_AT
        changes = database.read_changes(ACCESS, 0, upto, most + 1, newest_first=True)
        found = [change for change in changes[:most] if _is_about(change, user, department)]
        page = found[:limit]
        if len(found) > limit:
            return AuditPage(page, page[-1].revision)
        return AuditPage(page, changes[most - 1].revision if len(changes) > most else None)


def _is_about(change: Change, user: str | None, department: str | None) -> bool:
    record = change.record
    his = user is None or record.get("id") == user_record_id(user)
    if not his and user not in (record.get("user"), record.get("changed_by")):
        return False
    if department is None or record.get("id") == policy_record_id(department):
        return True
    return department in (record.get("departments") or ())


def public_entry(change: Change) -> dict[str, Any]:
    """Returns a change as `/api/audit` carries it: the record, or what was said of a token. Has no secrets:
    hashes of passwords and passcodes are in no record.
    """
    entry = {name: value for name, value in change.record.items() if name not in ("revision", "version")}
    return {
        "revision": change.revision,
        "kind": change.kind,
        "at": change.at,
        "by": change.by,
        "by_id": entry.pop("changed_by", ""),
        "entry": entry,
    }
