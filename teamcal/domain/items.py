"""Plain items of the table `access`: what isn't in the replica of `@access`, and has no row of its own.

Tokens, hashes of passwords and passcodes, pending codes. An item is {"id": …}; "expires_at" (seconds since
1970) lets it go some time after, "owner_id" makes it found by `Items.of`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from teamcal.domain.values import Record

PASSWORD, PASSCODE = "password:", "passcode:"
"""What the ids of hashes begin with; the user's or the department's id follows."""


@dataclass(frozen=True, slots=True)
class ItemWrite:
    """Puts `item` under `id`, or deletes what is there if it is None.

    `expects`: None: whatever is there; else the attributes that the stored item must have, {} for any item.
    `new`: nothing may be stored there yet.
    """

    id: str
    item: Record | None = None
    expects: Mapping[str, Any] | None = None
    new: bool = False


class Items(Protocol):
    """Each method raises StorageError."""

    def get(self, item_id: str) -> Record | None:
        """Returns the item, read consistently; None if there is none. It may have expired."""

    def write(self, write: ItemWrite) -> bool:
        """Makes one write. Returns False if the stored item isn't as it expects."""

    def of(self, owner: str) -> list[Record]:
        """Returns the items with this "owner_id", each read consistently; very new ones may be missing."""
