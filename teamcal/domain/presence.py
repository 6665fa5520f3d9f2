"""Who looks at a department, and what they edit: values that live only as long as their connections. Pure."""

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from sys import getsizeof
from typing import Any, NamedTuple

MAX_TOLD = 50
"""People of a department that its members are told; of more, how many there are."""
PRESENT_BYTES = 400
"""Of those present in a department, with its place in a dictionary, without the people."""


class Person(NamedTuple):
    """`id`: of one connection in one department, and of nothing else. `verified`: the server knows that the
    name is his. `event_id`: of the event that he edits.
    """

    id: str
    name: str
    verified: bool
    event_id: str | None


class Present(NamedTuple):
    """Those who are in a department at one server: how many, and some of them."""

    total: int = 0
    people: Sequence[Person] = ()

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        return PRESENT_BYTES + sum(getsizeof(one) + sum(map(getsizeof, one)) for one in self.people)


def told(everybody: Iterable[Present]) -> dict[str, Any]:
    """Returns what members are told of those who are present at all servers."""
    groups = list(everybody)
    people = _first([one for group in groups for one in group.people])
    return {"people": [one._asdict() for one in people], "count": sum(group.total for group in groups)}


def present(people: Sequence[Person]) -> Present:
    """Returns what other servers are told of this one's people."""
    return Present(len(people), _first(people))


def _first(people: Sequence[Person]) -> list[Person]:
    """Returns those who are told: who edits something first, since others may be about to edit it too."""
    editing = (one for one in people if one.event_id is not None)
    looking = (one for one in people if one.event_id is None)
    return list(islice(chain(editing, looking), MAX_TOLD))
